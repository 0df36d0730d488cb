"""Commands as the API answers them: one, many, several at once, and why one waits."""

from typing import Any, Literal

from pydantic import Field

from api.http.shapes.shape import AT, EXAMPLE_ID, Shape


class RefusalShape(Shape):
    """Why a command was refused: a stable code, a sentence, what to do, and facts."""

    code: str = Field(examples=["NOT_THE_CONTROLLER"])
    sentence: str
    what_to_do: str
    facts: dict[str, Any]


class CommandShape(Shape):
    """A write on its way: what it is about, where it stands, and what the ledger made of it."""

    id: str
    verb: str = Field(examples=["Offer"])
    object: str | None = Field(examples=[EXAMPLE_ID])
    state: Literal["accepted", "relayed", "final", "refused", "expired"]
    digest: str | None
    result: dict[str, Any]
    refusal: RefusalShape | None
    block: int | None
    tx_hash: str | None
    expires: str | None = Field(examples=[AT])
    created_at: str | None = Field(examples=[AT])
    updated_at: str | None = Field(examples=[AT])


class CommandsShape(Shape):
    """Commands, the latest first; ``next`` is the id to ask the page after with."""

    commands: list[CommandShape]
    next: str | None


class ReasonShape(Shape):
    """One thing that a command waits for."""

    code: str = Field(examples=["DELIVERY_WAITS"])
    says: str
    facts: dict[str, Any]


class ExplanationShape(Shape):
    """A command, and what it waits for; nothing once it has its end."""

    command: CommandShape
    waits_for: list[ReasonShape]


class BulkAnswerShape(Shape):
    """What came of one of several commands: ``command``, or ``problem`` with its status."""

    key: str | None
    status: int = Field(examples=[202])
    command: CommandShape | None
    problem: dict[str, Any] | None = Field(description="problem+json, as a refusal alone is")


class BulkShape(Shape):
    """An answer for each command, in the order asked."""

    answers: list[BulkAnswerShape]
