"""What the council and members have decided, as tables: delegations, council, rulebook, contracts.

Part of ``PROJECTIONS`` (node/store/projections.py), under the same rules.
"""

from sqlmodel import Field, SQLModel


class Delegation(SQLModel, table=True):
    """What a member lets another act for it, also after its end; ``id`` is the giving act's digest.

    ``verbs`` is the act's mask as 32 bytes: bit c for the verb of code c. ``title`` is nobody where
    it is for every title; ``until`` is its last second; ``ended_block`` of the act that ended it.
    """

    __tablename__ = "delegation"

    id: str = Field(primary_key=True)
    principal: str = Field(index=True)
    delegate: str = Field(index=True)
    verbs: str
    title: str
    until: int
    ended_block: int | None


class Council(SQLModel, table=True):
    """The council in force; one row. ``counter`` is its epoch: its rotations so far."""

    __tablename__ = "council"

    id: str = Field(primary_key=True)
    counter: int
    threshold: int


class CouncilSeat(SQLModel, table=True):
    """A seat of the council in force, by its place; ``key`` is an address."""

    __tablename__ = "council_seat"

    place: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    member: str
    key: str


class RulebookInForce(SQLModel, table=True):
    """The rulebook in force; one row. ``counter`` is its number, 1 for the founding one."""

    __tablename__ = "rulebook_in_force"

    id: str = Field(primary_key=True)
    counter: int
    rulebook: str
    enforcement_seconds: int
    transfer_seconds: int


class ContractVersion(SQLModel, table=True):
    """The set of contracts in force; one row. ``counter`` is its number, 1 for the founding one."""

    __tablename__ = "contract_version"

    id: str = Field(primary_key=True)
    counter: int


class ContractPlace(SQLModel, table=True):
    """Where a contract stood in each version of the set, and from which block."""

    __tablename__ = "contract_place"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(primary_key=True)
    address: str
    from_block: int
