"""Where a member keeps documents: sealed files in one directory, named by their hash.

Every file is an envelope for the member's own envelope key, so a stranger with the disk has
nothing, and a file that is there is whole: it is written beside its place, made durable, then
named. Plain text never touches the disk. The vault forgets nothing by itself.
"""

import contextlib
import os
import secrets
import stat
import time
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node.documents.errors import VaultDamaged, VaultItemMissing, VaultUnavailable
from node.documents.files import (
    UNFINISHED_SUFFIX,
    create,
    name_durably,
    remove_durably,
    translated,
)
from privacy.envelopes import MAX_ENVELOPE_BYTES, Envelope, open_envelope, seal
from privacy.errors import PrivacyError

_UNFINISHED_KEPT_SECONDS = 3600


class Vault:
    """One member's vault; several processes of the member may use it at once.

    Args:
        directory: made with mode 0700 where it does not exist.
        member: the member's id, the only reader.
        private_key: the member's envelope key.

    Raises: VaultUnavailable (others may enter the directory, or it cannot be made).
    """

    def __init__(self, directory: Path, member: str, private_key: X25519PrivateKey) -> None:
        self._directory = directory
        self._member = member
        self._private_key = private_key
        with translated():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(directory.stat().st_mode) & 0o077:
                raise VaultUnavailable("Others than the member may enter the vault.")
            self._sweep()

    def put(self, plaintext: bytes, context: bytes) -> bytes:
        """Seal and keep ``plaintext``; return the 32 bytes of SHA-256 over the sealed bytes.

        When this returns, the content survives a power failure; when it raises, nothing is kept.
        The same content put twice is kept twice: each sealing is new.

        Args:
            plaintext: at most ``privacy.envelopes.MAX_CONTENT_BYTES`` bytes.
            context: what it is for; ``get`` needs the same bytes.

        Raises: DocumentTooLarge, VaultFull, VaultUnavailable.
        """
        public_key = self._private_key.public_key().public_bytes_raw()
        sealed = seal(plaintext, {self._member: public_key}, context).to_bytes()
        digest = sha256(sealed).digest()
        unfinished = self._directory / (secrets.token_hex(16) + UNFINISHED_SUFFIX)
        try:
            with translated():
                _write_durably(unfinished, sealed)
                name_durably(unfinished, self._path(digest))
        except BaseException:
            for left in (unfinished, self._path(digest)):
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)
            raise
        return digest

    def get(self, digest: bytes, context: bytes) -> bytes:
        """Return what was put, after checking the sealed bytes' hash and opening them.

        Raises: VaultItemMissing, VaultDamaged (also for another context), VaultUnavailable.
        """
        with translated():
            try:
                with self._path(digest).open("rb") as file:
                    sealed = file.read(MAX_ENVELOPE_BYTES + 1)
            except FileNotFoundError as error:
                raise VaultItemMissing(
                    "The vault has no such content.", digest=digest.hex()
                ) from error
        if sha256(sealed).digest() != digest:
            raise VaultDamaged("A file in the vault has changed.", digest=digest.hex())
        try:
            return open_envelope(
                Envelope.from_bytes(sealed), self._member, self._private_key, context
            )
        except PrivacyError as error:
            raise VaultDamaged("A file in the vault does not open.", digest=digest.hex()) from error

    def remove(self, digest: bytes) -> None:
        """Remove what was put; the same again changes nothing. The caller asked whether it may.

        Raises: VaultUnavailable.
        """
        with translated():
            remove_durably(self._path(digest))

    def _path(self, digest: bytes) -> Path:
        return self._directory / digest.hex()

    def _sweep(self) -> None:
        """Remove what processes that were killed while writing left behind."""
        oldest = time.time() - _UNFINISHED_KEPT_SECONDS
        for left in self._directory.glob("*" + UNFINISHED_SUFFIX):
            with contextlib.suppress(FileNotFoundError):
                if left.stat().st_mtime < oldest:
                    left.unlink()


def _write_durably(path: Path, data: bytes) -> None:
    with os.fdopen(create(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
