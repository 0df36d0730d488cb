"""The member's stream of events: who writes, how positions are given.

Whoever brings something about appends it in the same transaction, so an event and what it tells
of are there together or not at all. Positions are given at the end of the transaction, under the
lock of the one row that counts them, and that lock is held until the commit: a later position
never becomes visible before an earlier one, and a reader that goes by position misses nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import bindparam, event, update
from sqlmodel import Session, select

from identity.acts.types import ACT_TYPES
from node.store.commands import SIGNED
from node.store.events import PRUNED, EventRow, StreamHead, SubscriberRow
from node.store.many import insert_many
from node.store.rows import table_of

COMMAND = "command"
NOTICE = "notice"

AFTER_RESTORE = 1_000_000_000
"""How far positions jump when a backup is restored."""

_WAITING = "events without a position"
_COLUMNS = tuple(column.name for column in table_of(EventRow).columns)
_NOTHING: Mapping[str, Any] = dict.fromkeys(_COLUMNS) | {"members": ""}
_HEAD = table_of(StreamHead)
_READ_HEAD = "SELECT position FROM stream_head WHERE id = 1"
_GIVE = (
    update(_HEAD)
    .where(_HEAD.c.id == 1)
    .values(position=_HEAD.c.position + bindparam("count"))
    .returning(_HEAD.c.position)
)


class CommandState(Protocol):
    """What the stream tells of a command: its row's columns, or a move's."""

    @property
    def id(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def object(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def refusal(self) -> Mapping[str, Any] | None: ...


def append(session: Session, row: EventRow) -> None:
    """Add an event to the caller's transaction, after those it has added already.

    ``row.position`` is given when the transaction commits.
    """
    _append(session, {name: getattr(row, name) for name in _COLUMNS})


def append_rows(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add events as ``append`` does, as rows that name every column but the position."""
    for row in rows:
        _append(session, row)


def append_command(session: Session, command: CommandState, at: int) -> None:
    """Tell of the state a command has come to ``at`` (UTC seconds); not that it was signed."""
    if command.state == SIGNED:
        return
    on_title = command.verb in ACT_TYPES and ACT_TYPES[command.verb].contract == "Titles"
    told = {
        "at": at,
        "kind": COMMAND,
        "verb": command.verb,
        "object": command.object,
        "title": command.object if on_title else None,
        "state": command.state,
        "code": command.refusal["code"] if command.refusal else None,
        "command": command.id,
    }
    _append(session, dict(_NOTHING) | told)


def _append(session: Session, row: dict[str, Any]) -> None:
    waiting = session.info.setdefault(_WAITING, [])
    if not waiting:
        event.listen(session, "before_commit", _number, once=True)
    waiting.append(row)


def head(session: Session) -> int:
    """Return the last position that was given; 0 when there is none."""
    return session.connection().exec_driver_sql(_READ_HEAD).scalar() or 0


def pruned(session: Session) -> int:
    """Return the last position whose event was taken away for its age; 0 when none was."""
    return session.exec(select(SubscriberRow.acked).where(SubscriberRow.id == PRUNED)).first() or 0


def skip_ahead(session: Session) -> None:
    """Leave a gap in the positions: for a database that went back to an earlier state.

    What is followed again after a restore comes under positions that no subscriber has seen, so
    one that has read further than the backup hears of it again and misses nothing.
    """
    _give(session, AFTER_RESTORE)


def _number(session: Session) -> None:
    """Give the transaction's events their positions; the last thing before its commit."""
    session.flush()  # all other locks first, or two transactions could wait for each other
    waiting: list[dict[str, Any]] = session.info.pop(_WAITING)
    first = _give(session, len(waiting)) + 1
    rows = [row | {"position": first + at} for at, row in enumerate(waiting)]
    insert_many(session.connection(), table_of(EventRow), rows)


def _give(session: Session, count: int) -> int:
    """Move the head by ``count`` and return where it was; the row stays locked until the end."""
    return int(session.connection().execute(_GIVE, {"count": count}).scalar_one()) - count
