"""Documents and the files beside them, how long they are kept, and what waits to be sent."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.http.parameters import Id
from api.http.shapes.shape import AT, EXAMPLE_ID, Shape


class DocumentShape(Shape):
    """A document this member holds; who has ``seed`` can prove every field of it."""

    root: str
    schema_: str = Field(alias="schema")
    title: str | None
    source_member: str
    received_at: str | None
    seed: str
    numbering: dict[str, Any] | None
    document: dict[str, Any]


class ReasonBody(BaseModel):
    """Why an operator does this, in a person's words."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "case 2026/17"}]}
    )

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class SendBody(BaseModel):
    """To whom a file is sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": EXAMPLE_ID}]})

    to: Id


class AttachmentShape(Shape):
    """A file beside a document; ``id`` is the hash of its sealed bytes, alike everywhere."""

    id: str = Field(examples=[EXAMPLE_ID])
    root: str = Field(examples=[EXAMPLE_ID])
    name: str = Field(examples=["survey.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size: int
    sha256: str = Field(examples=[EXAMPLE_ID])
    source_member: str
    received_at: str | None = Field(examples=[AT])


class AttachmentsShape(Shape):
    """The files beside one document."""

    attachments: list[AttachmentShape]


class SentShape(Shape):
    """How the sending of a file to one member stands."""

    id: str
    to: str
    state: str = Field(examples=["waiting", "acknowledged", "failed"])
    refusal: str | None


class QueueShape(Shape):
    """What waits for one other member; ``away_since`` is null while its node answers."""

    member: str = Field(examples=[EXAMPLE_ID])
    waiting: int
    oldest_at: str | None = Field(examples=[AT])
    away_since: str | None
    code: str | None = Field(examples=["PEER_UNAVAILABLE"])
    next_at: str | None


class QueuesShape(Shape):
    """What waits for other members."""

    queues: list[QueueShape]


class LegalHoldShape(Shape):
    """A legal hold on a document and its files; ``lifted_at`` is null while it stands."""

    id: str
    root: str
    reason: str
    placed_by: str
    placed_at: str | None
    lifted_reason: str | None
    lifted_by: str | None
    lifted_at: str | None


class LegalHoldsShape(Shape):
    """Every hold that was ever set on one document."""

    holds: list[LegalHoldShape]


class KeptShape(Shape):
    """How long one document is kept; ``holds`` counts the legal holds that stand."""

    root: str
    schema_: str = Field(alias="schema")
    title: str | None
    source_member: str
    received_at: str | None
    keep_until: str | None
    holds: int


class KeptListShape(Shape):
    """The documents of this member, the first received first; go on ``after`` the last root."""

    documents: list[KeptShape]


class DisclosureShape(Shape):
    """How long what a carrier disclosed of one document is kept."""

    root: str
    title: str
    from_member: str
    received_at: str | None
    keep_until: str | None
    holds: int


class DisclosuresShape(Shape):
    """What was disclosed to this member, by root; go on ``after`` the last."""

    disclosures: list[DisclosureShape]


class DeletedShape(Shape):
    """What is left of a deleted document."""

    root: str
    schema_: str = Field(alias="schema")
    title: str | None
    received_at: str | None
    attachments: int
    reason: str
    deleted_by: str
    deleted_at: str | None
