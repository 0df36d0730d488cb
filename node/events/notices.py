"""What people are told: an offer waits, its deadline nears, a freeze or a hold was set.

Each cause is told once: to the stream, as an event of kind ``notice`` that webhooks can ask for,
and to each person of the settings by mail. The unique key of person and cause sees to that,
whatever is read twice. What was open before this node first looked is not told, nor what this
member did itself.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from node.events.mail import TASK
from node.events.reading import Filter, Page, read
from node.events.stream import NOTICE, append, head
from node.events.subscribers import WHOLE_NODE
from node.jobs import enqueue
from node.store.events import NOTICES, SENT, EventRow, NoticeRow, SubscriberRow
from node.store.projections import ACTED, NOBODY, DeliveryOrder, PickupRight, Title

if TYPE_CHECKING:
    from node.node import Node

OFFER, DEADLINE, FREEZE, HOLD = "offer", "deadline", "freeze", "hold"
NEAR_SECONDS = 86_400
LOOK_SECONDS = 30.0
# People are told soon enough; a busy stream grows twenty times a second.
GATHER_SECONDS = 0.25
PAGE = 500
PASSED_OVER = 10_000

_OFFERS = ("Issue", "Offer", "Surrender", "ReturnFromPaper", "TransferRight")
_HOLDS = {"Freeze": FREEZE, "HoldOrder": HOLD}
_STREAM = ""  # the stream's own row beside those of people


@dataclass(frozen=True)
class Notice:
    """One cause; ``object`` is the title, pickup right or order. Deadline in UTC seconds."""

    kind: str
    cause: str
    object: str
    title: str | None
    deadline: int | None = None


class Notifier:
    """Finds what is to be told, from the stream and the tables; for one thread."""

    def __init__(self, node: "Node", stop: Event) -> None:
        self._node = node
        self._stop = stop
        self._member = node.settings.member
        self._reached = 0
        self._looked = 0.0

    def run(self) -> None:
        """Look until told to stop; raises StorageUnavailable."""
        self._reached = self._begin()
        while not self._stop.is_set():
            if not self.step():
                self._node.tail.wait(self._reached, LOOK_SECONDS)
                self._stop.wait(GATHER_SECONDS)

    def step(self, now: float | None = None) -> bool:
        """Look once; return whether there is more to look at. ``now`` in UTC seconds."""
        now = time.time() if now is None else now
        wanted = Filter(kinds=(ACTED,), verbs=(*_OFFERS, *_HOLDS))
        with self._node.db.read() as session:
            known = session.get_one(SubscriberRow, NOTICES).acked
            self._reached = max(self._reached, known)
            page = read(self._node, session, wanted, self._reached, PAGE)
            found = list(self._of_events(session, page, int(now)))
            looks = abs(now - self._looked) >= LOOK_SECONDS  # a clock may jump back
            if looks:
                found += self._near(session, int(now))
            untold = _untold(session, found)
        if untold or page.reached - known > PASSED_OVER:
            with self._node.db.begin() as session:
                for notice in untold:
                    if _untold(session, [notice]):  # one may stand for another: see _tell
                        self._tell(session, notice, int(now))
                session.get_one(SubscriberRow, NOTICES).acked = page.reached
        self._reached = page.reached
        self._looked = now if looks else self._looked
        return page.reached < page.head

    def _begin(self) -> int:
        with self._node.db.begin() as session:
            row = session.get(SubscriberRow, NOTICES)
            if row is None:
                row = SubscriberRow(
                    id=NOTICES, name=NOTICES, owner=WHOLE_NODE, kind=NOTICES,
                    acked=head(session), created_at=int(time.time()),
                )  # fmt: skip
                session.add(row)
            return row.acked

    def _of_events(self, session: Session, page: Page, now: int) -> Iterable[Notice]:
        for event in page.events:
            concerned = self._member in {page.members.get(int(n)) for n in event.members.split()}
            if not concerned or event.member == self._member or event.object is None:
                continue
            if event.verb in _HOLDS:
                kind = _HOLDS[event.verb]
                cause = f"{kind} {event.block} {event.log_index}"
                yield Notice(kind, cause, event.object, event.title)
                continue
            row = session.get(Title, event.object) or session.get(PickupRight, event.object)
            if row is not None:
                yield from self._offers(session, [row], now)

    def _offers(
        self, session: Session, rows: Iterable[Title | PickupRight], now: int
    ) -> Iterable[Notice]:
        """Give a notice for each of the rows whose open offer waits for this member."""
        for row in rows:
            if isinstance(row, PickupRight):
                asked, order = row.offered_to, session.get(DeliveryOrder, row.order)
                title = order.title if order else None
            else:
                asked, title = row.counterparty, row.id
            if row.offer != NOBODY and asked == self._member and row.deadline >= now:
                yield Notice(OFFER, f"{OFFER} {row.offer}", row.id, title, row.deadline)

    def _near(self, session: Session, now: int) -> list[Notice]:
        """Return the open offers to this member that lapse within a day."""
        titles = select(Title).where(
            Title.counterparty == self._member,
            col(Title.offer) != NOBODY,
            col(Title.deadline).between(now, now + NEAR_SECONDS),
        )
        rights = select(PickupRight).where(
            PickupRight.offered_to == self._member,
            col(PickupRight.offer) != NOBODY,
            col(PickupRight.deadline).between(now, now + NEAR_SECONDS),
        )
        rows = [*session.exec(titles), *session.exec(rights)]
        return [
            Notice(DEADLINE, f"{DEADLINE} {each.cause.partition(' ')[2]}", each.object, each.title,
                   each.deadline)
            for each in self._offers(session, rows, now)
        ]  # fmt: skip

    def _tell(self, session: Session, notice: Notice, now: int) -> None:
        append(
            session,
            EventRow(
                at=now, kind=NOTICE, verb=notice.kind, object=notice.object, title=notice.title
            ),
        )
        told = [_STREAM, *(p.name for p in self._node.settings.people if notice.kind in p.notices)]
        for person in told:
            row = _row(notice, person, now)
            session.add(row)
            if person == _STREAM:
                row.sent_at, row.state = now, SENT
            else:
                enqueue(session, TASK, {"notice": row.id})
        if notice.kind == OFFER and (notice.deadline or 0) - now <= NEAR_SECONDS:
            # This notice names the deadline, and it is near: nothing is left to be told of it.
            cause = f"{DEADLINE} {notice.cause.partition(' ')[2]}"
            near = Notice(DEADLINE, cause, notice.object, notice.title, notice.deadline)
            if _untold(session, [near]):
                row = _row(near, _STREAM, now)
                row.sent_at, row.state = now, SENT
                session.add(row)
        session.flush()


def _untold(session: Session, found: Sequence[Notice]) -> list[Notice]:
    """Return those that were not told yet, each cause once."""
    by_cause = {notice.cause: notice for notice in found}
    if not by_cause:
        return []
    query = select(NoticeRow.cause).where(
        NoticeRow.person == _STREAM, col(NoticeRow.cause).in_(by_cause)
    )
    known = set(session.exec(query))
    return [notice for cause, notice in by_cause.items() if cause not in known]


def _row(notice: Notice, person: str, now: int) -> NoticeRow:
    return NoticeRow(
        id=secrets.token_hex(16),
        person=person,
        cause=notice.cause,
        kind=notice.kind,
        object=notice.object,
        title=notice.title,
        deadline=notice.deadline,
        created_at=now,
    )
