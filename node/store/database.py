"""One member's database, and the only place where a transaction begins or ends.

``begin`` is for writing, ``read`` for reading; whoever opens one owns it, and the code it calls
never commits. Several processes of one member may have the same database open: SQLite in WAL mode
lets one write while others read, and a writer takes the lock at its start (BEGIN IMMEDIATE), so
that it never fails half way because another wrote first.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from node.store.errors import StorageUnavailable

BUSY_TIMEOUT_MS = 10_000
POOL_CONNECTIONS = 16
POOL_OVERFLOW = 48

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}


class Database:
    """A pool of connections to one SQLite file.

    Args:
        url: ``sqlite:///`` and a path. A database in memory is refused, because each of its
            connections would see another one.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith("sqlite:///") or url.endswith(":memory:"):
            raise ValueError(f"{url} does not name a SQLite file")
        self.url = url
        self.engine = create_engine(
            url,
            pool_size=POOL_CONNECTIONS,
            max_overflow=POOL_OVERFLOW,
            pool_pre_ping=False,
            hide_parameters=True,  # an error that is logged names no values
        )
        event.listen(self.engine, "connect", _prepare_connection)
        event.listen(self.engine, "begin", _begin)
        self._writer: Engine = self.engine.execution_options(lading_writes=True)

    @property
    def path(self) -> Path:
        """The database's file."""
        return Path(self.url.removeprefix("sqlite:///"))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Give a session in a transaction that holds the write lock.

        It commits when the block ends and rolls back when the block raises.

        Raises:
            StorageUnavailable: the disk is full or failing, or the lock was not free for 10 s.
        """
        with _translated(), Session(self._writer, expire_on_commit=False) as session:
            session.connection()  # takes the lock now, before anything is read
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one moment of the database; what it writes is thrown away.

        Raises:
            StorageUnavailable: the file cannot be read.
        """
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session  # closing rolls back; rows already read stay readable

    def close(self) -> None:
        """Close the pool's connections; the object can be used again afterwards."""
        self.engine.dispose()


def _prepare_connection(connection: DBAPIConnection, _record: object) -> None:
    # None: transactions begin where _begin says, not where the driver guesses.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("lading_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn SQLite's word for a full, failing or locked disk into StorageUnavailable."""
    try:
        yield
    except OperationalError as error:
        cause = error.orig
        primary = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if primary not in _UNAVAILABLE:
            raise
        raise StorageUnavailable(f"The database answers: {cause}.") from error
