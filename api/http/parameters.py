"""The forms of values in addresses."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

Id = Annotated[
    str,
    StringConstraints(pattern=r"^0x[0-9a-f]{64}$"),
]
CommandId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
HoldId = CommandId
# What is no container number is refused by its own rules, which say more than a pattern.
ContainerNumber = Annotated[
    str,
    StringConstraints(min_length=11, max_length=11),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Z]{3}[UJZ][0-9]{7}$",
            "format": "container-number",
            "description": "ISO 6346, with its check digit",
            "examples": ["MAEU6543213"],
        }
    ),
]
SubscriberId = CommandId
# JSON has one kind of number: 5.0 is the integer 5 (JSON Schema 2020-12, section 4.2.3).
Position = Annotated[
    int,
    Field(ge=0, lt=2**53),
    BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n),
]
MessageId = Annotated[str, StringConstraints(pattern=r"^msg_[0-9a-f]{32}$")]
EventKind = Literal["acted", "followed", "refused", "command", "notice"]
