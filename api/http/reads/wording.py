"""Numbers and times of the tables as words: JSON and pages say ``live``, not 2."""

from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache

from identity.acts.words import Role
from node.store.projections import NOBODY


def word(kind: type[IntEnum], number: int) -> str:
    """The word for a number of an enumeration, in lower case; the number itself if it has none."""
    try:
        return kind(number).name.lower()
    except ValueError:
        return str(number)


def roles(number: int) -> list[str]:
    """The roles whose bits are set, as words."""
    return [role.name.lower() for role in Role if role.name and role & number]


def someone(member: str) -> str | None:
    """A member id, or None where the ledger says nobody."""
    return None if member == NOBODY else member


@lru_cache(4096)
def moment(seconds: int) -> str | None:
    """UTC seconds as ``2026-05-01T10:00:00Z``; None for 0 and for what no calendar holds."""
    if not 0 < seconds < 2**37:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
