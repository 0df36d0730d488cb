"""Takes old events off the beginning of the stream, and knows up to where it did.

Only what is older than the settings say goes, and only what every webhook and the notices have
read. A subscriber that reads by itself holds nothing back: one that comes from before what is left
is told so, and goes on from where it chooses.
"""

import time
from threading import Event
from typing import TYPE_CHECKING

import structlog
from sqlmodel import Session, col, delete, func, select

from node.events.subscribers import WHOLE_NODE
from node.store.events import (
    DEAD,
    NOTICES,
    PRUNED,
    WEBHOOK,
    EventRow,
    SubscriberRow,
    WebhookDelivery,
)

if TYPE_CHECKING:
    from node.node import Node

DAY_SECONDS = 86_400
BATCH = 5_000
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 3_600.0

log = structlog.get_logger("events")


class Pruner:
    """Prunes one node's stream, a batch at a time; for one thread."""

    def __init__(self, node: "Node", stop: Event) -> None:
        self._node = node
        self._stop = stop

    def run(self) -> None:
        """Prune until told to stop; raises StorageUnavailable."""
        while not self._stop.is_set():
            more = self.step(int(time.time()))
            self._stop.wait(PAUSE_SECONDS if more else LOOK_SECONDS)

    def step(self, now: int) -> bool:
        """Take one batch off at ``now`` (UTC seconds); return whether there may be more."""
        before = now - self._node.settings.events_days * DAY_SECONDS

        def take(session: Session) -> int:
            _forget_old_letters(session, before)
            positions = _prunable(session, before)
            if positions:
                last = positions[-1]
                session.exec(delete(EventRow).where(col(EventRow.position) <= last))
                _note(session, last, now)
            return len(positions)

        taken = self._node.db.write(take)
        if taken:
            log.info("old events are pruned", count=taken)
        return taken == BATCH


def _prunable(session: Session, before: int) -> list[int]:
    """Return the first positions, as far as all of them are old and have been read."""
    kept_for = select(func.min(SubscriberRow.acked)).where(
        col(SubscriberRow.kind).in_((WEBHOOK, NOTICES))
    )
    query = select(EventRow.position, EventRow.at).order_by(col(EventRow.position)).limit(BATCH)
    read_by_all = session.exec(kept_for).one()
    if read_by_all is not None:
        query = query.where(col(EventRow.position) <= read_by_all)
    unsent = session.exec(select(WebhookDelivery.positions)).all()
    first_unsent = min((min(positions) for positions in unsent if positions), default=None)
    old: list[int] = []
    for position, at in session.exec(query):
        if at >= before or (first_unsent is not None and position >= first_unsent):
            break
        old.append(position)
    return old


def _forget_old_letters(session: Session, before: int) -> None:
    """A dead letter is kept as long as the events in it."""
    session.exec(
        delete(WebhookDelivery).where(
            col(WebhookDelivery.state) == DEAD, col(WebhookDelivery.created_at) < before
        )
    )


def _note(session: Session, last: int, now: int) -> None:
    row = session.get(SubscriberRow, PRUNED)
    if row is None:
        row = SubscriberRow(
            id=PRUNED, name=PRUNED, owner=WHOLE_NODE, kind=PRUNED, acked=last, created_at=now
        )
    row.acked = last
    session.add(row)
