"""What the effects of all verbs share: an act's fields as column values, its object's row."""

from collections.abc import Mapping
from typing import cast

from sqlmodel import SQLModel

from identity.acts.typed import Value
from node.chain.errors import EventMissing
from node.chain.events import Event
from node.store.projections import GREATEST
from node.store.rows import Row, Rows


def text(fields: Mapping[str, Value], name: str) -> str:
    """Return a field of bytes as the tables hold it: ``0x`` hex."""
    return "0x" + cast(bytes, fields[name]).hex()


def number(fields: Mapping[str, Value], name: str) -> int:
    """Return a number field, at most ``GREATEST``."""
    return min(cast(int, fields[name]), GREATEST)


def whole(fields: Mapping[str, Value], name: str) -> str:
    """Return a number field whole, as 32 bytes of ``0x`` hex: for masks."""
    return f"0x{cast(int, fields[name]):064x}"


def numbers(fields: Mapping[str, Value], name: str) -> list[int]:
    """Return a field that is a list of numbers."""
    return cast(list[int], fields[name])


def words(fields: Mapping[str, Value], name: str) -> list[bytes]:
    """Return a field that is a list of bytes32."""
    return cast(list[bytes], fields[name])


def next_row(rows: Rows, event: Event, model: type[SQLModel]) -> Row:
    """Return the row of the event's object with its counter set; raises EventMissing."""
    row = rows.change(model, event.object)
    if row is None:
        raise missing(event, None)
    if event.counter != row["counter"] + 1:
        raise missing(event, row["counter"])
    row["counter"] = event.counter
    return row


def require_first(event: Event) -> None:
    """Refuse an event that should create its object and is not its first; EventMissing."""
    if event.counter != 1:
        raise missing(event, None)


def missing(event: Event, before: int | None) -> EventMissing:
    """Return the error that the event does not follow counter ``before`` (None: no such row)."""
    return EventMissing(
        f"An event of {event.object} is missing before block {event.block}.",
        object=event.object,
        block=event.block,
        counter=event.counter,
        last=before,
    )
