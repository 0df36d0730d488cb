"""Tables of commands, of work that must follow them, and of what the sender relays.

A command is what a member's person or service asked for. These tables are the member's own; they
hold no document content. All times are UTC seconds.
"""

from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

ACCEPTED = "accepted"
SIGNED = "signed"
RELAYED = "relayed"
FINAL = "final"
REFUSED = "refused"
EXPIRED = "expired"
OPEN_STATES = (ACCEPTED, SIGNED, RELAYED)
ENDED_STATES = (FINAL, REFUSED, EXPIRED)


class Command(SQLModel, table=True):
    """One write, from its acceptance to what the ledger made of it.

    Attributes:
        key: the idempotency key; one subject uses a key for one request.
        request: SHA-256 of the canonical request, hex: tells a repeat from another request.
        object: what the act changes, ``0x`` hex; null until an issue's tag is known.
        claim: what only one command at a time may be about (a bill's number, hashed); given up
            when the command ends in vain.
        act: the act in its JSON form; null until complete.
        wire: the signed act, hex; ``digest`` is what was signed.
        sequence: what its acts stay in order with, where that is not the object: a lane's device.
        batch_limit: with how many acts at most it may share a transaction, itself included; 0 for
            no limit. It shrinks when a transaction reverts, until the act to blame is alone.
        result: what the caller may need and the ledger does not say (ids that were made here).
        refusal: ``{code, sentence, what_to_do, facts}`` of the node or of a contract.
    """

    __tablename__ = "command"
    __table_args__ = (
        UniqueConstraint("subject", "key"),
        Index("command_waiting", "state", "contract", "number"),
    )

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    subject: str
    role: str
    key: str
    request: str
    verb: str
    contract: str
    object: str | None = Field(default=None, index=True)
    claim: str | None = Field(default=None, unique=True)
    state: str = ACCEPTED
    act: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    wire: str | None = None
    digest: str | None = Field(default=None, index=True)
    sequence: str | None = None
    batch_limit: int = 0
    expires: int
    relay: int | None = Field(default=None, foreign_key="relay_transaction.number", index=True)
    relay_after: int = 0
    relays: int = 0
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    refusal: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    block: int | None = None
    transaction: str | None = None
    created_at: int
    updated_at: int


class OutboxRow(SQLModel, table=True):
    """Work that must follow a write, stored in the write's own transaction.

    ``payload`` holds ids, and what an act attaches. A row is deleted when its work is done.
    ``waiting`` is true while the work waits for other rows: it is tried again as soon as any other
    row is done. Times are UTC seconds.
    """

    __tablename__ = "outbox"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    due: float = Field(index=True)
    attempts: int = 0
    waiting: bool = False
    last_error: str | None = None
    created_at: int


class RelayTransaction(SQLModel, table=True):
    """A transaction of a relay key, written down with its nonce before it is first sent.

    ``raw`` are the signed bytes: whatever happens, these and no others use the nonce, unless an
    operator cancels it; then ``cancel_raw``, which does nothing, is sent for the nonce instead.
    ``state``: open (not final yet), done (final and executed), reverted (final, nothing executed),
    displaced (the nonce went to a transaction this node does not know), cancelled.

    Attributes:
        acts: how many it carries.
        said: what the ledger last said against it, in its words.
        cancelled_by: the subject that asked to have it cancelled.
    """

    __tablename__ = "relay_transaction"
    __table_args__ = (UniqueConstraint("relayer", "nonce"),)

    number: int | None = Field(default=None, primary_key=True)
    relayer: str
    nonce: int
    contract: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: str = Field(unique=True)
    state: str = Field(default="open", index=True)
    acts: int = 0
    sent_at: int | None = None
    said: str | None = None
    cancelled_by: str | None = None
    cancel_raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    cancel_hash: str | None = None
    block: int | None = None
    created_at: int


class Relayer(SQLModel, table=True):
    """A relay key as the sender last found it: ready, stuck (its oldest transaction stays open),
    refused (the ledger does not let it relay); ``since`` in UTC seconds.
    """

    __tablename__ = "relayer"

    address: str = Field(primary_key=True)
    name: str
    state: str
    code: str | None = None
    since: int
