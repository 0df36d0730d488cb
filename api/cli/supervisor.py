"""Keep a set of programs running: start them, start again what dies, stop all at the end.

``lading up`` uses it on one machine; production uses systemd. It opens nothing of a member but
the log files it hands to the programs as their standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 10.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """One process to keep running.

    Attributes:
        name: what messages call it.
        arguments: the whole command line.
        log: file that takes its standard output and error.
        secrets: environment variables it alone is given.
        stopped: while this file exists the program is kept stopped.
    """

    name: str
    arguments: Sequence[str]
    log: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    stopped: Path | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process; it gets SIGTERM should the supervisor die first."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                list(self.arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**_plain_environment(), **self.secrets},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (no thread is running yet in `up`)
            )


class Supervisor:
    """Runs programs until told to stop; not safe to use from several threads."""

    def __init__(self) -> None:
        self._programs: dict[str, Program] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by the programs' names."""
        return {name: process.pid for name, process in self._running.items()}

    def add(self, program: Program) -> None:
        """Start ``program`` and keep it running from now on."""
        self._programs[program.name] = program
        self._start(program.name)

    def look(self) -> list[str]:
        """Start what died and is due, stop what is to be stopped; return what changed, in words."""
        told = []
        for name, program in self._programs.items():
            halted = program.stopped is not None and program.stopped.exists()
            process = self._running.get(name)
            if process is not None and halted:
                _stop([process])
                del self._running[name]
                told.append(f"{name} stopped")
            elif process is not None and process.poll() is not None:
                del self._running[name]
                told.append(f"{name} ended with {process.returncode}; it starts again")
                self._put_off(name)
            elif process is None and not halted and time.monotonic() >= self._due.get(name, 0):
                self._start(name)
        return told

    def stop(self) -> None:
        """Stop everything, last started first; what does not stop in time is killed."""
        _stop(list(reversed(self._running.values())))
        self._running.clear()
        self._programs.clear()

    def _start(self, name: str) -> None:
        self._running[name] = self._programs[name].start()
        self._started[name] = time.monotonic()

    def _put_off(self, name: str) -> None:
        steady = time.monotonic() - self._started[name] > STEADY_SECONDS
        self._failures[name] = 0 if steady else self._failures.get(name, -1) + 1
        wait = BACK_OFF_SECONDS[min(self._failures[name], len(BACK_OFF_SECONDS) - 1)]
        self._due[name] = time.monotonic() + wait


def python_program(module: str, *arguments: str) -> list[str]:
    """Return the command line of a program by its module, started faster than by ``lading``."""
    return [sys.executable, "-m", module, *arguments]


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _plain_environment() -> dict[str, str]:
    """The environment without any member's secrets or settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("LADING_")}
