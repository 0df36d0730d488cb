"""The table of acts' SM2 co-signatures: this member's own, and those that others sent it."""

from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class CompanionRow(SQLModel, table=True):
    """One act with its co-signature.

    Attributes:
        digest: of the act as it was signed, 0x hex: it says that ``act`` is the ledger's.
        member: the act's principal.
        act: as act_to_json writes it.
        companion: with its certificates and revocation lists, as members send it.
        noted_at: when it was made or came here, UTC seconds.
    """

    __tablename__ = "companion"

    digest: str = Field(primary_key=True)
    member: str = Field(index=True)
    act: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    companion: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    noted_at: int
