"""The bounds of a session at the pages, and the secret that stands for it.

ASVS 5.0 section 7.3 asks for a time without use and a time in all; both are said here and tested
on plain numbers.
"""

import hashlib
import secrets

SESSION_SECONDS = 8 * 3_600
IDLE_SECONDS = 30 * 60
ENROLMENT_SECONDS = 30 * 60
"""How long a person who came with an enrolment code may take."""

FRESH_SECONDS = 15 * 60
"""How long after signing in credentials may be changed without signing in again."""

SECRET_BYTES = 32


def is_live(started_at: int, seen_at: int, now: int, longest: int = SESSION_SECONDS) -> bool:
    """Say whether a session that began and was last used then may still be used; UTC seconds.

    A clock that went back ends nothing and prolongs nothing beyond ``longest``.
    """
    return now - started_at < longest and now - seen_at < IDLE_SECONDS


def is_fresh(started_at: int, now: int) -> bool:
    """Say whether a session began so lately that it may change credentials."""
    return now - started_at < FRESH_SECONDS


def new_secret() -> str:
    """Return a new secret of ``SECRET_BYTES`` random bytes, as base64url without padding."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """Return what a table keeps of a secret: SHA-256 over its UTF-8 bytes, lower-case hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
