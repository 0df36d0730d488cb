"""A document sealed for named members: one content key, wrapped for each reader.

The key is wrapped by HPKE (RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
AES-256-GCM); the content is AES-256-GCM under that key. An envelope says who can read it, not who
wrote it: any reader could seal another content for the others. Who sent it is the message's
signature's to say, and what it must contain is the document root's.

Layout, all lengths in bytes: magic ``LDE1`` (4), number of readers (2, big endian), then for each
reader, sorted by id, its member id (32) and wrapped key (80); nonce (12); the rest is the content
with its tag (16).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.canonical import MAX_JSON_BYTES
from privacy.errors import (
    DocumentTooLarge,
    EnvelopeDoesNotOpen,
    InvalidEnvelopeKey,
    InvalidReader,
    MalformedEnvelope,
    NotAReader,
)

MAX_CONTENT_BYTES = MAX_JSON_BYTES + 65_536
MAX_READERS = 256
_MAGIC = b"LDE1"
_ID_BYTES = 32
_CONTENT_KEY_BYTES = 32
_WRAPPED_KEY_BYTES = 32 + _CONTENT_KEY_BYTES + 16
_READER_BYTES = _ID_BYTES + _WRAPPED_KEY_BYTES
_NONCE_BYTES = 12
_TAG_BYTES = 16
_PREFIX_BYTES = len(_MAGIC) + 2
MAX_ENVELOPE_BYTES = (
    _PREFIX_BYTES + MAX_READERS * _READER_BYTES + _NONCE_BYTES + MAX_CONTENT_BYTES + _TAG_BYTES
)
_MEMBER_ID = re.compile(r"0x[0-9a-f]{64}")
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True)
class Envelope:
    """A sealed content; nothing in it is secret.

    Attributes:
        wrapped_keys: the content key for each reader (80 bytes), by member id, sorted.
        nonce: 12 bytes.
        ciphertext: the content, as long as it was, and a tag of 16 bytes.
    """

    wrapped_keys: Mapping[str, bytes]
    nonce: bytes
    ciphertext: bytes

    @property
    def readers(self) -> tuple[str, ...]:
        """The member ids that it is sealed for, sorted."""
        return tuple(self.wrapped_keys)

    def to_bytes(self) -> bytes:
        """Return the binary form."""
        readers = b"".join(
            bytes.fromhex(reader[2:]) + wrapped for reader, wrapped in self.wrapped_keys.items()
        )
        count = len(self.wrapped_keys).to_bytes(2, "big")
        return _MAGIC + count + readers + self.nonce + self.ciphertext

    @classmethod
    def from_bytes(cls, data: bytes) -> Envelope:
        """Read the binary form strictly; it has exactly one spelling.

        Raises: MalformedEnvelope.
        """
        if len(data) > MAX_ENVELOPE_BYTES or data[: len(_MAGIC)] != _MAGIC:
            raise MalformedEnvelope("These bytes are no envelope.", size=len(data))
        count = int.from_bytes(data[len(_MAGIC) : _PREFIX_BYTES], "big")
        nonce_at = _PREFIX_BYTES + count * _READER_BYTES
        content_at = nonce_at + _NONCE_BYTES
        if not 1 <= count <= MAX_READERS or len(data) < content_at + _TAG_BYTES:
            raise MalformedEnvelope("The envelope is cut short.", size=len(data))
        entries = [
            data[at : at + _READER_BYTES] for at in range(_PREFIX_BYTES, nonce_at, _READER_BYTES)
        ]
        ids = [entry[:_ID_BYTES] for entry in entries]
        if ids != sorted(set(ids)):
            raise MalformedEnvelope("The envelope's readers are not sorted, or one is twice.")
        wrapped = {"0x" + entry[:_ID_BYTES].hex(): entry[_ID_BYTES:] for entry in entries}
        return cls(wrapped, data[nonce_at:content_at], data[content_at:])


def seal(content: bytes, readers: Mapping[str, bytes], context: bytes) -> Envelope:
    """Seal ``content`` so that each of ``readers`` can open it, and nobody else.

    Args:
        content: at most ``MAX_CONTENT_BYTES`` bytes.
        readers: X25519 public key (32 bytes, raw) by member id, 1 to ``MAX_READERS``.
        context: what the content is for; opening needs the same bytes.

    Raises: DocumentTooLarge, InvalidReader, InvalidEnvelopeKey.
    """
    if len(content) > MAX_CONTENT_BYTES:
        raise DocumentTooLarge("The content is too large to seal.", limit=MAX_CONTENT_BYTES)
    if not 1 <= len(readers) <= MAX_READERS:
        raise InvalidReader("An envelope has one to 256 readers.", readers=len(readers))
    content_key = AESGCM.generate_key(bit_length=8 * _CONTENT_KEY_BYTES)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = {
        reader: _wrap(content_key, readers[reader], _info(context, reader))
        for reader in sorted(readers)
    }
    return Envelope(wrapped, nonce, AESGCM(content_key).encrypt(nonce, content, _aad(context)))


def open_envelope(
    envelope: Envelope, reader: str, private_key: X25519PrivateKey, context: bytes
) -> bytes:
    """Return the content that was sealed for ``reader`` under the same ``context``.

    Raises: NotAReader, EnvelopeDoesNotOpen (another key or context, or changed bytes).
    """
    wrapped = envelope.wrapped_keys.get(reader)
    if wrapped is None:
        raise NotAReader("The envelope is not sealed for this member.", reader=reader[:66])
    try:
        content_key = _SUITE.decrypt(wrapped, private_key, _info(context, reader))
        return AESGCM(content_key).decrypt(envelope.nonce, envelope.ciphertext, _aad(context))
    except (InvalidTag, ValueError) as error:
        # ValueError: a wrapped key of another length, or a point of low order.
        raise EnvelopeDoesNotOpen("The envelope does not open with this key.") from error


def _wrap(content_key: bytes, public_key: bytes, info: bytes) -> bytes:
    try:
        return _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(public_key), info)
    except ValueError as error:
        raise InvalidEnvelopeKey("A reader's public key is not an X25519 key.") from error


def _info(context: bytes, reader: str) -> bytes:
    """Bind a wrapped key to its envelope's context and to its reader."""
    if not _MEMBER_ID.fullmatch(reader):
        raise InvalidReader("A reader's id is not a member id.", reader=reader[:66])
    return b"lading envelope 1 key" + bytes.fromhex(reader[2:]) + context


def _aad(context: bytes) -> bytes:
    return b"lading envelope 1 content" + context
