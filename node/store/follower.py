"""What the follower notes about itself; no projections, because a clock is in them."""

from sqlmodel import Field, SQLModel


class FollowerState(SQLModel, table=True):
    """When (UTC seconds) the tables last held all final blocks of the ledger; one row."""

    __tablename__ = "follower_state"

    id: int = Field(default=1, primary_key=True)
    at_head_at: int


class LedgerFault(SQLModel, table=True):
    """Why the follower has stopped, while it has: a code, a sentence, since when (UTC seconds)."""

    __tablename__ = "ledger_fault"

    id: int = Field(default=1, primary_key=True)
    code: str
    says: str
    since: int
