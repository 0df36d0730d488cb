"""Compares passwords beside everything else: fewer at once than there are cores, after all others.

Argon2 takes a core and 19 MiB for tens of milliseconds. It runs in processes of their own at the
lowest priority, so that a storm of sign-ins waits and other requests do not; the ones that wait
are bounded. A process is started when the first password comes, and again when it was killed.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from identity.people.errors import SignInBusy

MAX_WAITING = 200
"""Comparisons that wait at once, some five seconds' worth; more are refused."""

# What such a process needs of the environment; no passphrase is among it.
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")


class Verifications:
    """The one place of a process where passwords are compared and hashed.

    Args:
        at_once: how many are compared at once; one less than there are cores, but one.
    """

    def __init__(self, at_once: int | None = None) -> None:
        most = at_once or max(1, (os.cpu_count() or 1) - 1)
        self._pool = ThreadPoolExecutor(most, "passwords")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._started: list[subprocess.Popen[str]] = []
        self._waiting = 0

    async def matches(self, stored: str | None, password: str) -> bool:
        """As ``passwords.matches``; raises SignInBusy."""
        return await self._asked({"stored": stored, "password": password}) is True

    async def hashed(self, password: str) -> str:
        """As ``passwords.hash_password``; raises SignInBusy."""
        return str(await self._asked({"password": password}))

    def close(self) -> None:
        """End the processes; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for process in self._started:
            _end(process)

    async def _asked(self, question: dict[str, str | None]) -> Any:
        with self._lock:
            if self._waiting >= MAX_WAITING:
                raise SignInBusy("Too many passwords wait to be compared.")
            self._waiting += 1
        try:
            line = json.dumps(question) + "\n"
            return await asyncio.wrap_future(self._pool.submit(self._answer, line))
        finally:
            with self._lock:
                self._waiting -= 1

    def _answer(self, line: str) -> Any:
        """Ask this thread's process; start another one if it was killed. Raises SignInBusy."""
        for _ in range(2):
            process = self._process()
            try:
                assert process.stdin is not None  # noqa: S101 (they are pipes)
                assert process.stdout is not None  # noqa: S101
                process.stdin.write(line)
                process.stdin.flush()
                answer = process.stdout.readline()
            except BrokenPipeError:
                answer = ""
            if answer:
                return json.loads(answer)
            self._forget(process)
        raise SignInBusy("Passwords cannot be compared at this moment.")

    def _process(self) -> "subprocess.Popen[str]":
        found: subprocess.Popen[str] | None = getattr(self._own, "process", None)
        if found is None:
            found = subprocess.Popen(
                [sys.executable, "-m", "identity.people.comparing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                errors="surrogatepass",
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )
            self._own.process = found
            with self._lock:
                self._started.append(found)
        return found

    def _forget(self, process: "subprocess.Popen[str]") -> None:
        self._own.process = None
        with self._lock:
            self._started.remove(process)
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
