"""The network's members, and whose token a request came with."""

from pydantic import Field

from api.http.shapes.shape import AsOfShape, Shape


class MemberShape(Shape):
    """A member as the ledger has it; names and addresses from its profile, where it is here."""

    id: str
    name: str | None = Field(examples=["Eastern Tide Lines"])
    name_zh: str | None = Field(examples=["东潮航运"])
    roles: list[str]
    status: str = Field(examples=["active"])
    counter: int
    profile: str


class MembersShape(Shape):
    """All members, by number."""

    members: list[MemberShape]
    as_of: AsOfShape


class MeShape(Shape):
    """Whose token this is, and whose node answers."""

    member: str
    name: str | None
    subject: str = Field(examples=["clerk@carrier"])
    roles: list[str]
    as_of: AsOfShape
