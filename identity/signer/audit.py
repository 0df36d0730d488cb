"""The signer's own audit file: one JSON line for each answer, durable before the answer is given.

It holds what the ledger will show anyway (act types, ids, digests), never a bill number or a key.
"""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from identity.errors import AuditUnavailable, SettingsUnusable


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

    def append(self, did: str, **facts: object) -> None:
        """Write one line and wait until it is on the disk; raises as ``append_all``."""
        self.append_all([(did, facts)])

    def append_all(self, lines: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Write several lines, what was done and its facts, and wait once for all of them.

        Raises:
            AuditUnavailable: they are not on the disk (it is full, for one); none of it counts.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = b"".join(
            json.dumps({"at": at, "did": did, **facts}).encode() + b"\n" for did, facts in lines
        )
        try:
            end = self._end_of_last_line()
            if os.write(self._file, text) != len(text):
                os.ftruncate(self._file, end)
                raise AuditUnavailable("The audit line was written in part and taken back.")
            os.fsync(self._file)
        except OSError as error:
            raise AuditUnavailable(f"The audit line was not written: {error.strerror}.") from error

    def close(self) -> None:
        """Close the file and give up its lock."""
        os.close(self._file)

    def _end_of_last_line(self) -> int:
        """Return the file's length, having closed a line that a crash left open."""
        end = os.fstat(self._file).st_size
        if end and os.pread(self._file, 1, end - 1) != b"\n":
            os.write(self._file, b"\n")
            end += 1
        return end
