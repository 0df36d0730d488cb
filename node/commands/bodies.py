"""What every command's body has in common: known fields only, bounded, of exact types.

Each verb's own body stands beside its rules, in titles, releases, devices and members. Ids and
digests are ``0x`` and 64 lower-case hex digits; deadlines are given in seconds from now.
"""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from node.errors import BodyInvalid

NOBODY = "0x" + "0" * 64
MAX_REPORTED_FIELDS = 20
MAX_NAME_CHARACTERS = 64
MAX_DEADLINE_SECONDS = 90 * 24 * 3600
DEFAULT_DEADLINE_SECONDS = 7 * 24 * 3600

Id = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")]
# An act in wire form without attachment: code, words and signature.
SignedWire = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2}){66,2048}$")]
# In seconds from now. The contract allows 90 days; the bound is a little less, for the way there.
DeadlineSeconds = Annotated[int, Field(ge=60, le=MAX_DEADLINE_SECONDS - 600)]
# UTC seconds, before the year 2200.
Moment = Annotated[int, Field(ge=0, le=7_258_118_400)]


Amount = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Body(BaseModel):
    """A command's body; frozen, strict, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Stated(Body):
    """A value as the asker states it: a decimal number, and the currency (ISO 4217).

    It stays in this node. It counts for limits only where somebody else approves.
    """

    amount: Amount
    currency: Currency


B = TypeVar("B", bound=Body)


def read_body(model: type[B], given: object) -> B:
    """Return ``given`` as ``model``.

    Raises:
        BodyInvalid: facts list the fields (path, rule), never their values.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [
            {"field": field_name(fault["loc"]), "rule": fault["type"]}
            for fault in error.errors(
                include_url=False, include_context=False, include_input=False
            )[:MAX_REPORTED_FIELDS]
        ]
        named = ", ".join(fault["field"] or "the body" for fault in faults[:3])
        # Without its cause, whose text repeats what was sent.
        raise BodyInvalid(f"The request is not in its format: {named}.", fields=faults) from None


def field_name(path: Sequence[str | int]) -> str:
    """Return a field's path in a body, cut short: a name nobody knows is the caller's own text."""
    return ".".join(str(part)[:MAX_NAME_CHARACTERS] for part in path[:8])


def to_bytes(text: str) -> bytes:
    """Return the bytes of ``0x`` hex."""
    return bytes.fromhex(text[2:])


def to_hex(value: bytes) -> str:
    """Return ``0x`` and lower-case hex."""
    return "0x" + value.hex()
