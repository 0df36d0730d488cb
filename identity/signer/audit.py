"""The signer's own audit file: one JSON line for each answer, durable before the answer is given.

It holds what the ledger will show anyway (act types, ids, digests), never a bill number or a key.
Each line names the SHA-256 of the one before as ``prev``, so that none can be changed or taken out
between two without the rest. The node notes the last one's hash in its own audit log.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from identity.errors import AuditUnavailable, SettingsUnusable

FIRST = "0" * 64
"""What the first line names as the one before it."""

_CHUNK_BYTES = 64 * 1024


class AuditFile:
    """Appends lines; holds the file's lock, so that a directory has one signer.

    Raises:
        SettingsUnusable: another signer runs in this directory.
        AuditUnavailable: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise AuditUnavailable(f"{path} cannot be opened: {error.strerror}.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise SettingsUnusable(f"Another signer holds {path}.") from error
        self._end = os.fstat(self._file).st_size
        self._head = hash_of(self._last_line())

    @property
    def head(self) -> str:
        """SHA-256 of the last line, hex; ``FIRST`` of an empty file."""
        return self._head

    def append(self, did: str, **facts: object) -> None:
        """Write one line and wait until it is on the disk; raises as ``append_all``."""
        self.append_all([(did, facts)])

    def append_all(self, lines: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Write several lines, what was done and its facts, and wait once for all of them.

        Raises:
            AuditUnavailable: they are not on the disk (it is full, for one); none of it counts.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        try:
            end = self._end_of_last_line()
            head, text = self._head, b""
            for did, facts in lines:
                line = json.dumps({"at": at, "did": did, **facts, "prev": head}).encode()
                head, text = hash_of(line), text + line + b"\n"
            if os.write(self._file, text) != len(text):
                os.ftruncate(self._file, end)
                raise AuditUnavailable("The audit line was written in part and taken back.")
            os.fsync(self._file)
            self._head, self._end = head, end + len(text)
        except OSError as error:
            raise AuditUnavailable(f"The audit line was not written: {error.strerror}.") from error

    def close(self) -> None:
        """Close the file and give up its lock."""
        os.close(self._file)

    def _end_of_last_line(self) -> int:
        """Return the file's length, having closed a line that a crash or a full disk left open."""
        end = os.fstat(self._file).st_size
        if end and os.pread(self._file, 1, end - 1) != b"\n":
            os.write(self._file, b"\n")
            end += 1
        if end != self._end:  # what a kill left half written, or lines that were said not to count
            self._head, self._end = hash_of(self._last_line()), end
        return end

    def _last_line(self) -> bytes:
        """Return the last line, whole or not, without its end; empty of an empty file."""
        end = os.fstat(self._file).st_size
        if end and os.pread(self._file, 1, end - 1) == b"\n":
            end -= 1
        tail, start = b"", end
        while start and b"\n" not in tail:
            size = min(_CHUNK_BYTES, start)
            start -= size
            tail = os.pread(self._file, size, start) + tail
        return tail.rpartition(b"\n")[2]


def hash_of(line: bytes) -> str:
    """Return SHA-256 of a line without its end, hex; ``FIRST`` of no line."""
    return hashlib.sha256(line).hexdigest() if line else FIRST


@dataclass(frozen=True)
class Line:
    """A line of the file: its number from 1, its hash, and whether it follows the one before.

    ``follows`` is None for a line that a crash cut short: it says nothing of its own.
    """

    number: int
    hash: str
    follows: bool | None


def chain(path: Path) -> Iterator[Line]:
    """Return every line of the file, in order.

    Raises:
        AuditUnavailable: the file cannot be read.
    """
    before = FIRST
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.rstrip(b"\n")
                try:
                    given = json.loads(line)
                    follows = isinstance(given, dict) and given.get("prev") == before
                except ValueError:
                    follows = None
                before = hash_of(line)
                yield Line(number, before, follows)
    except OSError as error:
        raise AuditUnavailable(f"{path} cannot be read: {error.strerror}.") from error
