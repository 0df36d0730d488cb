"""The desk where people are let in by password: in processes of their own, beside the API.

Argon2 takes a core and 19 MiB for tens of milliseconds, and what is asked of the database for one
sign-in more of Python than any other request does. In the API's process a storm of sign-ins would
hold up everybody; here it waits, and the ones that wait are bounded. A process is started when the
first password comes, and again when it was killed.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from identity.people.errors import SignInBusy
from node.people.visits import Outcome, Visit
from node.store.errors import AuditUnwritable, StorageConflict, StorageUnavailable, ValueRefused

MAX_WAITING = 200
"""Questions that wait at once, some twenty-five seconds' worth; more are refused."""

# What such a process needs of the environment; no passphrase is among it.
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_ERRORS = {
    each.code: each for each in (AuditUnwritable, StorageConflict, StorageUnavailable, ValueRefused)
}


class PasswordDesk:
    """The one place of a process where passwords are compared and hashed.

    Args:
        database_url: as of ``Database``.
        secret: 32 bytes, the member's envelope key; the sealing key is derived from it.
        at_once: how many are compared at once; one less than there are cores, but one.
    """

    def __init__(self, database_url: str, secret: bytes, at_once: int | None = None) -> None:
        most = at_once or max(1, (os.cpu_count() or 1) - 1)
        self._first = json.dumps({"database": database_url, "secret": secret.hex()}) + "\n"
        self._pool = ThreadPoolExecutor(most, "passwords")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._started: list[subprocess.Popen[str]] = []
        self._waiting = 0

    async def sign_in(self, name: str, password: str, code: str, visit: Visit) -> Outcome:
        """Return what came of a sign-in, as ``signing_in.by_password``.

        Raises:
            SignInBusy: too many wait, or the process was killed; whether it let somebody in
                then, nobody knows: the session has no cookie.
            StorageUnavailable, ValueRefused: nothing was stored.
        """
        asked = {"name": name, "password": password, "code": code, **asdict(visit)}
        return Outcome(**await self._asked(asked))

    async def hashed(self, password: str) -> str:
        """As ``passwords.hash_password``; raises SignInBusy."""
        return str((await self._asked({"password": password}))["hash"])

    def close(self) -> None:
        """End the processes; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for process in self._started:
            _end(process)

    async def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if self._waiting >= MAX_WAITING:
                raise SignInBusy("Too many passwords wait to be compared.")
            self._waiting += 1
        try:
            line = json.dumps(question) + "\n"
            told = json.loads(await asyncio.wrap_future(self._pool.submit(self._answer, line)))
        finally:
            with self._lock:
                self._waiting -= 1
        if "error" in told:
            raise _ERRORS.get(told["error"], StorageUnavailable)(told["sentence"])
        return dict(told)

    def _answer(self, line: str) -> str:
        """Ask this thread's process, or another one if it was killed before; raises SignInBusy."""
        for _ in range(2):
            process = self._process()
            try:
                _tell(process, line)
            except BrokenPipeError:
                self._forget(process)
                continue
            assert process.stdout is not None  # noqa: S101 (it is a pipe)
            if answer := process.stdout.readline():
                return answer
            self._forget(process)
            break
        raise SignInBusy("Passwords cannot be compared at this moment.")

    def _process(self) -> "subprocess.Popen[str]":
        found: subprocess.Popen[str] | None = getattr(self._own, "process", None)
        if found is None:
            found = subprocess.Popen(
                [sys.executable, "-m", "node.people.desk_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="ascii",
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )
            self._own.process = found
            with self._lock:
                self._started.append(found)
            _tell(found, self._first)
        return found

    def _forget(self, process: "subprocess.Popen[str]") -> None:
        self._own.process = None
        with self._lock:
            self._started.remove(process)
        _end(process)


def _tell(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None  # noqa: S101 (it is a pipe)
    process.stdin.write(line)
    process.stdin.flush()


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
