"""What an event of the ledger is about, and which members it concerns, from the projections.

It reads the follower's working set just before and just after the event's own effect, so who
loses a title is told as well as who gets it. Nothing is written and no row is read that the effect
does not need, except for refusals, whose object is only claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from identity.acts.words import OrderState, RightState, TitleState
from node.chain.act_rows import text
from node.chain.effects import apply
from node.chain.events import Event
from node.store.projections import (
    ACTED,
    FOLLOWED,
    NOBODY,
    REFUSED,
    DeliveryOrder,
    Member,
    OrderCondition,
    PickupRight,
    Title,
)
from node.store.rows import Row, Rows

_PARTIES_OF_TITLE = ("carrier", "holder", "pledgee", "controller", "counterparty")
_PARTIES_OF_RIGHT = ("owner", "offered_to")
_NAMED = ("to", "holder", "party", "member", "delegate", "successor", "terminal")
_ON_RIGHTS = frozenset(
    {
        "GateOut", "ReturnEmpty", "RecordInterchange", "TransferRight", "AcceptRight",
        "ProposeReinstatement", "ConfirmReinstatement",
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Subject:
    """The rows that an event is about, as they are at this moment; none where there is none."""

    title: Row | None = None
    order: Row | None = None
    right: Row | None = None
    condition: Row | None = None

    def members(self) -> set[str]:
        found = {self.title[name] for name in _PARTIES_OF_TITLE} if self.title else set()
        if self.order:
            found.add(self.order["terminal"])
        if self.condition:
            found.add(self.condition["member"])
        if self.right:
            found |= {self.right[name] for name in _PARTIES_OF_RIGHT}
        return found


def applied(rows: Rows, event: Event) -> dict[str, Any]:
    """Apply an event to the working set; return its row of the stream, without a position.

    Raises: what ``apply`` raises.
    """
    before = _subject(rows, event).members()
    apply(rows, event)
    after = _subject(rows, event)
    concerned = before | after.members() | _named(event)
    return {
        "at": event.block_time,
        "kind": event.kind,
        "verb": event.verb,
        "object": event.object,
        "title": _title_of(event, after),
        "container": after.right["container"] if after.right else None,
        "member": None if event.principal == NOBODY else event.principal,
        "members": _numbers(rows, concerned),
        "state": _state(event, after),
        "code": event.refusal or None,
        "command": None,
        "block": event.block,
        "log_index": event.log_index,
    }


def _subject(rows: Rows, event: Event) -> _Subject:
    if event.contract == "Titles":
        return _Subject(title=rows.get(Title, event.object))
    if event.contract != "Releases":
        return _Subject()
    right = condition = order = None
    if event.kind == REFUSED:
        order = rows.get(DeliveryOrder, event.object)
        right = None if order else rows.get(PickupRight, event.object)
        condition = None if order or right else rows.get(OrderCondition, event.object)
    elif event.verb in _ON_RIGHTS:
        right = rows.get(PickupRight, event.object)
    elif event.verb == "SetCondition":
        condition = rows.get(OrderCondition, event.object)
    else:
        order = rows.get(DeliveryOrder, event.object)
    below = right or condition
    if below is not None:
        order = rows.get(DeliveryOrder, below["order"])
    title = rows.get(Title, order["title"]) if order else None
    return _Subject(title, order, right, condition)


def _title_of(event: Event, subject: _Subject) -> str | None:
    if subject.title:
        return cast(str, subject.title["id"])
    return event.object if event.contract == "Titles" else None


def _named(event: Event) -> set[str]:
    """Members that acted or that the act's own words name."""
    found = {event.principal}
    for name in _NAMED:
        if isinstance(event.fields.get(name), bytes):
            found.add(text(event.fields, name))
    members = event.fields.get("members")
    if isinstance(members, list):
        found |= {"0x" + member.hex() for member in members if isinstance(member, bytes)}
    if event.contract == "Membership" and event.kind == ACTED:
        found.add(event.object)
    return found


def _numbers(rows: Rows, members: set[str]) -> str:
    """Return the members' numbers as the stream holds them; who is not a member has none."""
    known = (rows.get(Member, member) for member in members if member != NOBODY)
    numbers = sorted(row["number"] for row in known if row is not None)
    return f" {' '.join(map(str, numbers))} " if numbers else ""


_STATES: Mapping[str, type[IntEnum]] = {
    "title": TitleState,
    "order": OrderState,
    "right": RightState,
}


def _state(event: Event, subject: _Subject) -> str | None:
    """Return the state of the event's own object, in words."""
    if event.kind == REFUSED:
        return REFUSED
    if subject.condition:
        return "met" if subject.condition["met"] else "not_met"
    for name in ("right", "order", "title"):
        row = getattr(subject, name)
        if row is not None and row["id"] == event.object:
            try:
                return _STATES[name](row["state"]).name.lower()
            except ValueError:
                return str(row["state"])
    return str(event.state) if event.kind == FOLLOWED else None
