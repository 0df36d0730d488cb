"""The council, its motions, applications to it, and what keeps a member from leaving."""

from typing import Any

from pydantic import Field

from api.http.shapes.shape import EXAMPLE_ID, AsOfShape, Shape


class SeatShape(Shape):
    """A seat of the council: whose it is, and the address of its key."""

    member: str
    name: str | None
    key: str


class RulebookShape(Shape):
    """The rulebook in force; ``number`` is 1 for the founding one."""

    hash: str
    number: int
    enforcement_seconds: int
    transfer_seconds: int


class AssignmentShape(Shape):
    """How often the assignments of a role at a port were changed, and who has it now."""

    port: int
    role: int
    counter: int
    members: list[str]


class CouncilShape(Shape):
    """The council in force and what its motions count on."""

    epoch: int = Field(description="How often the council was replaced.")
    threshold: int
    seats: list[SeatShape]
    rulebook: RulebookShape
    version: int = Field(description="Of the contracts; 1 for the founding ones.")
    contracts: dict[str, str] = Field(description="Address of each contract in force, by name.")
    assignments: list[AssignmentShape]
    as_of: AsOfShape


class AssentShape(Shape):
    """A seat's assent."""

    member: str
    name: str | None
    block: int


class MotionShape(Shape):
    """A motion; ``act`` is what a seat signs to assent, but for its own name and the expiry."""

    motion: str = Field(examples=[EXAMPLE_ID])
    verb: str = Field(examples=["AdmitMember"])
    object: str
    says: str
    act: dict[str, Any]
    epoch: int
    state: str = Field(examples=["open"])
    assents: list[AssentShape]
    needed: int
    carried_block: int | None


class MotionsShape(Shape):
    """Motions, the newest last."""

    motions: list[MotionShape]
    as_of: AsOfShape


class FindingShape(Shape):
    """One thing that was checked: ok, look (for a person to judge) or fail."""

    what: str = Field(examples=["credit code"])
    state: str = Field(examples=["ok"])
    says: str


class CheckedShape(Shape):
    """What was checked of an application, and the hash of its file."""

    member: str
    kind: str
    application: str
    passed: bool
    findings: list[FindingShape]
    as_of: AsOfShape


class TieShape(Shape):
    """A title or order that must end before the member can leave."""

    object: str
    kind: str = Field(examples=["title"])
    capacity: str = Field(examples=["holder"])
    remedy: str


class TiesShape(Shape):
    """What keeps a member from leaving; nothing is here when it may."""

    member: str
    ties: list[TieShape]
    as_of: AsOfShape


class NetworkDraftShape(Shape):
    """network.json without signatures; ``is_in_use`` when this node's says the same."""

    network: dict[str, Any]
    is_in_use: bool
    as_of: AsOfShape
