"""Titles as they stand, their offers, and the legal orders on them."""

from typing import Literal

from pydantic import Field

from api.http.shapes.shape import AT, EXAMPLE_ID, AsOfShape, Shape


class OfferShape(Shape):
    """An open offer; a surrender is an offer to the carrier."""

    digest: str = Field(examples=[EXAMPLE_ID])
    kind: Literal["offer", "surrender"]
    from_: str = Field(alias="from", examples=[EXAMPLE_ID])
    to: str = Field(examples=[EXAMPLE_ID])
    capacity: str | None = Field(examples=["holder"])
    endorsement: str | None = Field(examples=["blank"])
    purpose: str | None = Field(examples=["delivery"])
    deadline: str | None = Field(examples=[AT])
    lapsed: bool
    amended: str | None = Field(description="the amended document's root, of an amendment")
    consented: bool = Field(description="whether the pledgee consented to the amendment")


class PortsShape(Shape):
    """The ports' ids on the ledger."""

    loading: int = Field(examples=[2])
    discharge: int = Field(examples=[4])


class PortNamesShape(Shape):
    """UN/LOCODEs, or the port's id on the ledger where the rulebook has no name for it."""

    loading: str = Field(examples=["CNSHA"])
    discharge: str = Field(examples=["NLRTM"])


class TitleShape(Shape):
    """A title as it stands; ids are member ids, null where there is nobody."""

    id: str = Field(examples=[EXAMPLE_ID])
    state: str = Field(examples=["live"])
    kind: str = Field(examples=["order"])
    controller: str | None
    holder: str | None
    pledgee: str | None
    party: str | None
    carrier: str
    counter: int
    version: int
    root: str
    ports: PortsShape
    port_names: PortNamesShape
    offer: OfferShape | None
    enforceable_from: str | None = Field(description="after a recorded default", examples=[AT])
    frozen: bool
    order: str | None


class LegalOrderShape(Shape):
    """What was done to a title under an authority's order, named by its hash."""

    legal_order: str = Field(examples=[EXAMPLE_ID])
    stage: str = Field(examples=["frozen"])
    authority: str
    port: int
    transferable_from: str | None = Field(examples=[AT])
    proposal: str | None
    proposed_by: str | None
    proposed_to: str | None
    ends_lien: bool


class TitleNowShape(TitleShape):
    """A title with the orders under which authorities acted on it, and as of when."""

    legal_orders: list[LegalOrderShape]
    as_of: AsOfShape


class TitlesShape(Shape):
    """Titles that concern this member, by id; ``next`` continues the list."""

    titles: list[TitleShape]
    next: str | None
    as_of: AsOfShape
