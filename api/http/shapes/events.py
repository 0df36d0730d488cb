"""What happened: events of the ledger, the stream of them, refusals, a container's history."""

from typing import Any, Literal

from pydantic import Field

from api.http.parameters import EventKind
from api.http.shapes.shape import AT, EXAMPLE_ID, AsOfShape, Shape
from api.http.shapes.titles import TitleShape


class EventShape(Shape):
    """One event of the ledger; ``act`` is exactly what was signed."""

    kind: Literal["acted", "followed", "refused"]
    object: str
    verb: str | None
    principal: str | None
    key: str | None
    counter: int | None
    outcome: str | None
    refusal: str | None
    act: dict[str, Any] | None
    says: str | None
    digest: str
    block: int
    log_index: int
    block_hash: str
    tx_hash: str
    at: str | None


class EventsShape(Shape):
    """Events in the ledger's order."""

    events: list[EventShape]
    as_of: AsOfShape


class StreamedShape(Shape):
    """One event of the stream: ids and states; ``link`` leads to what may be read of it."""

    position: int = Field(examples=[4711])
    kind: EventKind
    verb: str | None = Field(examples=["Offer"])
    object: str | None = Field(examples=[EXAMPLE_ID])
    title: str | None = Field(examples=[EXAMPLE_ID])
    container_tag: str | None
    member: str | None = Field(description="who acted", examples=[EXAMPLE_ID])
    members: list[str] = Field(description="all members that it concerns")
    state: str | None = Field(examples=["live"])
    code: str | None = Field(description="why it was refused")
    command: str | None
    block: int | None
    log_index: int | None
    at: str = Field(examples=[AT])
    link: str | None


class StreamShape(Shape):
    """Events by position; ``next`` is the position to go on after, ``head`` the last there is."""

    events: list[StreamedShape]
    next: int
    head: int
    as_of: AsOfShape


class RefusedShape(Shape):
    """Something that was refused: ``by`` the ledger's contract, or this member's own node."""

    by: Literal["contract", "node"]
    code: str = Field(examples=["NOT_THE_CONTROLLER"])
    sentence: str | None
    what_to_do: str | None
    facts: dict[str, Any]
    object: str | None
    verb: str | None
    principal: str | None
    digest: str | None
    block: int | None
    tx_hash: str | None
    at: str | None


class RefusalsShape(Shape):
    """Refusals, the latest first; object and principal of a contract's are only claimed."""

    refusals: list[RefusedShape]
    as_of: AsOfShape


class HistoryShape(Shape):
    """A container's history: its titles, and everything that happened to them and their orders."""

    container: str
    titles: list[TitleShape]
    events: list[EventShape]
    as_of: AsOfShape


class UntoldShape(Shape):
    """Titles naming this authority's port of which the carrier has sent it nothing yet."""

    titles: list[TitleShape]
    as_of: AsOfShape
