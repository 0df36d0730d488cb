"""Tables of the member's event stream, of who reads it, and of what was told to people.

They are the member's own truth, not projections: a rebuild of the tables made from the ledger
leaves them alone, so positions never change. No row holds a document's content. Times are UTC
seconds.
"""

from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

SSE = "sse"
WEBHOOK = "webhook"

SENDING = "sending"
DEAD = "dead"
AGAIN = "again"

NOTICES = "notices"
"""The place in the stream up to which people were told: a subscriber of its own."""

PRUNED = "pruned"
"""The last position whose event was taken away for its age: a place in the stream as well."""

WAITING = "waiting"
SENT = "sent"
MAIL_REFUSED = "refused"


class EventRow(SQLModel, table=True):
    """One event of the stream.

    Attributes:
        position: rises by one an event, in the order in which the transactions commit.
        at: when it happened: the block's time, for a command the moment of its change.
        kind: acted, followed, refused (the ledger's events), command or notice.
        verb: the act's name, or its number when this release knows no such act; a notice's kind.
        object, title: what it is about and the title that belongs to; null where there is none.
        container: the container's tag on the ledger, of an event of one pickup right.
        member: who acted, or for a refusal who is claimed to have.
        members: numbers of all members that it concerns, each between blanks: `` 1 7 ``.
        state: the object's state, or the command's, after it.
        code: why something was refused.
        command: the command's id.
        block, log_index: the ledger's event that it tells of.
    """

    __tablename__ = "event"
    __table_args__ = (Index("event_title", "title", "position"),)

    position: int = Field(default=0, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: int
    kind: str
    verb: str
    object: str | None = None
    title: str | None = None
    container: str | None = None
    member: str | None = None
    members: str = ""
    state: str | None = None
    code: str | None = None
    command: str | None = None
    block: int | None = None
    log_index: int | None = None


class StreamHead(SQLModel, table=True):
    """The last position that was given; one row, locked by who gives the next."""

    __tablename__ = "stream_head"

    id: int = Field(default=1, primary_key=True)
    position: int


class SubscriberRow(SQLModel, table=True):
    """A reader of the stream whose place the node keeps.

    Attributes:
        owner: the subject who made it.
        filter: as in node/events/reading.py.
        acked: everything up to this position is done with.
        url: where a webhook's events go.
        secret: the webhook's key, sealed for the member's envelope key.
    """

    __tablename__ = "subscriber"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: str = Field(primary_key=True)
    name: str
    owner: str
    kind: str
    filter: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    acked: int
    url: str | None = None
    secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    created_at: int


class WebhookDelivery(SQLModel, table=True):
    """Some events on their way to one webhook, stored before they are first sent.

    Attributes:
        id: the message's ``webhook-id``, the same at every attempt.
        positions: which events.
        state: sending (one a subscriber, tried until ``first_at`` is a day ago), dead, or again
            (a dead one that an operator wants tried once more).
        due: when it is tried next.
        first_at: when it was first tried in vain.
        last_error: a code, never what the receiver answered.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("webhook_delivery_subscriber", "subscriber", "state"),)

    id: str = Field(primary_key=True)
    subscriber: str
    positions: list[int] = Field(sa_column=Column(JSON, nullable=False))
    state: str = SENDING
    attempts: int = 0
    due: float
    first_at: float | None = None
    last_error: str | None = None
    created_at: int


class NoticeRow(SQLModel, table=True):
    """One thing that one person is told once.

    Attributes:
        person: their name in the settings; empty for the notice in the stream itself.
        cause: what it is about, such as ``offer`` and the offer's digest; once a person.
        kind: offer, deadline, hold or freeze.
        object: the title or pickup right; ``title`` the title, where it is another.
        deadline: of an offer, else null.
        state: waiting, sent, or refused for good (no such address, or the server refuses it).
        sent_at: when it came to its end.
    """

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("person", "cause"),)

    id: str = Field(primary_key=True)
    person: str
    cause: str
    kind: str
    object: str
    title: str | None = None
    deadline: int | None = None
    state: str = WAITING
    created_at: int
    sent_at: int | None = None
