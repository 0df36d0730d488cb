"""One webhook message on its way: signed, sent once, judged by the status alone.

Headers and signature are those of Standard Webhooks 1.0 (github.com/standard-webhooks): HMAC-SHA256
over ``id.timestamp.body``. No redirect is followed, no proxy used, no cookie kept, and of the
answer nothing but its status is looked at.
"""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node.events.errors import TargetInvalid
from node.events.targets import resolve
from privacy.envelopes import Envelope, open_envelope, seal

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - a name, no secret
SECONDS = 10.0
AGENT = "lading-webhooks"
UNREADABLE = "SECRET_UNREADABLE"


class Secrets:
    """Seals webhooks' keys for the member's own envelope key, and opens them."""

    def __init__(self, member: str, private_key: X25519PrivateKey) -> None:
        self._member = member
        self._private_key = private_key

    def new(self) -> tuple[str, bytes]:
        """Return a new key, as its receiver is told it once, and sealed."""
        secret = secrets.token_bytes(SECRET_BYTES)
        public = self._private_key.public_key().public_bytes_raw()
        sealed = seal(secret, {self._member: public}, _CONTEXT).to_bytes()
        return SECRET_PREFIX + base64.b64encode(secret).decode(), sealed

    def open(self, sealed: bytes) -> bytes:
        """Return a key; raises PrivacyError when it was sealed for another envelope key."""
        return open_envelope(Envelope.from_bytes(sealed), self._member, self._private_key, _CONTEXT)


class Sender:
    """Sends messages to one receiver; keeps its connection open between them.

    Args:
        url: the receiver's.
        secret: the key, open.
        anywhere: as in ``targets.resolve``.
    """

    def __init__(self, url: str, secret: bytes, anywhere: bool) -> None:
        self._url = url
        self._secret = secret
        self._anywhere = anywhere
        self._client = httpx.Client(
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),  # the system's authorities, or SSL_CERT_FILE
            headers={"user-agent": AGENT},
        )

    def send(self, message: str, content: Any) -> str | None:
        """Send one message; return None when it was taken, else a code for what was wrong.

        A receiver takes a message by answering 2xx within ``SECONDS``.
        """
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        now = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._secret, message, now, body),
        }
        try:
            target = resolve(self._url, self._anywhere)
            headers["host"] = target.host_header
            with self._client.stream(
                "POST", target.url, content=body, headers=headers,
                extensions={"sni_hostname": target.host},
            ) as answer:  # fmt: skip
                return None if answer.is_success else f"HTTP_{answer.status_code}"
        except TargetInvalid as error:
            return error.code
        except httpx.TimeoutException:
            return "TIMEOUT"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return "NOT_REACHED"

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def signature(secret: bytes, message: str, timestamp: int, body: bytes) -> str:
    """Return the header ``webhook-signature``: ``v1,`` and base64; timestamp in UTC seconds."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


_CONTEXT = b"lading webhook secret 1"
