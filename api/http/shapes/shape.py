"""What every answer's description has in common: no unknown field, and as of when it speaks."""

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE_ID = "0x" + "5f" * 32
AT = "2026-05-01T10:00:00Z"


class Shape(BaseModel):
    """An answer; unknown fields are an error of ours."""

    model_config = ConfigDict(extra="forbid")


class AsOfShape(Shape):
    """Up to which final block an answer speaks; ``behind_seconds`` 0 while the node keeps up."""

    height: int | None = Field(examples=[512])
    block_hash: str | None = Field(examples=[EXAMPLE_ID])
    behind_seconds: int | None = Field(examples=[0])
