"""Does the work that follows a write: the rows of the outbox, in process, until each is done.

A row was stored in the transaction of the write it follows, so the work is done at least once
however the process ends; every task is safe to run twice. A task opens its own transactions and
holds none while it talks to others. One that fails is tried again later, and holds up no other.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from threading import Event, Lock, Thread
from typing import Any

import structlog
from sqlalchemy import insert
from sqlmodel import Session, col, or_, select, update

from node.commands.states import CODED_ERRORS
from node.errors import NodeError, Waiting
from node.metrics import job_seconds, jobs
from node.store.commands import OutboxRow
from node.store.database import Database
from node.store.due import is_due, waits
from node.store.rows import table_of

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
THREADS = 4
LOOK_AHEAD_ROWS = 64
# How long a row is left to whoever began it, and how often that one says that it still works: when
# it does not, it has died, and another takes the row up.
CLAIM_SECONDS = 15.0
RENEW_SECONDS = 5.0
# Kinds of rows that are stored for a certain time, however far ahead: what the others are put off
# to lies near, or else the clock was wrong. See node/store/due.py.
APPOINTED = ("lapse",)

Task = Callable[[dict[str, Any]], None]
_INSERT = insert(table_of(OutboxRow)).inline()

log = structlog.get_logger("jobs")


def enqueue(session: Session, kind: str, payload: dict[str, Any]) -> None:
    """Add work of ``kind`` to the caller's transaction; ``payload`` holds ids only."""
    now = time.time()
    row = {"kind": kind, "payload": payload, "due": now, "created_at": int(now)}
    session.connection().execute(_INSERT, row | {"attempts": 0, "waiting": False})


def delay_seconds(attempts: int) -> float:
    """Return how long to wait after so many failed attempts: 1, 2, 4, … at most 60 seconds."""
    doublings = min(max(attempts - 1, 0), 16)
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * (1 << doublings))


class Jobs:
    """Makes one attempt at one row of the outbox, and stores what came of it.

    Args:
        db: the database with the outbox.
        tasks: the function for each kind of row; it is given the row's payload.
        claims: whether others may attempt the same row: then a row is put off by
            ``CLAIM_SECONDS`` before and while its task runs, and whoever finds it put off leaves
            it alone.
    """

    def __init__(self, db: Database, tasks: Mapping[str, Task], claims: bool = False) -> None:
        self._db = db
        self._tasks = tasks
        self._claims = claims

    def attempt(self, row_id: int) -> None:
        """Do the work of a row, if it is still there; what fails is stored and logged."""
        try:
            row = self._claimed(row_id) if self._claims else self._read(row_id)
            if row is not None:
                with self._kept(row_id) if self._claims else nullcontext():
                    failure = self._attempt(row)
                self._end(row_id, failure)
        except NodeError as error:
            log.warning("the outbox cannot be written", code=error.code)
        except Exception:
            log.exception("a task's end was not stored")

    def _read(self, row_id: int) -> OutboxRow | None:
        with self._db.read() as session:
            return session.get(OutboxRow, row_id)

    def _claimed(self, row_id: int) -> OutboxRow | None:
        now = time.time()
        with self._db.begin(beside=True) as session:
            row = session.get(OutboxRow, row_id, with_for_update=True)
            if row is None or _waits(row, now):
                return None
            row.due = now + CLAIM_SECONDS
            session.add(row)
        return row

    @contextmanager
    def _kept(self, row_id: int) -> Iterator[None]:
        """Renew the claim of a row until the block ends."""
        ended = Event()

        def renew() -> None:
            while not ended.wait(RENEW_SECONDS):
                claim = update(OutboxRow).where(col(OutboxRow.id) == row_id)
                try:
                    with self._db.begin(beside=True) as session:
                        session.exec(claim.values(due=time.time() + CLAIM_SECONDS))
                except NodeError as error:
                    log.warning("a claim was not renewed", row=row_id, code=error.code)

        thread = Thread(target=renew, name=f"claim {row_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _attempt(self, row: OutboxRow) -> Exception | None:
        failure: Exception | None = None
        began = time.perf_counter()
        try:
            self._tasks[row.kind](row.payload)
        except Waiting as error:
            failure = error
        except CODED_ERRORS as error:
            failure = error
            log.warning("work will be tried again", kind=row.kind, row=row.id, code=error.code)
        except Exception as error:  # whatever a task meets, the others go on
            failure = error
            log.exception("work will be tried again", kind=row.kind, row=row.id)
        job_seconds.labels(row.kind).observe(time.perf_counter() - began)
        jobs.labels(row.kind, _result(failure)).inc()
        return failure

    def _end(self, row_id: int, failure: Exception | None) -> None:
        def end(session: Session) -> None:
            stored = session.get(OutboxRow, row_id, with_for_update=True)
            if stored is None:
                return
            if failure is None:
                session.delete(stored)
                wake(session)
            else:
                put_off(session, stored, failure)

        self._db.write(end, beside=True)


class Worker:
    """Runs due rows on a few threads, so that one slow receiver does not hold up the rest.

    Args:
        db: the database with the outbox.
        attempts: what does the work of a row.
        elsewhere: kinds of rows that are done by something else.
    """

    def __init__(self, db: Database, attempts: Jobs, elsewhere: Collection[str] = ()) -> None:
        self._db = db
        self._jobs = attempts
        self._elsewhere = tuple(elsewhere)
        self._running: dict[int, Thread] = {}
        self._lock = Lock()  # guards _running

    def step(self) -> int:
        """Start every due row that is not running and for which a thread is free; return how many.

        Raises:
            StorageUnavailable: the outbox cannot be read.
        """
        with self._lock:
            busy = set(self._running)
        room = THREADS - len(busy)
        if room <= 0:
            return 0
        due = [row for row, _ in due_rows(self._db, self._elsewhere) if row not in busy][:room]
        for row in due:
            # Daemon: a process that ends does not wait for a receiver; the row is done again.
            thread = Thread(target=self._run, args=(row,), name=f"job {row}", daemon=True)
            with self._lock:
                self._running[row] = thread
            thread.start()
        return len(due)

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Give running tasks some time to end."""
        until = time.monotonic() + timeout_seconds
        with self._lock:
            threads = list(self._running.values())
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, row_id: int) -> None:
        try:
            self._jobs.attempt(row_id)
        finally:
            with self._lock:
                self._running.pop(row_id, None)


def due_rows(db: Database, elsewhere: Collection[str] = ()) -> list[tuple[int, float]]:
    """Return ids of rows that are due, and since when; the oldest first, 64 at most.

    Args:
        elsewhere: kinds that are left out.

    Raises: StorageUnavailable.
    """
    now = time.time()
    with db.read() as session:
        query = (
            select(OutboxRow.id, OutboxRow.due)
            .where(is_due(col(OutboxRow.due), now, LONGEST_DELAY_SECONDS))
            .where(or_(col(OutboxRow.due) <= now, col(OutboxRow.kind).not_in(APPOINTED)))
            .where(col(OutboxRow.kind).not_in(tuple(elsewhere)))
            .order_by(col(OutboxRow.due), col(OutboxRow.id))
            .limit(LOOK_AHEAD_ROWS)
        )
        return [(row, due) for row, due in session.exec(query) if row is not None]


def _waits(row: OutboxRow, now: float) -> bool:
    """Say whether the time of a row is still to come."""
    if row.kind in APPOINTED:
        return row.due > now
    return waits(row.due, now, LONGEST_DELAY_SECONDS)


def work_waits(db: Database) -> bool:
    """Return whether any work, or any delivery to a member, waits, be it due or put off.

    Raises: StorageUnavailable.
    """
    with db.read() as session:
        return bool(session.connection().exec_driver_sql(_WAITS).scalar_one())


# Asked several times a second, for years: as text, because making the statement takes longer.
_WAITS = (
    "SELECT EXISTS (SELECT 1 FROM outbox)"
    " OR EXISTS (SELECT 1 FROM delivery WHERE state = 'waiting')"
)


def put_off(session: Session, row: OutboxRow, failure: Exception) -> None:
    """Have work that failed, or waits, tried again later."""
    row.attempts += 1
    row.waiting = isinstance(failure, Waiting)
    row.last_error = describe(failure)
    row.due = time.time() + delay_seconds(row.attempts)
    session.add(row)


def wake(session: Session) -> None:
    """Make rows due that wait for others: what they wait for may just have been done."""
    session.exec(update(OutboxRow).where(col(OutboxRow.waiting)).values(due=time.time()))


def _result(failure: Exception | None) -> str:
    if failure is None:
        return "done"
    return "waiting" if isinstance(failure, Waiting) else "failed"


def describe(error: Exception) -> str:
    """Return what may be kept of an error: codes and our own sentences, no foreign text."""
    if isinstance(error, CODED_ERRORS):
        return f"{error.code}: {error.message}"
    return type(error).__name__
