"""Sessions of people at the pages: a random cookie that stands for a token already shown.

The token itself never lies in a browser: the cookie is 32 random bytes, known to this process
alone, bound to the token's SHA-256, and looked up in the member's list on every request, so a
token that ends takes its sessions with it. A restart of the node ends all sessions; people sign
in again. The cookie opens pages only, never /v1/, so no other site's form can write with it.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from api.http.errors import CredentialMissing
from api.http.tokens import Credential, Tokens

COOKIE = "lading_session"
SESSION_SECONDS = 8 * 3_600
MAX_SESSIONS = 10_000


@dataclass(frozen=True)
class _Session:
    sha256: str
    until: float


class Sessions:
    """The sessions of one process; safe to use from several threads.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._clock = clock
        self._lock = Lock()
        self._sessions: dict[str, _Session] = {}

    def sign_in(self, token: str) -> str:
        """Start a session for a token; return the cookie's value.

        Raises: CredentialUnknown, TokensUnavailable.
        """
        credential = self._tokens.of_token(token)
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_ended()
            if len(self._sessions) >= MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[cookie] = _Session(credential.sha256, self._clock() + SESSION_SECONDS)
        return cookie

    def sign_out(self, request: Request) -> None:
        """End the request's session, if it has one."""
        with self._lock:
            self._sessions.pop(request.cookies.get(COOKIE, ""), None)

    def of_request(self, request: Request) -> Credential:
        """Return whose session this is.

        Raises: CredentialMissing, CredentialUnknown, TokensUnavailable.
        """
        with self._lock:
            session = self._sessions.get(request.cookies.get(COOKIE, ""))
        if session is None or session.until < self._clock():
            raise CredentialMissing("Nobody is signed in.")
        return self._tokens.of_digest(session.sha256)

    def _forget_ended(self) -> None:
        now = self._clock()
        self._sessions = {
            cookie: session for cookie, session in self._sessions.items() if session.until >= now
        }


def set_cookie(request: Request, response: Response, value: str) -> None:
    """Put the session's cookie on a response; ``Secure`` whenever the page came over TLS."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
