"""Drops the projections and builds them again from the ledger, while new acts arrive.

The tables are built beside the database, in a file of their own, and then take the old ones'
place in one transaction, at exactly the block where the old ones stood: readers see the old rows
or the new, the follower goes on, and hooks are not called again. The result says how many rows
differed, which is none unless somebody wrote into the tables.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import SQLModel

from node.chain.errors import RebuildUnderWay
from node.chain.follower import Follower
from node.chain.network import Network
from node.chain.rpc import Ledger
from node.store.database import BUSY_TIMEOUT_MS, Database
from node.store.errors import StorageUnavailable
from node.store.follower import FollowerState
from node.store.projections import PROJECTIONS, ChainCursor
from node.store.rows import table_of


@dataclass(frozen=True)
class RebuiltTable:
    """One table: its rows now, and how many were not the same before."""

    name: str
    rows: int
    differing: int


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did; ``height`` is the block up to which all tables speak."""

    height: int
    tables: tuple[RebuiltTable, ...]

    @property
    def differing(self) -> int:
        """Rows that were not the same before, over all tables."""
        return sum(table.differing for table in self.tables)


def rebuild(ledger: Ledger, database: Database, network: Network) -> Rebuilt:
    """Rebuild every table of ``PROJECTIONS``.

    Raises:
        RebuildUnderWay: another process does.
        StorageUnavailable, LedgerUnavailable, …: as Follower.step; the old tables stand.
    """
    beside = database.path.with_name(database.path.name + ".rebuild")
    with _alone(beside), _shadow(beside) as shadow:
        follower = Follower(ledger, shadow, network)
        while True:
            height = _height(database)
            while follower.step(until=height):
                pass
            shadow.close()  # its connections, so that all of it is in the file
            rebuilt = _take_place(database.path, beside)
            if rebuilt is not None:
                return rebuilt


def _take_place(path: Path, beside: Path) -> Rebuilt | None:
    """Swap the tables in one transaction; None when they are not at the same block."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("ATTACH DATABASE ? AS beside", (str(beside),))
            connection.execute("BEGIN IMMEDIATE")
            cursors = [
                connection.execute(f"SELECT block FROM {schema}.chain_cursor").fetchone()  # noqa: S608
                for schema in ("main", "beside")
            ]
            if cursors[0] != cursors[1]:
                return None  # closing without commit rolls back
            tables = tuple(_refill(connection, model) for model in PROJECTIONS)
            connection.execute("COMMIT")
            return Rebuilt(0 if cursors[0] is None else cursors[0][0], tables)
    except sqlite3.OperationalError as error:
        raise StorageUnavailable(f"The database answers: {error}.") from error


def _refill(connection: sqlite3.Connection, model: type[SQLModel]) -> RebuiltTable:
    table = table_of(model)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    old = f'SELECT {columns} FROM main."{table.name}"'  # noqa: S608
    new = f'SELECT {columns} FROM beside."{table.name}"'  # noqa: S608
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    differing = connection.execute(
        f"SELECT count(*) FROM (SELECT {key} FROM ({old} EXCEPT {new})"  # noqa: S608
        f" UNION SELECT {key} FROM ({new} EXCEPT {old}))"
    ).fetchone()[0]
    connection.execute(f'DELETE FROM main."{table.name}"')  # noqa: S608
    rows = connection.execute(f'INSERT INTO main."{table.name}" ({columns}) {new}').rowcount
    return RebuiltTable(table.name, rows, differing)


def _height(database: Database) -> int:
    with database.read() as session:
        cursor = session.get(ChainCursor, 1)
        return 0 if cursor is None else cursor.block


@contextmanager
def _shadow(beside: Path) -> Iterator[Database]:
    """Give an empty database of projections at ``beside``; it is removed at the end."""
    _remove(beside)
    database = Database(f"sqlite:///{beside}")
    try:
        tables = [table_of(model) for model in PROJECTIONS] + [table_of(FollowerState)]
        SQLModel.metadata.create_all(database.engine, tables=tables)
        yield database
    finally:
        database.close()
        _remove(beside)


def _remove(beside: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)


@contextmanager
def _alone(beside: Path) -> Iterator[None]:
    """Hold the lock that lets one process rebuild; the kernel frees it when the process ends."""
    with beside.with_name(beside.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RebuildUnderWay("These tables are being rebuilt already.") from error
        yield
