"""Delivery orders: their conditions, holds and pickup rights."""

from typing import Literal

from pydantic import Field

from api.http.shapes.shape import AT, EXAMPLE_ID, AsOfShape, Shape


class ConditionShape(Shape):
    """A condition of an order, and the one member that sets it."""

    id: str
    kind: str = Field(examples=["customs"])
    member: str
    met: bool
    reference: str | None
    counter: int


class RightOfferShape(Shape):
    """An open offer of a pickup right to a truck company."""

    digest: str = Field(examples=[EXAMPLE_ID])
    to: str = Field(examples=[EXAMPLE_ID])
    deadline: str | None = Field(examples=[AT])
    lapsed: bool


class InterchangeShape(Shape):
    """An equipment interchange: when, and the hash of its damage record."""

    at: str | None = Field(examples=[AT])
    damage: str


class RightShape(Shape):
    """A pickup right; ``container`` only where this member was told its number.

    ``owner`` is null until the right was transferred: then it is with who surrendered the title.
    """

    id: str
    container: str | None = Field(examples=["MAEU6543213"])
    container_tag: str
    state: str = Field(examples=["ready"])
    counter: int
    early_attempts: int
    used_lane: str | None
    used_at: str | None
    used_reports: str | None
    returned_at: str | None
    owner: str | None
    offer: RightOfferShape | None
    reinstatement: str | None = Field(description="digest of the proposal to reinstate it")
    interchange_out: InterchangeShape | None
    interchange_in: InterchangeShape | None


class HoldShape(Shape):
    """An authority's hold under a legal order, named by its hash."""

    legal_order: str = Field(examples=[EXAMPLE_ID])
    authority: str
    port: int
    stands: bool


class OrderShape(Shape):
    """A delivery order; ``lien_free`` is computed from its title."""

    id: str
    title: str
    state: str = Field(examples=["open"])
    counter: int
    root: str
    carrier: str
    terminal: str
    conditions: list[ConditionShape]
    lien_free: bool
    holds: list[HoldShape]
    cancellation: str | None = Field(description="digest of the proposal to cancel it")
    rights: list[RightShape]
    as_of: AsOfShape


class PickupShape(Shape):
    """A container's pickup right at this terminal, with what a lane needs to name it."""

    container: str = Field(examples=["MAEU6543213"])
    salt: str
    tag: str
    order: str
    right: str
    counter: int
    state: str = Field(examples=["ready"])
    terminal: str
    conditions: dict[str, bool]
    lien_free: bool
    held: bool
    interchanges: list[Literal["out", "in"]]
    released: bool


class PickupsShape(Shape):
    """A container's pickup rights, those that are ready first."""

    pickups: list[PickupShape]
    as_of: AsOfShape
