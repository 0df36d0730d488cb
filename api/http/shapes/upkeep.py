"""Whether the node does its work, and what a rebuild of its tables did."""

from typing import Any, Literal

from pydantic import Field

from api.http.shapes.shape import AsOfShape, Shape


class HealthShape(Shape):
    """Whether the node does its work; reads answer also when the ledger does not."""

    status: Literal["ok", "degraded"]
    member: str
    ledger: dict[str, Any] = Field(examples=[{"reachable": True, "head": 512, "fault": None}])
    behind_blocks: int | None = Field(examples=[0])
    parts: dict[str, bool] = Field(examples=[{"api": True, "send": True}])
    as_of: AsOfShape


class ReadyShape(Shape):
    """This process takes requests."""

    ready: bool = Field(examples=[True])


class RebuiltTableShape(Shape):
    """One table: its rows now, and how many were not the same before."""

    name: str
    rows: int
    differing: int


class RebuiltShape(Shape):
    """What a rebuild did, up to which block."""

    height: int
    differing: int
    tables: list[RebuiltTableShape]
