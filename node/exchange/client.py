"""Sends signed messages to other members' nodes, over TLS pinned to their profiles' certificates.

One pooled client a peer, made anew when its profile changes; safe to use from several threads.
"""

import json
import ssl
import threading
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from node.exchange import messages
from node.exchange.directory import Directory
from node.exchange.errors import PeerRefused, PeerUnavailable
from node.exchange.problems import FINAL
from node.exchange.tls import TlsFiles, client_context, peer_client

MAX_ANSWER_BYTES = 64 * 1024
MAX_PROFILE_BYTES = 256 * 1024
LONGEST_WAIT_SECONDS = 3600
_MAX_FACT_CHARACTERS = 200


class PeerClient:
    """Sends as ``member``, with its message key and its TLS certificate."""

    def __init__(
        self, member: str, kid: str, key: Ed25519PrivateKey, tls: TlsFiles, directory: Directory
    ) -> None:
        self._member = member
        self._kid = kid
        self._key = key
        self._tls = tls
        self._directory = directory
        self._lock = threading.Lock()  # guards _clients
        self._clients: dict[str, tuple[str, httpx.Client]] = {}

    def post(self, to: str, path: str, body: bytes, content_type: str) -> Any:
        """Send ``body`` to a route of ``to``'s node; return the JSON it answers.

        Raises: PeerUnavailable (try again), PeerRefused (do not), PeerUnknown, PeerNotActive,
            ProfileNotHeld.
        """
        profile = self._directory.profile(to)
        url = profile.peers_url.rstrip("/") + path
        headers = messages.sign(url, body, content_type, self._member, self._kid, self._key)
        try:
            with self._client(to).stream("POST", url, content=body, headers=headers) as response:
                answer = _bounded(response)
        except (httpx.HTTPError, ssl.SSLError) as error:  # SSLError: no certificate in the profile
            raise PeerUnavailable(f"The node of {to} does not answer.", member=to) from error
        return _answer(to, response.status_code, answer, _wait_of(response))

    def get(self, to: str, path: str) -> Any:
        """Return the JSON of a route that takes no signature; raises as ``post``."""
        url = self._directory.profile(to).peers_url.rstrip("/") + path
        try:
            with self._client(to).stream("GET", url) as response:
                answer = _bounded(response, MAX_PROFILE_BYTES)
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise PeerUnavailable(f"The node of {to} does not answer.", member=to) from error
        return _answer(to, response.status_code, answer, _wait_of(response))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for _, client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, to: str) -> httpx.Client:
        held = self._directory.held(to)
        with self._lock:
            known, client = self._clients.get(to, ("", None))
            if client is None or known != held.hash:
                if client is not None:
                    client.close()
                client = peer_client(client_context(self._tls, held.profile.tls_certificates))
                self._clients[to] = (held.hash, client)
            return client


def _bounded(response: httpx.Response, most: int = MAX_ANSWER_BYTES) -> bytes:
    answer = bytearray()
    for chunk in response.iter_bytes():
        answer += chunk
        if len(answer) > most:
            raise httpx.ReadError("the answer is too long")
    return bytes(answer)


def _answer(to: str, status: int, answer: bytes, wait: int) -> Any:
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        value = None
    if status == httpx.codes.OK and value is not None:
        return value
    code = value.get("code") if isinstance(value, dict) else None
    peer_code = str(code)[:_MAX_FACT_CHARACTERS]
    if status in FINAL:
        raise PeerRefused(f"The node of {to} refuses: {peer_code}.", member=to, peer_code=peer_code)
    raise PeerUnavailable(
        f"The node of {to} cannot take it now: {peer_code}.",
        member=to, peer_code=peer_code, status=status, retry_after_seconds=wait,
    )  # fmt: skip


def _wait_of(response: httpx.Response) -> int:
    """Return the seconds that ``Retry-After`` asks for, within an hour; 0 where it asks nothing."""
    asked = response.headers.get("retry-after", "")
    return min(int(asked[:9]), LONGEST_WAIT_SECONDS) if asked.isdecimal() else 0
