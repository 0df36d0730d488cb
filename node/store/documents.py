"""Tables of documents and their files, of what was sent and received, and of the replay guard.

No row holds a salt, a key or a document's content but two: a bill's number, which its numbering
signature needs, and container numbers, because a member looks by number for what it was sent.
Everything else lies encrypted in the vault under ``vault_digest``. Ids and roots are 0x and 64
hexadecimal digits; times are UTC seconds.
"""

import time
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

WAITING = "waiting"
ACKNOWLEDGED = "acknowledged"
FAILED = "failed"

FOR_DOCUMENT = "document"
FOR_DISCLOSURE = "disclosure"
FOR_ATTACHMENT = "attachment"
FOR_COMPANION = "companion"


class DocumentRow(SQLModel, table=True):
    """One document that this member holds.

    Attributes:
        root: the root of its field tree.
        schema_id: the schema that it was checked against.
        title: the title it belongs to; null until an own document's title is known.
        vault_digest: where the vault keeps the package.
        numbering: carrier, bill_number and signature; null where the schema has none.
        source_member: who sent it; this member's own id for an own document.
        size: bytes of the package.
    """

    __tablename__ = "document"

    root: str = Field(primary_key=True)
    schema_id: str
    title: str | None = Field(default=None, index=True)
    vault_digest: str
    numbering: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True))
    )
    source_member: str
    received_at: int
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))


class AttachmentRow(SQLModel, table=True):
    """One file beside a document.

    Attributes:
        stream: SHA-256 of the sealed bytes, the same at every member that holds the file.
        root: the document's.
        vault_digest: where the vault keeps the manifest, with name, type and key.
        size: bytes as sealed.
        source_member: who sent it; this member's own id for an own file.
        subject, key: who handed it in here, under which idempotency key; null for a received one.
    """

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("subject", "key"),)

    stream: str = Field(primary_key=True)
    root: str = Field(index=True)
    vault_digest: str
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    source_member: str = Field(index=True)
    received_at: int
    subject: str | None = None
    key: str | None = None


class LegalHoldRow(SQLModel, table=True):
    """An order that a document and its files be kept, until it is lifted; rows are never removed.

    Attributes:
        reason, lifted_reason: a person's words.
        placed_by, lifted_by: subjects of this member.
    """

    __tablename__ = "legal_hold"

    id: str = Field(primary_key=True)
    root: str = Field(index=True)
    reason: str
    placed_by: str
    placed_at: int
    lifted_reason: str | None = None
    lifted_by: str | None = None
    lifted_at: int | None = None


class DeletedDocumentRow(SQLModel, table=True):
    """What is left of a document that was deleted: that it was here, and who deleted it."""

    __tablename__ = "deleted_document"

    id: int | None = Field(default=None, primary_key=True)
    root: str = Field(index=True)
    schema_id: str
    title: str | None = None
    received_at: int
    attachments: int
    reason: str
    deleted_by: str
    deleted_at: int


class DeliveryRow(SQLModel, table=True):
    """One document, disclosure or file that this member owes another, until it is acknowledged.

    Attributes:
        root: the document's; of a file, its ``stream``; of a co-signature, its act's digest.
        purpose: ``document``, ``disclosure``, ``attachment`` or ``companion``.
        state: ``waiting``, ``acknowledged`` or ``failed`` (the receiver refused it for good).
        receipt: the receiver's signed receipt.
        refusal: the receiver's code where it failed.
        due: when it is tried next, UTC seconds; its receiver's line may be due later.
        attempts, code: how often it was tried in vain, and the last code.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("root", "to_member", "purpose"),
        Index("delivery_due", "state", "to_member", "due"),
    )

    id: int | None = Field(default=None, primary_key=True)
    root: str
    to_member: str
    purpose: str
    state: str = Field(default=WAITING, index=True)
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    refusal: str | None = None
    due: float = Field(default=0, sa_column_kwargs={"server_default": "0"})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    code: str | None = None
    created_at: int = Field(
        default_factory=lambda: int(time.time()), sa_column_kwargs={"server_default": "0"}
    )


class PeerLineRow(SQLModel, table=True):
    """Whether another member's node answers, and when it is tried next.

    Attributes:
        failures: attempts in vain since it last answered.
        due: nothing is sent to it before, UTC seconds.
        code: why the last attempt was in vain; null while it answers.
        since: when it stopped answering; null while it answers.
    """

    __tablename__ = "peer_line"

    member: str = Field(primary_key=True)
    failures: int = 0
    due: float = 0
    code: str | None = None
    since: int | None = None


class PeerIntakeRow(SQLModel, table=True):
    """How much another member has had this one keep in a day (of UTC, counted from 1970)."""

    __tablename__ = "peer_intake"

    member: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    messages: int = 0
    bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


class ArrivingRow(SQLModel, table=True):
    """A file that another member has announced and not yet sent whole.

    What has come stands in a file of its own; its length says how far it came.

    Attributes:
        size: bytes as sealed that it will have.
        vault_digest: where the vault keeps the manifest.
    """

    __tablename__ = "arriving"

    stream: str = Field(primary_key=True)
    from_member: str = Field(primary_key=True)
    root: str
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    vault_digest: str
    announced_at: int


class GivenReceiptRow(SQLModel, table=True):
    """The receipt this member gave, so that a repeated delivery gets the same one."""

    __tablename__ = "given_receipt"

    kind: str = Field(primary_key=True)
    root: str = Field(primary_key=True)
    to_member: str = Field(primary_key=True)
    receipt: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class DisclosureRow(SQLModel, table=True):
    """Fields of a document that a carrier's node sent to this authority.

    ``title`` is what the sender says; whether the title's root is this root is checked at use,
    since a disclosure may arrive before its title is on the ledger.
    """

    __tablename__ = "disclosure"
    __table_args__ = (UniqueConstraint("root", "from_member"),)

    id: int | None = Field(default=None, primary_key=True)
    root: str
    title: str = Field(index=True)
    from_member: str
    vault_digest: str
    received_at: int


class DisclosedContainerRow(SQLModel, table=True):
    """A container number in a disclosure."""

    __tablename__ = "disclosed_container"

    number: str = Field(primary_key=True)
    title: str = Field(primary_key=True)
    root: str = Field(primary_key=True)


class OrderedContainerRow(SQLModel, table=True):
    """A container number in a delivery order's document; the order on the ledger names ``root``."""

    __tablename__ = "ordered_container"

    number: str = Field(primary_key=True)
    root: str = Field(primary_key=True)
    title: str


class PeerNonceRow(SQLModel, table=True):
    """A nonce that a peer's message used; forgotten once the signature has expired."""

    __tablename__ = "peer_nonce"

    key: str = Field(primary_key=True)
    nonce: str = Field(primary_key=True)
    expires: int = Field(index=True)
