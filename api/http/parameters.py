"""The forms of values in addresses."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

Id = Annotated[
    str,
    StringConstraints(pattern=r"^0x[0-9a-f]{64}$"),
]
CommandId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
HoldId = CommandId
ContainerNumber = Annotated[str, StringConstraints(min_length=11, max_length=11)]
SubscriberId = CommandId
Position = Annotated[int, Field(ge=0, lt=2**53)]
MessageId = Annotated[str, StringConstraints(pattern=r"^msg_[0-9a-f]{32}$")]
EventKind = Literal["acted", "followed", "refused", "command", "notice"]
