"""The lane's own append-only file: every reading, every counter given, every act, every outcome.

One JSON object a line, made durable before the next step is taken. A counter is written before
anything is signed with it, so that no restart can give it twice. A last line without its end was
never answered for and is cut off; any other damage stops the gateway.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Self

from device_oracles.errors import JournalInUse, JournalInvalid, JournalUnavailable


@dataclass
class Passage:
    """What the journal knows of one reading; ``act`` is the wire form in hex."""

    act: str | None = None
    device_counter: int | None = None
    outcome: dict[str, Any] | None = None


class Journal:
    """The lane's journal; one process may have it open, which one lock sees to.

    Raises: JournalInUse, JournalInvalid, JournalUnavailable (also from every write).
    """

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        self._passages: dict[str, Passage] = {}
        self._counter = 0
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._file)
                raise JournalInUse(f"{path} is in use by another gateway.") from error
            self._load(path)
            _sync_directory(path.parent)
        except OSError as error:
            raise JournalUnavailable(f"{path} cannot be opened.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def last_counter(self) -> int:
        """The last device counter given; 0 before the first."""
        return self._counter

    def passage(self, reading: str) -> Passage | None:
        """What is known of the reading with this hash; None if it was never recorded."""
        return self._passages.get(reading)

    def record_reading(self, reading: str, signed: dict[str, str], at: int) -> None:
        """Record a reading before anything is done about it; ``at`` in UTC seconds."""
        self._append({"entry": "reading", "reading": reading, "recorded_at": at, "signed": signed})

    def next_counter(self, reading: str) -> int:
        """Give the next device counter; durable when this returns, and never given again."""
        with self._lock:
            self._append({"entry": "counter", "reading": reading, "counter": self._counter + 1})
            return self._counter

    def record_act(self, reading: str, counter: int, act: str) -> None:
        """Record a signed act (wire form, hex) before it is sent."""
        self._append({"entry": "act", "reading": reading, "counter": counter, "act": act})

    def record_outcome(self, reading: str, outcome: dict[str, Any]) -> None:
        """Record what came of a reading; nothing changes it afterwards."""
        self._append({"entry": "outcome", "reading": reading, "outcome": outcome})

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            start: int | None = None
            try:
                start = os.fstat(self._file).st_size
                if os.write(self._file, line) != len(line):
                    raise OSError("the disk took a part of the line")
                os.fsync(self._file)
            except OSError as error:
                if start is not None:
                    os.ftruncate(self._file, start)
                raise JournalUnavailable("The journal could not be written.") from error
            self._apply(entry)

    def _load(self, path: Path) -> None:
        with path.open("rb") as lines:
            whole = 0
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    os.ftruncate(self._file, whole)
                    os.fsync(self._file)
                    return
                whole += len(line)
                try:
                    self._apply(json.loads(line))
                except (ValueError, KeyError, TypeError) as error:
                    raise JournalInvalid(
                        f"Line {number} of {path} is damaged.", line=number
                    ) from error

    def _apply(self, entry: dict[str, Any]) -> None:
        passage = self._passages.setdefault(entry["reading"], Passage())
        match entry["entry"]:
            case "counter":
                if entry["counter"] != self._counter + 1:
                    raise ValueError("a counter is missing")
                self._counter = entry["counter"]
            case "act":
                passage.act, passage.device_counter = entry["act"], entry["counter"]
            case "outcome":
                passage.outcome = entry["outcome"]
            case "reading":
                pass
            case other:
                raise ValueError(f"an entry called {other}")


def _sync_directory(directory: Path) -> None:
    """Make the file's own name durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
