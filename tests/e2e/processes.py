"""What a test does to the processes of a running consortium: find, halt, fill their disk, kill."""

import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from story.consortium import Consortium


def pids(consortium: Consortium) -> dict[str, int]:
    """Process ids by program name, as the supervisor tells them."""
    told: dict[str, int] = json.loads((consortium.directory / "pids.json").read_text())
    return told


@contextmanager
def halted(pid: int) -> Iterator[None]:
    """Halt a process as a hung machine would, and let it go on afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def disk_full(pid: int) -> Iterator[None]:
    """Let the kernel refuse every byte that a process and its children write to a file.

    A limit on the length of files does it: it needs no rights and no file system of its own, and
    it can be lifted from a process that runs.
    """
    before = {each: resource.prlimit(each, resource.RLIMIT_FSIZE) for each in _family(pid)}
    for each, (_, hard) in before.items():
        resource.prlimit(each, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for each, limits in before.items():
            resource.prlimit(each, resource.RLIMIT_FSIZE, limits)


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found
