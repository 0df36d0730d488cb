"""Large files in the vault: sealed as they come, named by the hash of the sealed bytes.

A stream has a key of its own, which is kept with the file's manifest (``attachments``), never
beside it. Memory does not grow with the file, and no chunk is given out that was not checked.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path

from node.documents.errors import VaultDamaged, VaultItemMissing
from node.documents.files import UNFINISHED_SUFFIX, create, name_durably, translated
from privacy.errors import StreamDoesNotOpen
from privacy.streams import StreamSealer, new_key, open_stream


@dataclass(frozen=True)
class KeptStream:
    """A file that is in the vault.

    Attributes:
        digest: SHA-256 of the sealed bytes, its name (32 bytes).
        sealed_size, size: bytes as sealed, and of the content.
        content_hash: SHA-256 of the content.
        key: opens it.
    """

    digest: bytes
    sealed_size: int
    size: int
    content_hash: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Content:
    """What a stream was found to hold: its length in bytes and its SHA-256."""

    size: int
    content_hash: bytes


class StreamVault:
    """The large files of one member, in the vault's directory (0700, made by ``Vault``)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, context: bytes) -> "StreamWriter":
        """Return what takes one file; the caller ends it with ``finish`` or ``abandon``.

        Raises: VaultFull, VaultUnavailable.
        """
        return StreamWriter(self._directory, context)

    def open(self, digest: bytes, key: bytes, context: bytes) -> Iterator[bytes]:
        """Yield a stream's content in chunks, each checked before it is given.

        Whoever serves it calls ``check`` first, so that a damaged file is refused and not cut off.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        with translated(), self._open(digest) as file:
            try:
                yield from open_stream(file, key, context)
            except StreamDoesNotOpen as error:
                raise _damaged(digest) from error

    def check(self, digest: bytes, key: bytes, context: bytes) -> Content:
        """Open a whole stream without giving it out; return what it holds.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        size, content = 0, sha256()
        for chunk in self.open(digest, key, context):
            size += len(chunk)
            content.update(chunk)
        return Content(size, content.digest())

    @contextlib.contextmanager
    def sealed(self, digest: bytes) -> Iterator[Callable[[int, int], bytes]]:
        """Give what reads the sealed bytes, ``(offset, count)``, after checking them all.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        with translated():
            file = self._open(digest)

        def read(offset: int, count: int) -> bytes:
            with translated():
                file.seek(offset)
                return file.read(count)

        with file:
            with translated():
                unchanged = file_digest(file, "sha256").digest() == digest
            if not unchanged:
                raise _damaged(digest)
            yield read

    def holds(self, digest: bytes) -> bool:
        """Say whether a file of this name is here."""
        return (self._directory / digest.hex()).exists()

    def take(self, path: Path, digest: bytes) -> None:
        """Take a durable file, checked by the caller, from beside the vault into it.

        Raises: VaultFull, VaultUnavailable.
        """
        with translated():
            name_durably(path, self._directory / digest.hex())

    def _open(self, digest: bytes) -> BufferedReader:
        try:
            return (self._directory / digest.hex()).open("rb")
        except FileNotFoundError as error:
            raise VaultItemMissing("The vault has no such file.", digest=digest.hex()) from error


class StreamWriter:
    """Takes one file; used by one thread at a time."""

    def __init__(self, directory: Path, context: bytes) -> None:
        self._directory = directory
        self._key = new_key()
        self._sealer = StreamSealer(self._key, context)
        self._sealed_hash, self._content_hash = sha256(), sha256()
        self._sealed_size = self._size = 0
        self._unfinished = directory / (secrets.token_hex(16) + UNFINISHED_SUFFIX)
        with translated():
            self._file = os.fdopen(create(self._unfinished), "wb")

    def write(self, content: bytes) -> None:
        """Take the next bytes.

        Raises: DocumentTooLarge, VaultFull, VaultUnavailable; the caller then abandons.
        """
        self._content_hash.update(content)
        self._size += len(content)
        self._put(self._sealer.update(content))

    def finish(self) -> KeptStream:
        """Make the file durable under its name; it survives a power failure from now on.

        Raises: VaultFull, VaultUnavailable; the caller then abandons.
        """
        self._put(self._sealer.finish())
        digest = self._sealed_hash.digest()
        with translated():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            name_durably(self._unfinished, self._directory / digest.hex())
        return KeptStream(
            digest, self._sealed_size, self._size, self._content_hash.digest(), self._key
        )

    def abandon(self) -> None:
        """Leave nothing of an unfinished file; a finished one stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._unfinished.unlink(missing_ok=True)

    def _put(self, sealed: bytes) -> None:
        self._sealed_hash.update(sealed)
        self._sealed_size += len(sealed)
        with translated():
            self._file.write(sealed)


def _damaged(digest: bytes) -> VaultDamaged:
    return VaultDamaged("A file in the vault has changed.", digest=digest.hex())
