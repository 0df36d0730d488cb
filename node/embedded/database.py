"""The SQLite file under the ledger: state nodes, blocks, transactions, logs and the pool.

State nodes are addressed by hash and never deleted, so the state at every height stays readable
and a reader needs no snapshot. Every write of a block is one SQLite transaction under WAL and
synchronous=FULL: after a kill at any instruction either all of a block is there or none.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth.abc import AtomicWriteBatchAPI
from eth.db.atomic import AtomicDBWriteBatch
from eth.db.backends.base import BaseAtomicDB

from node.embedded.errors import DirectoryInUse, OtherLedger

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (hash BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
    hash BLOB PRIMARY KEY, block INTEGER NOT NULL, position INTEGER NOT NULL,
    sender BLOB NOT NULL, raw BLOB NOT NULL, succeeded INTEGER NOT NULL,
    gas_used INTEGER NOT NULL, gas_used_to_here INTEGER NOT NULL, contract BLOB,
    UNIQUE (block, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (
    block INTEGER NOT NULL, position INTEGER NOT NULL, transaction_position INTEGER NOT NULL,
    address BLOB NOT NULL, topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
    PRIMARY KEY (block, position)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS logs_of_address ON logs (address, block, position);
CREATE TABLE IF NOT EXISTS pool (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, raw BLOB NOT NULL);
"""


def claim_directory(directory: Path) -> int:
    """Create ``directory`` with mode 0700, lock it for this process, and return the lock's file.

    The lock is the kernel's and ends with the process, however it ends.

    Raises:
        OtherLedger: others may read or write the directory.
        DirectoryInUse: another process holds the lock.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = directory.stat().st_mode & 0o777
    if mode & 0o077:
        raise OtherLedger(
            f"{directory} has mode {mode:o} and others may enter it; run chmod 700 {directory}"
        )
    lock = os.open(directory / "ledger.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise DirectoryInUse(directory) from error
    return lock


class Database:
    """Connections to one ledger's file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "ledger.sqlite"
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = self.connect()
        connection.executescript(SCHEMA)
        connection.close()

    def connect(self) -> sqlite3.Connection:
        """Open a connection; the caller uses it from one thread at a time."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 10000")
        return connection

    @contextmanager
    def writing(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        """Run the body as one durable transaction: all of it on return, nothing if it raises.

        It waits up to 10 s for another that writes, in this process or the builder's.
        """
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


class NodeStore(BaseAtomicDB):
    """State nodes as py-evm's database: reads from SQLite, writes kept until taken.

    Never test it for truth (``if store:``): py-evm's base class raises on its length.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.unwritten: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        value = self.unwritten.get(key)
        if value is None:
            row = self._connection.execute(
                "SELECT value FROM nodes WHERE hash = ?", (key,)
            ).fetchone()
            if row is None:
                raise KeyError(key)
            value = row[0]
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.unwritten[key] = value

    def __delitem__(self, key: bytes) -> None:
        raise NotImplementedError("state nodes are never deleted")

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """Collect writes and keep them only if the body does not raise."""
        with AtomicDBWriteBatch._commit_unless_raises(self) as batch:
            yield batch

    def insert_into(self, connection: sqlite3.Connection) -> None:
        """Write what was kept through ``connection``; the caller owns the transaction."""
        connection.executemany(
            "INSERT OR IGNORE INTO nodes (hash, value) VALUES (?, ?)", self.unwritten.items()
        )
