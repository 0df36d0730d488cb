"""What a term of the verb table tells of an act: nothing where it holds, else the facts."""

from typing import Any

from model.titles import Attempt

INSTEAD = "instead of the table's error"

Failure = dict[str, Any] | None


def unless(holds: bool, **facts: Any) -> Failure:
    """Return ``facts`` unless the term holds."""
    return None if holds else facts


def is_principal(a: Attempt, member: bytes, word: str) -> Failure:
    """Return the failure of an act of another member than ``member``, whom ``word`` names."""
    return unless(
        a.principal == member, **{"title": a.title.id, "principal": a.principal, word: member}
    )


def active(a: Attempt, member: bytes) -> Failure:
    """Return the failure of an act that needs ``member`` to be active."""
    if member not in a.members.members:
        return {INSTEAD: "MemberUnknown", "member": member}
    return unless(a.members.is_active(member), member=member)
