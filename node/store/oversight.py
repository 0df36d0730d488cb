"""What the node has noticed about the ledger that somebody must look at; no projections."""

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class LedgerAlarm(SQLModel, table=True):
    """Something that is not as the council decided, or not as other members see it.

    Attributes:
        id: ``code`` and ``subject``, a space between.
        subject: what it is about: an address, a member, or a change's block and place.
        says: a sentence with the facts.
        since: when it was first noticed, UTC seconds.
        acknowledged_at: when somebody said that it is known; None: nobody did.
    """

    __tablename__ = "ledger_alarm"

    id: str = Field(primary_key=True)
    code: str
    subject: str
    says: str
    since: int
    acknowledged_at: int | None


class AllowListChange(SQLModel, table=True):
    """A change of an allow list, as the engine's final blocks tell it.

    Attributes:
        which: ``transactions`` or ``deployers``.
        account, sender: addresses, ``0x`` hex; whose role was changed, and who did it.
        role: as node.oversight.allow_lists.Role.
        explained: whether Membership, or the contracts in force, gave a reason for it.
    """

    __tablename__ = "allow_list_change"

    block: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    which: str
    account: str
    role: int
    sender: str
    explained: bool


class PeerView(SQLModel, table=True):
    """What a member's ledger looked like when it was compared last; this member's own too.

    ``view`` as node.oversight.agreement.View writes it; ``at`` in UTC seconds.
    """

    __tablename__ = "peer_view"

    member: str = Field(primary_key=True)
    at: int
    view: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class OversightState(SQLModel, table=True):
    """Up to which block the allow lists' changes were read; one row."""

    __tablename__ = "oversight_state"

    id: int = Field(default=1, primary_key=True)
    block: int
