"""What a signed token must say to be believed here and now (RFC 7519 section 4.1).

The signature is checked before (identity/signatures/jose.py). Types are checked too: a list where
a string belongs, a boolean or infinity for a time are refused, not compared.
"""

from collections.abc import Collection
from typing import Any

from identity.people.errors import NotAccepted
from identity.strict_json import read_json

MAX_BYTES = 16 * 1024
LEEWAY_SECONDS = 30
"""How far another clock may be off, as between nodes."""

MAX_TEXT = 512


def read_claims(payload: bytes) -> dict[str, Any]:
    """Return a payload's claims; raises NotAccepted, also for a name that stands twice."""
    try:
        claims = read_json(payload) if len(payload) <= MAX_BYTES else None
    except ValueError as error:
        raise NotAccepted("CLAIMS_MALFORMED") from error
    if not isinstance(claims, dict):
        raise NotAccepted("CLAIMS_MALFORMED")
    return claims


def require_times(claims: dict[str, Any], now: int, longest: int | None = None) -> int:
    """Return when a token ends, once it is valid at ``now``; UTC seconds.

    Args:
        longest: how far ahead its end may lie.

    Raises: NotAccepted.
    """
    ends = _time(claims, "exp")
    if ends is None:
        raise NotAccepted("CLAIM_EXP_MISSING")
    if ends <= now - LEEWAY_SECONDS:
        raise NotAccepted("CLAIM_EXPIRED")
    if longest is not None and ends > now + longest + LEEWAY_SECONDS:
        raise NotAccepted("CLAIM_EXP_TOO_FAR")
    for name in ("nbf", "iat"):
        begins = _time(claims, name)
        if begins is not None and begins > now + LEEWAY_SECONDS:
            raise NotAccepted("CLAIM_NOT_YET_VALID")
    return ends


def require_text(claims: dict[str, Any], name: str) -> str:
    """Return a claim that must be a short text; raises NotAccepted."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise NotAccepted(f"CLAIM_{name.upper()}_MISSING")
    return value


def require_same(claims: dict[str, Any], name: str, expected: str) -> None:
    """Refuse a claim that is another text than ``expected``; raises NotAccepted."""
    if require_text(claims, name) != expected:
        raise NotAccepted(f"CLAIM_{name.upper()}_OTHER")


def require_sole_audience(claims: dict[str, Any], accepted: Collection[str]) -> None:
    """Refuse a token that is not for one of ``accepted`` and for nobody else.

    Raises: NotAccepted.
    """
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if len(named) != 1 or not isinstance(named[0], str) or named[0] not in accepted:
        raise NotAccepted("CLAIM_AUD_OTHER")


def _time(claims: dict[str, Any], name: str) -> int | None:
    if name not in claims:
        return None
    value: Any = claims[name]
    # The comparison also refuses what is not a number at all, and what is not finite.
    if type(value) not in (int, float) or not 0 <= value < 2**40:
        raise NotAccepted(f"CLAIM_{name.upper()}_MALFORMED")
    return int(value)
