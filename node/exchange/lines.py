"""The line of deliveries to each other member: what is due, and since when it stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from node.exchange.limits import LONGEST_WAIT_SECONDS
from node.jobs import LONGEST_DELAY_SECONDS, delay_seconds
from node.store.documents import FOR_ATTACHMENT, WAITING, DeliveryRow, PeerLineRow
from node.store.due import is_due


@dataclass(frozen=True)
class Line:
    """The files, or everything else, that wait for one member."""

    member: str
    files: bool


@dataclass(frozen=True)
class Queue:
    """How the deliveries to one member stand.

    Attributes:
        waiting: how many are not acknowledged yet.
        oldest_at: when the first of them was owed, UTC seconds.
        away_since: when the member's node stopped answering; None while it answers.
        code: why.
        next_at: when it is tried again; None while it answers.
    """

    member: str
    waiting: int
    oldest_at: int
    away_since: int | None
    code: str | None
    next_at: int | None


def due(session: Session, now: float) -> list[Line]:
    """Return the lines that have something due and do not stand still."""
    query = (
        select(DeliveryRow.to_member, DeliveryRow.purpose)
        .where(DeliveryRow.state == WAITING, _is_due(now))
        .where(col(DeliveryRow.to_member).not_in(_standing_still(now)))
        .distinct()
    )
    return list(
        {Line(member, purpose == FOR_ATTACHMENT) for member, purpose in session.exec(query)}
    )


def first(session: Session, line: Line, now: float) -> int | None:
    """Return the delivery of a line that is due first; None where none is."""
    files = col(DeliveryRow.purpose) == FOR_ATTACHMENT
    query = (
        select(DeliveryRow.id)
        .where(DeliveryRow.state == WAITING, DeliveryRow.to_member == line.member)
        .where(_is_due(now), files if line.files else ~files)
        .where(col(DeliveryRow.to_member).not_in(_standing_still(now)))
        .order_by(col(DeliveryRow.due), col(DeliveryRow.id))
        .limit(1)
    )
    return session.exec(query).first()


def is_away(session: Session, member: str) -> bool:
    """Say whether a member's node did not answer the last time."""
    row = session.get(PeerLineRow, member)
    return row is not None and row.failures > 0


def answered(session: Session, member: str) -> None:
    """Note that a member's node answers again."""
    row = session.get_one(PeerLineRow, member)
    row.failures, row.due, row.code, row.since = 0, 0, None, None
    session.add(row)


def put_off(session: Session, delivery: int, code: str, now: float) -> None:
    """Have one delivery tried again later; the rest of its line goes on."""
    row = session.get_one(DeliveryRow, delivery)
    row.attempts += 1
    row.code, row.due = code, now + delay_seconds(row.attempts)
    session.add(row)


def put_off_line(session: Session, member: str, code: str, now: float, asked: float) -> None:
    """Have everything for a member tried again later: after 1, 2, 4 … 60 s, or as it asked."""
    row = session.get(PeerLineRow, member) or PeerLineRow(member=member)
    row.failures += 1
    row.code, row.since = code, row.since or int(now)
    row.due = now + max(delay_seconds(row.failures), asked)
    session.add(row)


def queues(session: Session) -> list[Queue]:
    """Return how the deliveries to each member stand, for those with any waiting."""
    query = (
        select(DeliveryRow.to_member, func.count(), func.min(DeliveryRow.created_at))
        .where(DeliveryRow.state == WAITING)
        .group_by(DeliveryRow.to_member)
        .order_by(DeliveryRow.to_member)
    )
    counted: Sequence[Any] = session.exec(query).all()
    found = {row.member: row for row in session.exec(select(PeerLineRow)).all()}
    return [_queue(found.get(member), member, count, at) for member, count, at in counted]


def _queue(line: PeerLineRow | None, member: str, waiting: int, oldest_at: int) -> Queue:
    if line is None or line.since is None:
        return Queue(member, waiting, oldest_at, None, None, None)
    return Queue(member, waiting, oldest_at, line.since, line.code, int(line.due))


def _standing_still(now: float) -> Any:
    due = is_due(col(PeerLineRow.due), now, LONGEST_WAIT_SECONDS)
    return select(PeerLineRow.member).where(~due)


def _is_due(now: float) -> Any:
    return is_due(col(DeliveryRow.due), now, LONGEST_DELAY_SECONDS)
