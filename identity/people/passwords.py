"""Passwords: what a new one must be, and how one is kept and compared.

Argon2id with OWASP's parameters (19 MiB, two passes, one lane). A password is never enough alone:
node/people asks for the second factor with it. Comparing takes as long for a name that nobody has.
"""

import unicodedata
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from identity.people.errors import PasswordUnfit

MIN_CHARACTERS, MAX_CHARACTERS = 12, 128
MIN_DIFFERENT = 6
_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16
)
# What is compared with where there is no password; nobody knows what it was made of.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$D/7n2/sbQ/xb2MgOc1+Ebg"
    "$KKybNSfI+08Lyctm/AxZc5psTkf/FXGnSpbiKQ25vxE"
)


def hash_password(password: str) -> str:
    """Return what is kept of a password; takes some 25 ms and 19 MiB."""
    return _HASHER.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Say whether this is the password that ``stored`` was made of; None is nobody's.

    It takes the same time and memory whatever it answers.
    """
    wanted = _normal(password) if len(password) <= MAX_CHARACTERS else ""
    try:
        return _HASHER.verify(stored or _NOBODY, wanted) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def require_fit(password: str, *words: str) -> None:
    """Refuse a new password that is short, long, of few characters, or made of known ``words``.

    Raises: PasswordUnfit.

    Source: ASVS 5.0 section 6.2; no mixture of kinds of characters is asked for.
    """
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise PasswordUnfit(
            f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters.",
            min=MIN_CHARACTERS, max=MAX_CHARACTERS,
        )  # fmt: skip
    rest = unicodedata.normalize("NFKC", password).casefold()
    for word in words:
        if len(word) > 2:
            rest = rest.replace(word.casefold(), "")
    if len(set(rest)) < MIN_DIFFERENT or _climbs(rest):
        raise PasswordUnfit("This password is too easily guessed.")


def _climbs(text: str) -> bool:
    """Whether every character follows the one before it, as in abcdefghijkl or 210987654321."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps - {9, -9}) <= 1


def _normal(password: str) -> bytes:
    """As bytes that do not depend on how the keyboard composes (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
