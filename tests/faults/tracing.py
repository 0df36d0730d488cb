"""Lets the kernel answer a process's system calls otherwise, by strace (Debian's package)."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTACH_SECONDS = 20.0


class Trace:
    """What strace did to a process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text: str | None = None

    @property
    def hits(self) -> int:
        """How many calls were answered otherwise, or killed; also after the end."""
        text = self._file.read_text() if self._text is None else self._text
        return text.count("(INJECTED)") + text.count("+++ killed by SIGKILL")

    def end(self) -> None:
        """Keep what was written before the file goes."""
        self._text = self._file.read_text()


@contextmanager
def injected(pid: int, calls: str, what: str) -> Iterator[Trace]:
    """Have ``calls`` of a process, and of what it starts meanwhile, injected for the body.

    Args:
        calls: names of system calls, by commas.
        what: as strace has it, such as ``error=EIO``.
    """
    with tempfile.NamedTemporaryFile(prefix="lading-trace-") as file:
        command = ["strace", "-f", "-qq", "-o", file.name, "-p", str(pid)]
        command += ["-e", f"trace={calls}", "-e", f"inject={calls}:{what}"]
        with tempfile.TemporaryFile() as said:
            tracer = subprocess.Popen(command, stderr=said, stdin=subprocess.DEVNULL)
            trace = Trace(Path(file.name))
            try:
                _attached(pid, tracer)
                yield trace
            finally:
                tracer.terminate()  # it lets the process go
                tracer.wait(20)
                trace.end()


def _attached(pid: int, tracer: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + ATTACH_SECONDS
    while not all(_tracer(task) == tracer.pid for task in Path(f"/proc/{pid}/task").iterdir()):
        assert tracer.poll() is None, f"strace ended: {tracer.returncode}"
        assert time.monotonic() < until, "strace does not attach"
        time.sleep(0.02)


def _tracer(task: Path) -> int:
    for line in (task / "status").read_text().splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    return 0
