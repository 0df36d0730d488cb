"""What is SQLite's own way in ``Database``: one file, one writer beside many readers.

WAL mode lets one write while others read; a writer takes the lock at its start (BEGIN IMMEDIATE),
so that it never fails half way because another wrote first.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError

PREFIX = "sqlite:///"
BUSY_TIMEOUT_MS = 10_000
STEP_SECONDS = 0.001
POOL_CONNECTIONS = 16
POOL_OVERFLOW = 48
# Its answer differs after each commit of another connection.
VERSION = "PRAGMA data_version"

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_CANTOPEN: "lost",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "failing",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_READONLY: "read_only",
}


def open_engine(url: str) -> Engine:
    """Return the pool of connections to the file that ``url`` names."""
    engine = create_engine(
        url,
        pool_size=POOL_CONNECTIONS,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=False,
        hide_parameters=True,  # an error that is logged names no values
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def for_reading(engine: Engine) -> Engine:
    """Return the pool, whose transactions see one moment in WAL mode."""
    return engine


def for_writing(engine: Engine) -> Engine:
    """Return the pool, whose transactions begin with the write lock."""
    return engine.execution_options(lading_writes=True)


def take_lock(connection: Connection) -> None:
    """Nothing is left to do: the transaction has begun with the lock."""


def stand_alone(connection: Any) -> None:
    """Nothing is left to do: this driver's connections begin no transaction by themselves."""


def trouble_of(error: DBAPIError) -> str | None:
    """Return in a word why the file cannot be used now; None for an error of the statement."""
    if not isinstance(error, OperationalError) and "DatabaseError" not in type(error).__name__:
        return None
    return _UNAVAILABLE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)


def path_of(url: str) -> Path:
    """Return the database's file."""
    return Path(url.removeprefix(PREFIX))


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
    if not connection.get_execution_options().get("lading_writes", False):
        connection.exec_driver_sql("BEGIN")
    elif not _begun(connection.connection.driver_connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # says what is wrong


def _begun(connection: Any) -> bool:
    """Return whether the write lock came free within the time to wait, and the transaction began.

    SQLite's own waiting sleeps longer and longer, so that a busy process starves another one; this
    looks again in small steps.
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < until:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False
            time.sleep(STEP_SECONDS)
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
