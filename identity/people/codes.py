"""The second factor's codes: TOTP (RFC 6238), six digits of SHA-1 over 30 s, each used once."""

import base64
import hmac
import os
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP_SECONDS = 30
SECRET_BYTES = 20
_AROUND = (-1, 0, 1)
"""Steps whose code is taken: a telephone's clock may be half a minute off."""


def new_secret() -> bytes:
    """Return a new secret of ``SECRET_BYTES`` random bytes."""
    return os.urandom(SECRET_BYTES)


def accepted_step(secret: bytes, code: str, now: int, after: int) -> int | None:
    """Return the step whose code this is, None if it is none that may be used now.

    Args:
        now: UTC seconds.
        after: the last step whose code was used; a code is good once (RFC 6238 section 5.2).
    """
    totp = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=True)  # noqa: S303
    found = None
    for step in (now // STEP_SECONDS + offset for offset in _AROUND):
        if step < 0:
            continue
        same = hmac.compare_digest(
            totp.generate(step * STEP_SECONDS), code.encode("utf-8", "replace")
        )
        if same and step > after and found is None:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """Return the secret as people type it into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_of(secret: bytes, name: str, issuer: str) -> str:
    """Return the ``otpauth:`` address that an app reads from a QR code."""
    text = base64.b32encode(secret).decode()
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?secret={text}&issuer={quote(issuer)}"
