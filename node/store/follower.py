"""What the follower notes about itself; not a projection, because a clock is in it."""

from sqlmodel import Field, SQLModel


class FollowerState(SQLModel, table=True):
    """When (UTC seconds) the tables last held all final blocks of the ledger; one row."""

    __tablename__ = "follower_state"

    id: int = Field(default=1, primary_key=True)
    at_head_at: int
