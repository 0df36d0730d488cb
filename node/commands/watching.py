"""Waits for commands to get somewhere, for all callers of a process at once.

A commit of this process that moved a command rings at once; what other processes commit (the
follower may be one) is seen by a look at the database's change counter, which costs almost
nothing. Only when something was committed is one query made, for all commands that are waited for.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from threading import Event, Lock, Thread
from weakref import WeakSet

import structlog
from sqlalchemy import event
from sqlmodel import Session, col, select

from node.errors import Unavailable
from node.store.changes import Changes
from node.store.commands import ENDED_STATES, RELAYED, Command
from node.store.database import Database

LOOK_SECONDS = 0.05
# How long to leave a database alone that does not answer.
PAUSE_SECONDS = 0.5
QUERY_IDS = 500
# What a caller may wait for, and the states in which it has come to that.
REACHED = {"final": frozenset(ENDED_STATES), "relayed": frozenset((RELAYED, *ENDED_STATES))}

log = structlog.get_logger("commands")


class Watch:
    """The commands that callers of this process wait for; one thread looks, while there are any."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()  # guards _waiters and _looking
        self._waiters: dict[str, set[_Waiter]] = {}
        self._looking = False
        self._rung = Event()
        _watches.add(self)

    async def reached(self, command: str, goal: str, seconds: float) -> bool:
        """Return whether the command came to ``goal`` (of ``REACHED``) within so many seconds."""
        waiter = _Waiter(goal, asyncio.get_running_loop())
        with self._lock:
            self._waiters.setdefault(command, set()).add(waiter)
            self._rung.set()  # it may be there already
            if not self._looking:
                self._looking = True
                Thread(target=self._look, name="watch", daemon=True).start()
        try:
            async with asyncio.timeout(seconds):
                await waiter.done
            return True
        except TimeoutError:
            return False
        finally:
            self._forget(command, waiter)

    def ring(self) -> None:
        """Look again: a command has moved."""
        self._rung.set()

    def _forget(self, command: str, waiter: "_Waiter") -> None:
        with self._lock:
            waiters = self._waiters.get(command, set())
            waiters.discard(waiter)
            if not waiters:
                self._waiters.pop(command, None)

    def _look(self) -> None:
        while True:
            try:
                self._look_while_waited_for()
                return
            except Unavailable as error:
                with self._lock:
                    if not self._waiters:  # or it would look for nobody as long as that lasts
                        self._looking = False
                        return
                log.warning("waiting callers are told later", code=error.code)
                time.sleep(PAUSE_SECONDS)

    def _look_while_waited_for(self) -> None:
        changes = Changes(self._database)
        self._rung.set()
        try:
            while True:
                with self._lock:
                    if not self._waiters:
                        self._looking = False
                        return
                    wanted = list(self._waiters)
                if self._rung.is_set() or changes.seen():
                    self._rung.clear()
                    self._tell(wanted)
                self._rung.wait(LOOK_SECONDS)
        finally:
            changes.close()

    def _tell(self, wanted: list[str]) -> None:
        states = self._states(wanted)
        with self._lock:
            there = [
                waiter
                for command, state in states.items()
                for waiter in self._waiters.get(command, ())
                if state in REACHED[waiter.goal]
            ]
        for waiter in there:
            waiter.tell()

    def _states(self, wanted: Iterable[str]) -> dict[str, str]:
        ids, found = list(wanted), {}
        with self._database.read() as session:
            for start in range(0, len(ids), QUERY_IDS):
                part = ids[start : start + QUERY_IDS]
                query = select(Command.id, Command.state).where(col(Command.id).in_(part))
                found.update(dict(session.exec(query).all()))
        return found


class _Waiter:
    """One caller in its event loop; told from the watching thread."""

    def __init__(self, goal: str, loop: asyncio.AbstractEventLoop) -> None:
        self.goal = goal
        self._loop = loop
        self.done: asyncio.Future[None] = loop.create_future()

    def tell(self) -> None:
        """Let the caller go on."""
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


def ring_after(session: Session) -> None:
    """Have this process's watches look once ``session`` has committed."""
    if not session.info.get("rings"):
        session.info["rings"] = True
        event.listen(session, "after_commit", _ring)


def _ring(_session: Session) -> None:
    for watch in list(_watches):
        watch.ring()


_watches: "WeakSet[Watch]" = WeakSet()
