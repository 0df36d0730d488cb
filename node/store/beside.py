"""Tables built beside a database's own, and swapped in for them in one transaction.

Beside a SQLite file it is a second file, ``<name>.rebuild``; in PostgreSQL a second schema of the
same database. Readers see the old rows or the new ones. Only one process builds at a time; what a
killed one left is thrown away by the next.
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text
from sqlmodel import SQLModel

from node.store import postgresql
from node.store.database import Database
from node.store.errors import StorageUnavailable
from node.store.rows import table_of

SCHEMA = "lading_beside"


# What SQLite and PostgreSQL say of what may pass, and of pages that are not as they were written.
_DAMAGED = (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted)
_TROUBLE = (sqlite3.DatabaseError, psycopg.OperationalError, *_DAMAGED)


@dataclass(frozen=True)
class Swapped:
    """One table: its rows now, and how many were not the same before, or could not be read."""

    name: str
    rows: int
    differing: int


@contextmanager
def alone(database: Database) -> Iterator[bool]:
    """Say whether nobody else builds beside ``database``, and keep others from it meanwhile.

    The kernel or the server frees the lock when the process ends.
    """
    if database.is_postgresql:
        with closing(database.own_connection()) as connection:
            asked = connection.execute(
                f"SELECT pg_try_advisory_lock({postgresql.BUILDER}, hashtext(current_schema()))"
            )
            yield asked.fetchone()[0]
        return
    with _file_beside(database, ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def building(database: Database, models: Iterable[type[SQLModel]]) -> Iterator[Database]:
    """Give a database with empty tables of ``models`` beside the other; it is gone at the end."""
    _clear(database)
    if database.is_postgresql:
        beside = Database(database.url, SCHEMA)
    else:
        beside = Database(f"sqlite:///{_file_beside(database)}")
    try:
        SQLModel.metadata.create_all(beside.engine, tables=[table_of(model) for model in models])
        yield beside
    finally:
        beside.close()
        _clear(database)


def swap(
    database: Database, models: Iterable[type[SQLModel]], same: type[SQLModel]
) -> list[Swapped] | None:
    """Fill the tables of ``models`` with what was built beside them.

    Returns: what became of each; None, and nothing is changed, when ``same``'s rows differ.

    Raises: StorageUnavailable.
    """
    ours, theirs = ("public", SCHEMA) if database.is_postgresql else ("main", "beside")
    try:
        with closing(database.own_connection()) as connection:
            _begin(connection, database)
            name = table_of(same).name
            now, built = (
                connection.execute(f'SELECT * FROM {schema}."{name}"').fetchall()  # noqa: S608
                for schema in (ours, theirs)
            )
            if now != built:
                return None  # closing without commit rolls back
            swapped = [_refill(connection, model, ours, theirs) for model in models]
            connection.execute("COMMIT")
            return swapped
    except _TROUBLE as error:
        raise StorageUnavailable("The rebuilt tables could not be swapped in.") from error


def _begin(connection: Any, database: Database) -> None:
    if database.is_postgresql:
        connection.execute("BEGIN")
        connection.execute(postgresql.LOCK)
    else:
        connection.execute("ATTACH DATABASE ? AS beside", (str(_file_beside(database)),))
        connection.execute("BEGIN IMMEDIATE")


def _refill(connection: Any, model: type[SQLModel], ours: str, theirs: str) -> Swapped:
    table = table_of(model)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    old = f'SELECT {columns} FROM {ours}."{table.name}"'  # noqa: S608
    new = f'SELECT {columns} FROM {theirs}."{table.name}"'  # noqa: S608
    differing = _counted(
        connection,
        f"SELECT count(*) FROM (SELECT {key} FROM ({old} EXCEPT {new}) AS gone"  # noqa: S608
        f" UNION SELECT {key} FROM ({new} EXCEPT {old}) AS come) AS differing",
    )
    # A damaged page cannot be deleted from row by row; TRUNCATE reads none.
    gone = f'DELETE FROM {ours}."{table.name}"'  # noqa: S608
    connection.execute(f'TRUNCATE {ours}."{table.name}"' if differing is None else gone)
    filled = connection.execute(f'INSERT INTO {ours}."{table.name}" ({columns}) {new}')
    return Swapped(table.name, filled.rowcount, filled.rowcount if differing is None else differing)


def _counted(connection: Any, query: str) -> int | None:
    """Return the one number that ``query`` asks for; None if PostgreSQL finds a damaged page."""
    connection.execute("SAVEPOINT counted")
    try:
        return int(connection.execute(query).fetchone()[0])
    except _DAMAGED:
        connection.execute("ROLLBACK TO SAVEPOINT counted")
        return None


def _clear(database: Database) -> None:
    if database.is_postgresql:
        with database.begin() as session:
            session.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
            session.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        return
    for suffix in ("", "-wal", "-shm"):
        _file_beside(database, suffix).unlink(missing_ok=True)


def _file_beside(database: Database, suffix: str = "") -> Path:
    path = database.path
    return path.with_name(f"{path.name}.rebuild{suffix}")
