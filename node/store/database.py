"""One member's database, and the only place where a transaction begins or ends.

``begin`` is for writing, ``read`` for reading; whoever opens one owns it, and the code it calls
never commits. Several processes of one member may have the same database open. The engine is
SQLite (a file, the default) or PostgreSQL, by the URL; their own ways are in node/store/sqlite.py
and node/store/postgresql.py.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import event, exc
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from node.metrics import database_errors
from node.store import postgresql, sqlite
from node.store.errors import (
    AuditUnwritable,
    StorageConflict,
    StorageUnavailable,
    ValueRefused,
)

RETRY_SECONDS = (0.02, 0.1, 0.4, 1.0)
T = TypeVar("T")


class Database:
    """A pool of connections to one member's database.

    Args:
        url: ``sqlite:///`` and a path, or ``postgresql://`` with user, host and database. A SQLite
            database in memory is refused, because each of its connections would see another one.
        schema: PostgreSQL's schema of the tables; its default when None.
    """

    def __init__(self, url: str, schema: str | None = None) -> None:
        self.url = url
        self._turns = Lock()
        self._closed = False
        if url.startswith(postgresql.PREFIXES):
            self.is_postgresql = True
            self.engine = postgresql.open_engine(url, schema)
        elif url.startswith(sqlite.PREFIX) and not url.endswith(":memory:") and schema is None:
            self.is_postgresql = False
            self.engine = sqlite.open_engine(url)
        else:
            raise ValueError("The URL does not name a SQLite file or a PostgreSQL database.")
        self.way = postgresql if self.is_postgresql else sqlite
        self._reader = self.way.for_reading(self.engine)
        self._writer = self.way.for_writing(self.engine)

    @property
    def path(self) -> Path:
        """The file of a SQLite database; there is none of another."""
        if self.is_postgresql:
            raise ValueError("A PostgreSQL database has no file.")
        return sqlite.path_of(self.url)

    @contextmanager
    def begin(self, *, beside: bool = False) -> Iterator[Session]:
        """Give a session in a transaction of the only writer.

        It commits when the block ends and rolls back when the block raises.

        Args:
            beside: other writers may write at the same time, where the engine can. Only for a
                block that is right whatever they commit meanwhile: its keys are unique, or it
                locks the rows it reads (``with_for_update``).

        Raises:
            ValueRefused: a value is none that the engine can hold; nothing is stored.
            StorageConflict: another writer was in the way; nothing is stored, try the block again.
            StorageUnavailable: the disk is full or failing, the server is not reached, no
                connection or lock was free for 10 s.
        """
        opened = Session(self._writer, expire_on_commit=False)
        with self._turn(), self._translated(), opened as session:
            connection = session.connection()  # begins now, before anything is read
            if not beside:
                self.way.take_lock(connection)
            yield session
            session.commit()

    def write(self, work: Callable[[Session], T], *, beside: bool = False) -> T:
        """Return ``work`` of a session as ``begin`` gives it, done again after a conflict.

        ``work`` may run several times and changes nothing but the database.

        Raises: as ``begin``; a conflict only after five attempts.
        """
        for pause in RETRY_SECONDS:
            try:
                with self.begin(beside=beside) as session:
                    return work(session)
            except StorageConflict:
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        with self.begin(beside=beside) as session:
            return work(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one moment of the database; what it writes is thrown away.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        with self._translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session  # closing rolls back; rows already read stay readable

    def own_connection(self) -> Any:
        """Return a connection of the driver, outside the pool, that begins no transactions.

        Whoever asks for it closes it.

        Raises: StorageUnavailable.
        """
        try:
            with self._translated():
                pooled = self.engine.raw_connection()
                self.way.stand_alone(pooled.driver_connection)
        except self.engine.dialect.loaded_dbapi.Error as error:  # here nothing translates it
            database_errors.labels("lost").inc()
            raise StorageUnavailable("The database does not take a connection.") from error
        pooled.detach()  # closing it closes the connection
        return pooled

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let this process's writers of a SQLite file go one after the other."""
        if self.is_postgresql:
            yield
        elif not self._turns.acquire(timeout=sqlite.BUSY_TIMEOUT_MS / 1000):
            database_errors.labels("locked").inc()
            raise StorageUnavailable("The database's other writers do not come to an end.")
        else:
            try:
                yield
            finally:
                self._turns.release()

    def close(self) -> None:
        """Close the pool's connections; one that a thread still uses, when it is given back.

        The object can be used again afterwards, with a new connection each time.
        """
        if not self._closed:
            event.listen(self.engine, "checkin", _close_given_back)
            self._closed = True
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the engine's word for what may pass into StorageUnavailable."""
        try:
            yield
        except exc.TimeoutError as error:
            database_errors.labels("pool").inc()
            raise StorageUnavailable("No connection to the database was free.") from error
        except exc.DBAPIError as error:
            if self.is_postgresql and postgresql.is_conflict(error):
                database_errors.labels("conflict").inc()
                raise StorageConflict("Another writer was in the way.") from error
            trouble = self.way.trouble_of(error)
            if isinstance(error, exc.DataError) and self.is_postgresql:
                raise ValueRefused("A value cannot be stored.") from error
            if trouble is None and (error.statement or "").startswith("INSERT INTO audit "):
                database_errors.labels("audit").inc()
                raise AuditUnwritable("The change's audit row cannot be written.") from error
            if trouble is None:
                raise
            database_errors.labels(trouble).inc()
            raise StorageUnavailable(f"The database answers: {_first_line(error)}.") from error


def _close_given_back(_connection: object, entry: ConnectionPoolEntry) -> None:
    entry.invalidate()


def _first_line(error: exc.DBAPIError) -> str:
    """What the engine says, without the rows or addresses that may follow."""
    return str(error.orig).strip().partition("\n")[0].rstrip(".")
