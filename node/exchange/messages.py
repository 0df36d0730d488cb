"""A message between members: an HTTP request signed by RFC 9421 with the sender's message key.

The signature alone says who speaks. It covers method, whole target, content type and the digest
of the body, names its key as ``<member id>/<kid>``, lives at most ``LIFETIME_SECONDS`` and
carries a nonce that ``node.exchange.replay`` lets through once.
"""

import secrets
from collections.abc import ItemsView, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from node.errors import NodeError
from node.exchange.errors import PeerSignatureInvalid

LIFETIME_SECONDS = 120
CLOCK_SKEW_SECONDS = 30
TAG = "lading-peer"
_COVERED = ("@method", "@target-uri", "content-type", "content-digest")
_MAX_NONCE_CHARACTERS = 64
_NONCE_BYTES = 16


class PeerKeys(Protocol):
    """Answers which public message key stands behind a member and a key id."""

    def message_key(self, member: str, kid: str) -> Ed25519PublicKey:
        """Raises: PeerUnknown, PeerNotActive, ProfileNotHeld."""
        ...


class Headers(Protocol):
    """Header lines in wire order, a name as often as it stands there."""

    def items(self) -> ItemsView[str, str] | list[tuple[str, str]]:
        """Return name and value of every line."""
        ...


@dataclass(frozen=True)
class Message:
    """What the signature library reads of a request: method, absolute URL, headers."""

    method: str
    url: str
    headers: Headers


@dataclass(frozen=True)
class Signed:
    """A verified message's sender, and what the replay guard must remember.

    Attributes:
        member: the sender's member id.
        key: ``<member id>/<kid>``.
        nonce: at most 64 characters, unique for the key while the signature lives.
        expires: UTC seconds after which the message is refused for its age.
    """

    member: str
    key: str
    nonce: str
    expires: int


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = timedelta(seconds=CLOCK_SKEW_SECONDS)


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, keys: PeerKeys) -> None:
        self._keys = keys

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        member, _, kid = key_id.partition("/")
        return self._keys.message_key(member, kid)


def sign(
    url: str, body: bytes, content_type: str, member: str, kid: str, key: Ed25519PrivateKey
) -> dict[str, str]:
    """Return the headers of a signed POST of ``body`` to ``url``."""
    headers = {"Content-Type": content_type}
    key_id = f"{member}/{kid}"
    now = datetime.now(UTC)
    resolver = MappingKeyResolver(public_keys={}, private_keys={key_id: key})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(
        Message("POST", url, headers),
        key_id=key_id,
        created=now,
        expires=now + timedelta(seconds=LIFETIME_SECONDS),
        nonce=secrets.token_urlsafe(_NONCE_BYTES),
        label="lading",
        tag=TAG,
        covered_component_ids=_COVERED,
        body=body,
    )
    return headers


def verify(message: Message, body: bytes, keys: PeerKeys) -> Signed:
    """Return who signed ``message`` with ``body``; the caller still asks the replay guard.

    Raises: PeerSignatureInvalid, and what ``keys`` raises for a key it does not know.
    """
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver(keys))
    try:
        results = verifier.verify(
            message,
            max_age=timedelta(seconds=LIFETIME_SECONDS),
            expect_tag=TAG,
            require_components=_COVERED,
            body=body,  # without it the digest's line would be checked and the body not
        )
    except InvalidSignature as error:
        if isinstance(error.__cause__, NodeError):  # raised by ``keys``: it keeps its own code
            raise error.__cause__ from None
        raise PeerSignatureInvalid("The message's signature does not verify.") from error
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise PeerSignatureInvalid("The message's signature cannot be read.") from error
    if len(results) != 1:
        raise PeerSignatureInvalid("A message carries exactly one signature of a member.")
    return _signed(results[0].parameters)


def _signed(parameters: Mapping[str, int | str]) -> Signed:
    nonce, created = parameters.get("nonce"), parameters["created"]
    expires = parameters.get("expires")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= _MAX_NONCE_CHARACTERS:
        raise PeerSignatureInvalid("The signature has no nonce, or one too long.")
    if not isinstance(expires, int) or not isinstance(created, int):
        raise PeerSignatureInvalid("The signature says not when it was made and expires.")
    if not created < expires <= created + LIFETIME_SECONDS:
        raise PeerSignatureInvalid("The signature lives too long.", limit_seconds=LIFETIME_SECONDS)
    key = str(parameters["keyid"])
    return Signed(key.partition("/")[0], key, nonce, expires)
