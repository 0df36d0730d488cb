"""Sign-in at the company's own OpenID Connect provider: authorization code with PKCE.

What must come back unchanged (state, nonce, PKCE verifier, where to go) waits sealed in the
browser's cookie, so nothing is stored for a stranger who never comes back. The provider is asked
with bounds on time, size and number; its words are believed as far as its signature goes. Authlib
is imported where it is used: most members have no such provider, and it takes 0.1 s to load.
"""

import json
import os
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from identity.people.errors import CompanyUnavailable, NotAccepted
from identity.people.id_tokens import Asked, verify_id_token
from identity.people.sealing import Box
from identity.strict_json import read_json
from node.settings import Company

SECRET_VARIABLE = "LADING_COMPANY_SECRET"  # noqa: S105 - a name, no secret
RETURN = "/sign-in/company/return"
WAY_SECONDS = 600
KNOWN_SECONDS = 600.0
"""How long what the provider publishes is believed before it is asked again."""

AT_ONCE = 4
ANSWER_SECONDS = 5.0
MAX_BYTES = 256 * 1024
_WAY = "company way"


@dataclass(frozen=True)
class Way:
    """One browser's way to the provider and back."""

    state: str
    nonce: str
    verifier: str
    after: str


@dataclass(frozen=True)
class _Published:
    """What the provider publishes, and when it was read; monotonic seconds."""

    authorize: str
    token: str
    keys: tuple[Mapping[str, Any], ...]
    names_itself: bool
    methods: tuple[str, ...]
    read_at: float


class CompanyProvider:
    """The company's provider, as one member's settings name it.

    Args:
        box: seals what waits in the browser.
        secret: the client's secret at the provider; None for a client without one.
    """

    def __init__(self, settings: Company, box: Box, secret: str | None = None) -> None:
        self._settings = settings
        self._box = box
        self._secret = secret if secret is not None else os.environ.get(SECRET_VARIABLE)
        self._lock = Lock()
        self._turns = BoundedSemaphore(AT_ONCE)
        self._published: _Published | None = None
        self._client = httpx.Client(
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    def begin(self, origin: str, after: str, now: int) -> tuple[str, str]:
        """Return where to send a browser, and what its cookie holds until it is back.

        Args:
            origin: of this member's pages.
            after: where to go once signed in.

        Raises: CompanyUnavailable.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

        way = Way(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), after
        )
        address = prepare_grant_uri(
            self._known().authorize,
            client_id=self._settings.client_id,
            response_type="code",
            redirect_uri=origin + RETURN,
            scope="openid",
            state=way.state,
            nonce=way.nonce,
            code_challenge=create_s256_code_challenge(way.verifier),
            code_challenge_method="S256",
        )
        value = json.dumps(vars(way)).encode()
        return str(address), self._box.seal(_WAY, value, now + WAY_SECONDS).hex()

    def way_of(self, cookie: str, state: str, now: int) -> Way:
        """Return the way that a browser which is back was sent on; raises NotAccepted."""
        try:
            sealed = bytes.fromhex(cookie)
        except ValueError as error:
            raise NotAccepted("COMPANY_COOKIE_MISSING") from error
        way = Way(**json.loads(self._box.open(_WAY, sealed, now)))
        if not secrets.compare_digest(way.state.encode(), state.encode("utf-8", "replace")):
            raise NotAccepted("COMPANY_STATE_OTHER")
        return way

    def subject_of(self, way: Way, origin: str, answer: Mapping[str, str], now: int) -> str:
        """Return the subject that the provider names for the code a browser brought back.

        Args:
            answer: the query of the address it came back to.

        Raises: NotAccepted, CompanyUnavailable.
        """
        known, issuer = self._known(), self._settings.issuer
        if answer.get("iss", issuer if not known.names_itself else None) != issuer:
            raise NotAccepted("COMPANY_ISSUER_OTHER")  # RFC 9207 section 2.4
        if "error" in answer or "code" not in answer:
            raise NotAccepted("COMPANY_REFUSED")
        token = self._redeem(known, way, origin, answer["code"])
        asked = Asked(issuer, self._settings.client_id, way.nonce)
        try:
            return verify_id_token(token, known.keys, asked, now)
        except NotAccepted as error:
            if not error.reason.startswith("ID_TOKEN_"):
                raise
            # The provider may have changed its keys since they were read.
            return verify_id_token(token, self._known(newer_than=known).keys, asked, now)

    def close(self) -> None:
        """Close connections to the provider."""
        self._client.close()

    def _redeem(self, known: _Published, way: Way, origin: str, code: str) -> str:
        from authlib.oauth2.auth import ClientAuth  # noqa: PLC0415

        body = urlencode(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": origin + RETURN,
                "code_verifier": way.verifier,
            }
        )
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        auth = ClientAuth(self._settings.client_id, self._secret, self._method(known))
        address, headers, body = auth.prepare("POST", known.token, headers, body)
        status, answer = self._ask("POST", address, headers=headers, content=body)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise NotAccepted("COMPANY_CODE_REFUSED")
        return token

    def _method(self, known: _Published) -> str:
        if self._secret is None:
            return "none"
        basic = not known.methods or "client_secret_basic" in known.methods
        return "client_secret_basic" if basic else "client_secret_post"

    def _known(self, newer_than: _Published | None = None) -> _Published:
        with self._lock:
            found = self._published
        old = found is None or time.monotonic() - found.read_at > KNOWN_SECONDS
        if old or found is newer_than:
            found = self._read()
            with self._lock:
                self._published = found
        assert found is not None  # noqa: S101 (it is old otherwise)
        return found

    def _read(self) -> _Published:
        issuer = self._settings.issuer
        told = self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise CompanyUnavailable("The company's provider calls itself something else.")
        keys = self._get(_address(told, "jwks_uri")).get("keys")
        methods = told.get("token_endpoint_auth_methods_supported", [])
        return _Published(
            _address(told, "authorization_endpoint"),
            _address(told, "token_endpoint"),
            tuple(key for key in keys if isinstance(key, dict)) if isinstance(keys, list) else (),
            told.get("authorization_response_iss_parameter_supported") is True,
            tuple(methods) if isinstance(methods, list) else (),
            time.monotonic(),
        )

    def _get(self, address: str) -> dict[str, Any]:
        status, answer = self._ask("GET", address)
        if status != 200:
            raise CompanyUnavailable("The company's provider does not answer as it should.")
        return answer

    def _ask(self, method: str, address: str, **request: Any) -> tuple[int, dict[str, Any]]:
        with self._turn():
            try:
                with self._client.stream(method, address, **request) as response:
                    body = b""
                    for chunk in response.iter_bytes():
                        body += chunk
                        if len(body) > MAX_BYTES:
                            raise ValueError("too long")
                    answer = read_json(body)
            except (httpx.HTTPError, ValueError) as error:
                raise CompanyUnavailable("The company's provider does not answer.") from error
        if not isinstance(answer, dict):
            raise CompanyUnavailable("The company's provider answers no JSON object.")
        return response.status_code, answer

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let so many ask at once, so that a slow provider does not take every thread."""
        if not self._turns.acquire(blocking=False):
            raise CompanyUnavailable("Too many people wait for the company's provider.")
        try:
            yield
        finally:
            self._turns.release()


def _address(told: Mapping[str, Any], name: str) -> str:
    """Return an address that the provider publishes: https, or http on this machine for a trial."""
    value = told.get(name)
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    local = parts is not None and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts is None or parts.scheme not in (("https", "http") if local else ("https",)):
        raise CompanyUnavailable(f"The company's provider publishes no usable {name}.")
    return str(value)
