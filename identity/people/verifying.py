"""Compares passwords beside everything else: at most one a core at once, after all other work.

Argon2 takes a core and 19 MiB for tens of milliseconds. Its threads run at the lowest priority,
so that a storm of sign-ins waits and other requests do not; the ones that wait are bounded.
"""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from identity.people import passwords
from identity.people.errors import SignInBusy

LOWEST = 19
MAX_WAITING = 200
"""Comparisons that wait at once, some five seconds' worth; more are refused."""


class Verifications:
    """The process's one place where passwords are compared and hashed.

    Args:
        cores: how many run at once.
    """

    def __init__(self, cores: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(
            cores or max(1, (os.cpu_count() or 1) - 1), "passwords", _give_way
        )
        self._lock = threading.Lock()
        self._waiting = 0

    async def matches(self, stored: str | None, password: str) -> bool:
        """As ``passwords.matches``; raises SignInBusy."""
        self._enter()
        try:
            running = self._pool.submit(passwords.matches, stored, password)
            return await asyncio.wrap_future(running)
        finally:
            self._leave()

    async def hashed(self, password: str) -> str:
        """As ``passwords.hash_password``; raises SignInBusy."""
        self._enter()
        try:
            return await asyncio.wrap_future(self._pool.submit(passwords.hash_password, password))
        finally:
            self._leave()

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _enter(self) -> None:
        with self._lock:
            if self._waiting >= MAX_WAITING:
                raise SignInBusy("Too many passwords wait to be compared.")
            self._waiting += 1

    def _leave(self) -> None:
        with self._lock:
            self._waiting -= 1


def _give_way() -> None:
    """Give this thread the lowest priority; Linux has one for each thread."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
