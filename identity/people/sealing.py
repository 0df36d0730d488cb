"""Seals short values that leave the node and come back, so that no table must remember them.

A passkey's challenge, a state on its way through the company's provider and a second factor at
rest are sealed alike: AES-256-GCM under a key of this member alone, bound to what it is for, and
with an end. Whoever must not take a value twice notes that it was used.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from identity.people.errors import NotAccepted

NONCE_BYTES = 12
NEVER = 2**63 - 1
_INFO = b"lading people sealing 1"


class Box:
    """Seals and opens under one key.

    Args:
        secret: of at least 32 bytes; the key is derived from it (HKDF-SHA256, RFC 5869).
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, None, _INFO).derive(secret))

    def seal(self, purpose: str, value: bytes = b"", until: int = NEVER) -> bytes:
        """Return ``value`` sealed for ``purpose``, to be opened before ``until`` (UTC seconds)."""
        nonce = os.urandom(NONCE_BYTES)
        plain = struct.pack(">Q", until) + value
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, purpose: str, sealed: bytes, now: int) -> bytes:
        """Return what was sealed for ``purpose``; raises NotAccepted."""
        try:
            plain = self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise NotAccepted("SEAL_BROKEN") from error
        if now >= struct.unpack(">Q", plain[:8])[0]:
            raise NotAccepted("SEAL_EXPIRED")
        return plain[8:]
