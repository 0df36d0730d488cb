"""A long content sealed in chunks, so that it is sealed and opened with constant memory.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015) over AES-256-GCM:
each chunk is sealed under a nonce of the stream's prefix, the chunk's number and whether it is the
last. A chunk that is changed, left out, repeated or moved does not open, and a stream that is cut
short is noticed; what was opened before is a true beginning. A key seals one stream only.

Layout, all lengths in bytes: magic ``LDS1`` (4), nonce prefix (7), then the chunks: ``CHUNK_BYTES``
of the content and a tag (16) each. The last may be shorter; it is empty only where the content is.
A nonce is the prefix, the chunk's number (4, big endian) and 1 for the last chunk, else 0.
"""

import secrets
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.errors import DocumentTooLarge, StreamDoesNotOpen

CHUNK_BYTES = 64 * 1024
KEY_BYTES = 32
MAX_STREAM_BYTES = 100 * 1024 * 1024
"""The longest content: 100 MiB."""

_MAGIC = b"LDS1"
_PREFIX_BYTES = 7
_HEAD_BYTES = len(_MAGIC) + _PREFIX_BYTES
_TAG_BYTES = 16


def new_key() -> bytes:
    """Return a key for one stream."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def sealed_bytes(content_bytes: int) -> int:
    """Return how long a content of so many bytes is once it is sealed."""
    chunks = max(1, -(-content_bytes // CHUNK_BYTES))
    return _HEAD_BYTES + content_bytes + chunks * _TAG_BYTES


class StreamSealer:
    """Seals one content as it comes.

    Args:
        key: from ``new_key``, used for nothing else.
        context: what the content is for; opening needs the same bytes.
    """

    def __init__(self, key: bytes, context: bytes) -> None:
        self._cipher = AESGCM(key)
        self._context = _aad(context)
        self._prefix = secrets.token_bytes(_PREFIX_BYTES)
        self._number = 0
        self._taken = 0
        self._rest = bytearray()
        self._head = _MAGIC + self._prefix

    def update(self, content: bytes) -> bytes:
        """Take the next bytes of the content; return what is sealed by now, perhaps nothing.

        Raises: DocumentTooLarge (more than ``MAX_STREAM_BYTES`` in all).
        """
        self._taken += len(content)
        if self._taken > MAX_STREAM_BYTES:
            raise DocumentTooLarge("The content is too large to seal.", limit=MAX_STREAM_BYTES)
        self._rest += content
        sealed = bytearray(self._head)
        self._head = b""
        at = 0
        while len(self._rest) - at > CHUNK_BYTES:  # one byte more: so this is not the last chunk
            sealed += self._seal(bytes(self._rest[at : at + CHUNK_BYTES]), last=False)
            at += CHUNK_BYTES
        del self._rest[:at]
        return bytes(sealed)

    def finish(self) -> bytes:
        """Return the end of the sealed stream; the content was all that ``update`` was given."""
        return self._head + self._seal(bytes(self._rest), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> bytes:
        nonce = _nonce(self._prefix, self._number, last)
        self._number += 1
        return self._cipher.encrypt(nonce, chunk, self._context)


def open_stream(sealed: BinaryIO, key: bytes, context: bytes) -> Iterator[bytes]:
    """Yield the content of a sealed stream, chunk by chunk, each checked before it is given.

    Raises: StreamDoesNotOpen (another key or context, or changed, moved or missing bytes).
    """
    head = sealed.read(_HEAD_BYTES)
    if len(head) != _HEAD_BYTES or not head.startswith(_MAGIC):
        raise StreamDoesNotOpen("These bytes are no sealed stream.")
    cipher, aad, prefix = AESGCM(key), _aad(context), head[len(_MAGIC) :]
    number = 0
    chunk = sealed.read(CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = sealed.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            content = cipher.decrypt(_nonce(prefix, number, not following), chunk, aad)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a tag
            raise StreamDoesNotOpen("A chunk of the stream does not open.", chunk=number) from error
        if number and not content:
            raise StreamDoesNotOpen("The stream ends with an empty chunk.", chunk=number)
        yield content
        if not following:
            return
        chunk, number = following, number + 1


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _aad(context: bytes) -> bytes:
    return b"lading stream 1 " + context
