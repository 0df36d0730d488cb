"""Tables of documents, of what was sent and received, and of the peers listener's replay guard.

No row holds a salt, a key or a document's content but two: a bill's number, which its numbering
signature needs, and container numbers, because a member looks by number for what it was sent.
Everything else lies encrypted in the vault under ``vault_digest``. Ids and roots are 0x and 64
hexadecimal digits; times are UTC seconds.
"""

from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

WAITING = "waiting"
ACKNOWLEDGED = "acknowledged"
FAILED = "failed"

FOR_DOCUMENT = "document"
FOR_DISCLOSURE = "disclosure"


class DocumentRow(SQLModel, table=True):
    """One document that this member holds.

    Attributes:
        root: the root of its field tree.
        schema_id: the schema that it was checked against.
        title: the title it belongs to; null until an own document's title is known.
        vault_digest: where the vault keeps the package.
        numbering: carrier, bill_number and signature; null where the schema has none.
        source_member: who sent it; this member's own id for an own document.
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


class DeliveryRow(SQLModel, table=True):
    """One document or disclosure that this member owes another, until it is acknowledged.

    Attributes:
        purpose: ``document`` or ``disclosure``.
        state: ``waiting``, ``acknowledged`` or ``failed`` (the receiver refused it for good).
        receipt: the receiver's signed receipt.
        refusal: the receiver's code where it failed.
    """

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("root", "to_member", "purpose"),)

    id: int | None = Field(default=None, primary_key=True)
    root: str
    to_member: str
    purpose: str
    state: str = Field(default=WAITING, index=True)
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    refusal: str | None = None


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
