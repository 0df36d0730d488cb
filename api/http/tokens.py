"""Who is calling: bearer tokens, of which the member keeps only the SHA-256.

``tokens.json`` is a list of ``{"subject", "roles", "sha256"}``; ``sha256`` is lower-case hex over
the token's ASCII bytes. It is read again when the file changes, so a token ends without a
restart. A token is compared with every entry in constant time. What the caller may do is the
policy's business.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from api.http.errors import CredentialMissing, CredentialUnknown, TokensUnavailable

MIN_TOKEN_CHARACTERS = 16
MAX_TOKEN_CHARACTERS = 256


@dataclass(frozen=True)
class Credential:
    """One person or service of the member, with the roles it was given.

    Attributes:
        sha256: of the token, the access token or the session's secret, lower-case hex.
        session: the id of the session at the pages, when it is one.
        scopes: the verbs that an access token was narrowed to; None where it was not.
        only_under: the one path below which this caller is let in, when not everywhere.
    """

    subject: str
    roles: tuple[str, ...]
    sha256: str
    session: str | None = None
    scopes: frozenset[str] | None = None
    only_under: str | None = None
    is_access_token: bool = False


class Tokens:
    """The member's token list; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._credentials: tuple[Credential, ...] = ()

    def of_header(self, authorization: str | None) -> Credential:
        """Return whose ``Authorization: Bearer`` header this is.

        Raises: CredentialMissing, CredentialUnknown, TokensUnavailable.
        """
        return self.of_token(bearer_of(authorization))

    def of_token(self, token: str) -> Credential:
        """Return whose token this is.

        Raises: CredentialUnknown, TokensUnavailable.
        """
        if not MIN_TOKEN_CHARACTERS <= len(token) <= MAX_TOKEN_CHARACTERS or not token.isascii():
            raise CredentialUnknown("This is not a token of this member.")
        return self.of_digest(hashlib.sha256(token.encode("ascii")).hexdigest())

    def of_digest(self, sha256: str) -> Credential:
        """Return whose token has this SHA-256 (lower-case hex), in the list as it is now.

        Raises: CredentialUnknown, TokensUnavailable.
        """
        found = None
        for credential in self._current():
            # No early end: the time taken says nothing about which entry matched.
            if hmac.compare_digest(credential.sha256.encode(), sha256.encode()):
                found = credential
        if found is None:
            raise CredentialUnknown("This is not a token of this member.")
        return found

    def _current(self) -> tuple[Credential, ...]:
        try:
            with self._lock:
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if stamp != self._stamp:
                    self._credentials = _read(self._path)
                    self._stamp = stamp
                return self._credentials
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TokensUnavailable("The member's token list cannot be read.") from error


def bearer_of(authorization: str | None) -> str:
    """Return the token of an ``Authorization: Bearer`` header; raises CredentialMissing."""
    if authorization is None:
        raise CredentialMissing("This route needs a token.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialMissing("This route needs a bearer token.")
    return token.strip()


def _read(path: Path) -> tuple[Credential, ...]:
    entries: list[dict[str, Any]] = json.loads(path.read_bytes())
    credentials = tuple(
        Credential(str(entry["subject"]), tuple(map(str, entry["roles"])), str(entry["sha256"]))
        for entry in entries
    )
    for credential in credentials:
        if len(bytes.fromhex(credential.sha256)) != 32 or not credential.sha256.islower():
            # Digits alone are not lower case to Python; such a digest is as good as impossible.
            raise ValueError("sha256 is not 32 bytes of lower-case hex")
    return credentials
