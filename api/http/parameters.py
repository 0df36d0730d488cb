"""The forms of values in addresses."""

from typing import Annotated

from pydantic import StringConstraints

Id = Annotated[
    str,
    StringConstraints(pattern=r"^0x[0-9a-f]{64}$"),
]
CommandId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
HoldId = CommandId
ContainerNumber = Annotated[str, StringConstraints(min_length=11, max_length=11)]
