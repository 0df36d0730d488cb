"""Wakes who waits for the stream to grow: threads, and streams in an event loop.

One thread for all of them, while there are any. It reads the head only after a commit, of this
process or another.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from threading import Condition, Thread
from time import monotonic

import structlog

from node.errors import Unavailable
from node.events.stream import head
from node.metrics import event_streams
from node.store.changes import Commits
from node.store.database import Database

# How long the thread goes on when nobody waits any more.
LINGER_SECONDS = 2.0
RETRY_SECONDS = 1.0

log = structlog.get_logger("events")


class Tail:
    """The end of one member's stream, as one process watches it.

    ``closed`` becomes true when the process stops; then nobody waits any more.
    """

    def __init__(self, database: Database, commits: Commits) -> None:
        self._database = database
        self._commits = commits
        self._grown = Condition()  # guards all below
        self._head = 0
        self._waiting = 0
        self._looking = False
        self._bells: set[Bell] = set()
        self.closed = False

    @property
    def bells(self) -> int:
        """How many streams of this process are open."""
        with self._grown:
            return len(self._bells)

    def wait(self, beyond: int, seconds: float) -> bool:
        """Return whether the head is beyond a position, after so many seconds at the most."""
        until = monotonic() + seconds
        with self._grown, self._watched():
            while self._head <= beyond and not self.closed:
                left = until - monotonic()
                if left <= 0 or not self._grown.wait(left):
                    break
            return self._head > beyond

    @contextlib.contextmanager
    def bell(self) -> Iterator["Bell"]:
        """Give a bell that rings in this event loop whenever the stream grows, or closes."""
        bell = Bell(asyncio.get_running_loop())
        with self._grown, self._watched(keep=True):
            self._bells.add(bell)
        event_streams.inc()
        try:
            yield bell
        finally:
            event_streams.dec()
            with self._grown:
                self._bells.discard(bell)
                self._waiting -= 1

    def close(self) -> None:
        """Let everybody go on, for good."""
        with self._grown:
            self.closed = True
            self._tell()

    @contextlib.contextmanager
    def _watched(self, keep: bool = False) -> Iterator[None]:
        """Count somebody who waits, and have the thread look meanwhile; under the lock."""
        self._waiting += 1
        if not self._looking:
            self._looking = True
            Thread(target=self._look, name="tail", daemon=True).start()
        try:
            yield
        finally:
            if not keep:
                self._waiting -= 1

    def _look(self) -> None:
        while True:
            try:
                self._watch()
                return
            except Unavailable as error:
                log.warning("the stream cannot be watched", code=error.code)
            except Exception:  # the thread's edge: whoever waits must not wait for ever
                log.exception("the stream cannot be watched")
            with self._grown:
                self._grown.wait(RETRY_SECONDS)

    def _watch(self) -> None:
        """Look until nobody waits."""
        while True:
            seen = self._commits.count
            self._read()
            while not self._commits.wait(seen, LINGER_SECONDS):
                if self._ends():
                    return
            if self._ends():
                return

    def _ends(self) -> bool:
        """Whether nobody waits any more; then another thread begins for who comes."""
        with self._grown:
            if self.closed or not self._waiting:
                self._looking = False
            return not self._looking

    def _read(self) -> None:
        with self._database.read() as session:
            now = head(session)
        with self._grown:
            if now != self._head:
                self._head = now
                self._tell()

    def _tell(self) -> None:
        self._grown.notify_all()
        for bell in self._bells:
            bell.ring()


class Bell:
    """Rings for one stream, in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ring; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._rung.set)

    def silence(self) -> None:
        """Forget what rang; before a look at the stream, so that nothing after it is missed."""
        self._rung.clear()

    async def wait(self, seconds: float) -> None:
        """Return when it rings, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
