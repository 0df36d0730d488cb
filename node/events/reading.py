"""Reads the stream from any position on: whole pages, filtered, in bounded time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select

from node.events.errors import FilterInvalid, PositionAhead, PositionPruned
from node.events.stream import COMMAND, NOTICE, head, pruned
from node.evidence.service import objects_of_container
from node.store.events import EventRow
from node.store.projections import ACTED, FOLLOWED, REFUSED, Member
from node.store.rows import table_of
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

KINDS = (ACTED, FOLLOWED, REFUSED, COMMAND, NOTICE)
MAX_PAGE = 1_000
SCANNED = 20_000
"""How many positions one page looks at where no index finds what the filter wants."""


@dataclass(frozen=True)
class Filter:
    """Which events a reader wants: those for which all that is named holds; of lists, any.

    Attributes:
        title, container: a title's id; a container's number (ISO 6346), of which only what this
            member was sent tells the titles.
        member: a member's id: events that concern it.
        kinds, verbs: of ``KINDS``; names of acts.
    """

    title: str | None = None
    container: str | None = None
    member: str | None = None
    kinds: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what is named, for a subscriber's row."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items() if v}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Filter":
        """Read what ``to_json`` wrote."""
        lists = {name: tuple(given.get(name, ())) for name in ("kinds", "verbs")}
        return cls(given.get("title"), given.get("container"), given.get("member"), **lists)


@dataclass(frozen=True)
class Page:
    """Some events in order, and up to which position there are no others.

    ``members`` are the ids for the numbers in ``events``.
    """

    events: Sequence[EventRow]
    reached: int
    head: int
    members: Mapping[int, str] = field(default_factory=dict)


def read(node: "Node", session: Session, wanted: Filter, after: int, limit: int) -> Page:
    """Return the first events after a position; the next page goes on after ``reached``.

    A page can be empty though there is more: it is all there is while ``reached`` is ``head``.

    Raises:
        FilterInvalid: no such member or container number.
        PositionAhead: ``after`` was never given.
        PositionPruned: what followed ``after`` is gone; 0 stands for the first event there is.
    """
    last = head(session)
    if after > last:
        raise PositionAhead("The stream has not come to this position.", head=last)
    gone = pruned(session)
    if 0 < after < gone:
        raise PositionPruned("The events after this position are kept no more.", pruned=gone)
    clauses, found_by_index = _clauses(node, session, wanted)
    end = last if found_by_index else min(last, after + SCANNED)
    query = _ROWS.where(col(EventRow.position) > after, col(EventRow.position) <= end, *clauses)
    rows = _rows(session, query.limit(limit))
    reached = rows[-1].position if len(rows) == limit else max(after, end)
    if not rows and end < last:
        reached = _before_next(session, end)
    return Page(rows, reached, last, _members(session, rows))


def check(node: "Node", session: Session, wanted: Filter) -> None:
    """Refuse a filter by a member or container that cannot be one; raises FilterInvalid."""
    _clauses(node, session, wanted)


# Plain rows: a page of objects takes several times as long.
_ROWS = sql_select(table_of(EventRow)).order_by(col(EventRow.position))


def _rows(session: Session, query: Any) -> Sequence[EventRow]:
    return cast(Sequence[EventRow], session.connection().execute(query).all())


def read_positions(session: Session, positions: Sequence[int]) -> Page:
    """Return these events, in order."""
    rows = _rows(session, _ROWS.where(col(EventRow.position).in_(positions)))
    return Page(rows, positions[-1], head(session), _members(session, rows))


def event_json(row: EventRow, members: Mapping[int, str]) -> dict[str, Any]:
    """Return one event as readers get it: ids, states, and where to read more."""
    return {
        "position": row.position,
        "kind": row.kind,
        "verb": row.verb or None,
        "object": row.object,
        "title": row.title,
        "container_tag": row.container,
        "member": row.member,
        "members": [members[number] for number in _numbers(row) if number in members],
        "state": row.state,
        "code": row.code,
        "command": row.command,
        "block": row.block,
        "log_index": row.log_index,
        "at": _moment(row.at),
        "link": _link(row),
    }


@lru_cache(4096)
def _moment(seconds: int) -> str:
    """Return UTC seconds as the API writes times; many events have the same."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _before_next(session: Session, end: int) -> int:
    """Return how far there is no event after ``end``: positions may leave a gap."""
    later = select(EventRow.position).where(col(EventRow.position) > end)
    following = session.exec(later.order_by(col(EventRow.position)).limit(1)).first()
    return end if following is None else following - 1


def _clauses(node: "Node", session: Session, wanted: Filter) -> tuple[list[Any], bool]:
    """Return the filter as SQL, and whether an index finds what it lets through."""
    clauses: list[Any] = []
    if wanted.title:
        clauses.append(col(EventRow.title) == wanted.title)
    if wanted.container:
        objects = _objects(node, session, wanted.container)
        clauses += [col(EventRow.title).in_(objects), col(EventRow.object).in_(objects)]
    if wanted.member:
        number = _number(session, wanted.member)
        concerns = col(EventRow.members).contains(f" {number} ", autoescape=True)
        if wanted.member == node.settings.member:  # what only its own node tells
            concerns = or_(concerns, col(EventRow.kind).in_((COMMAND, NOTICE)))
        clauses.append(concerns)
    if wanted.kinds:
        clauses.append(col(EventRow.kind).in_(wanted.kinds))
    if wanted.verbs:
        clauses.append(col(EventRow.verb).in_(wanted.verbs))
    return clauses, bool(wanted.title or wanted.container) or not clauses


def _objects(node: "Node", session: Session, container: str) -> list[str]:
    try:
        return objects_of_container(node, session, container)
    except PrivacyError as error:
        raise FilterInvalid("This is not a container's number.", code=error.code) from error


def _number(session: Session, member: str) -> int:
    number = session.exec(select(Member.number).where(Member.id == member)).first()
    if number is None:
        raise FilterInvalid("This node knows no member of this id.", member=member)
    return number


def _members(session: Session, rows: Sequence[EventRow]) -> dict[int, str]:
    wanted = {number for row in rows for number in _numbers(row)}
    if not wanted:
        return {}
    query = select(Member.number, Member.id).where(col(Member.number).in_(wanted))
    return dict(session.exec(query).all())


def _numbers(row: EventRow) -> list[int]:
    return [int(number) for number in row.members.split()]


def _link(row: EventRow) -> str | None:
    if row.command is not None:
        return f"/v1/commands/{row.command}"
    return None if row.title is None else f"/v1/titles/{row.title}"
