"""Queries over the ledger's own tables of blocks, transactions and logs.

Every query is bounded by the head the caller knows: a block that is committed but not yet
announced as head is not shown, so no answer is ahead of another.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth.abc import BlockHeaderAPI
from eth_typing import Hash32

from node.embedded.errors import LimitExceeded
from node.embedded.rules import ExecutedTransaction, Log, decode_header

LOG_RESULTS_LIMIT = 20_000
ANCESTORS_SEEN = 256


@dataclass(frozen=True)
class StoredTransaction:
    """A mined transaction as the index holds it.

    Attributes:
        raw: the EIP-2718 encoding.
        gas_used_to_here: cumulative gas in its block, this transaction included.
    """

    hash: bytes
    block_number: int
    block_hash: bytes
    position: int
    sender: bytes
    raw: bytes
    succeeded: bool
    gas_used: int
    gas_used_to_here: int
    contract: bytes | None


@dataclass(frozen=True)
class StoredLog:
    """A log with its place in the ledger; ``position`` counts within the block."""

    log: Log
    block_number: int
    block_hash: bytes
    position: int
    transaction_hash: bytes
    transaction_position: int


@dataclass(frozen=True)
class LogFilter:
    """Which logs to return; heights are inclusive.

    Attributes:
        addresses: any of these; empty means all.
        topics: by position; each position any of these; empty means all.
    """

    first_block: int
    last_block: int
    addresses: Sequence[bytes] = ()
    topics: Sequence[Sequence[bytes]] = ()


_TRANSACTION_COLUMNS = (
    "t.hash, t.block, b.hash, t.position, t.sender, t.raw, t.succeeded, t.gas_used,"
    " t.gas_used_to_here, t.contract FROM transactions t JOIN blocks b ON b.number = t.block"
)
_LOGS = (
    "SELECT l.address, l.topic0, l.topic1, l.topic2, l.topic3, l.data, l.block, b.hash,"
    " l.position, t.hash, l.transaction_position FROM logs l"
    " JOIN blocks b ON b.number = l.block"
    " JOIN transactions t ON t.block = l.block AND t.position = l.transaction_position"
)


class Index:
    """Reads of the index tables over one connection, used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._decode_header = lru_cache(maxsize=256)(decode_header)

    def last_header(self) -> BlockHeaderAPI | None:
        """Return the highest committed header, or None in an empty ledger."""
        row = self._one("SELECT header FROM blocks ORDER BY number DESC LIMIT 1")
        return None if row is None else self._decode_header(row[0])

    def header_at(self, number: int) -> BlockHeaderAPI | None:
        """Return the header at height ``number``."""
        row = self._one("SELECT header FROM blocks WHERE number = ?", number)
        return None if row is None else self._decode_header(row[0])

    def header_of(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """Return the header with ``block_hash``."""
        row = self._one("SELECT header FROM blocks WHERE hash = ?", block_hash)
        return None if row is None else self._decode_header(row[0])

    def hashes_down_from(self, number: int) -> Iterator[Hash32]:
        """Yield at most 256 block hashes from height ``number`` down: what BLOCKHASH may see."""
        for height in range(number, max(number - ANCESTORS_SEEN, -1), -1):
            row = self._one("SELECT hash FROM blocks WHERE number = ?", height)
            if row is None:
                return
            yield Hash32(row[0])

    def transaction(self, transaction_hash: bytes) -> StoredTransaction | None:
        """Return the mined transaction with ``transaction_hash``."""
        row = self._one(f"SELECT {_TRANSACTION_COLUMNS} WHERE t.hash = ?", transaction_hash)
        return None if row is None else _transaction(row)

    def transactions_in(self, number: int) -> list[StoredTransaction]:
        """Return the transactions of the block at ``number``, in order."""
        rows = self._connection.execute(
            f"SELECT {_TRANSACTION_COLUMNS} WHERE t.block = ? ORDER BY t.position",
            (number,),
        )
        return [_transaction(row) for row in rows]

    def hashes_in(self, number: int) -> list[bytes]:
        """Return the transaction hashes of the block at ``number``, in order."""
        rows = self._connection.execute(
            "SELECT hash FROM transactions WHERE block = ? ORDER BY position", (number,)
        )
        return [row[0] for row in rows]

    def logs_in(self, number: int) -> list[StoredLog]:
        """Return every log of the block at ``number``, in order, however many they are."""
        return self._logs("l.block = ?", [number], limit=-1)

    def logs(self, wanted: LogFilter) -> list[StoredLog]:
        """Return the logs that ``wanted`` describes, in order.

        Raises:
            LimitExceeded: there are more than ``LOG_RESULTS_LIMIT`` and they span several blocks.
        """
        conditions, values = ["l.block BETWEEN ? AND ?"], [wanted.first_block, wanted.last_block]
        choices = [("l.address", wanted.addresses)]
        choices += [(f"l.topic{i}", topics) for i, topics in enumerate(wanted.topics)]
        arguments: list[object] = list(values)
        for column, allowed in choices:
            if allowed:
                conditions.append(f"{column} IN ({', '.join('?' * len(allowed))})")
                arguments += allowed
        if wanted.topics:
            conditions.append(f"l.topic{len(wanted.topics) - 1} IS NOT NULL")
        one_block = wanted.first_block == wanted.last_block
        limit = -1 if one_block else LOG_RESULTS_LIMIT + 1
        found = self._logs(" AND ".join(conditions), arguments, limit)
        if not one_block and len(found) > LOG_RESULTS_LIMIT:
            raise LimitExceeded(
                f"query returned more than {LOG_RESULTS_LIMIT} logs; ask for fewer blocks"
            )
        return found

    def _logs(self, condition: str, arguments: Sequence[object], limit: int) -> list[StoredLog]:
        # Only column names and placeholders are put together here; values go in as arguments.
        query = f"{_LOGS} WHERE {condition} ORDER BY l.block, l.position LIMIT ?"
        return [_log(row) for row in self._connection.execute(query, (*arguments, limit))]

    def _one(self, query: str, *arguments: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(query, arguments).fetchone()
        return row


def insert_block(
    connection: sqlite3.Connection,
    header: BlockHeaderAPI,
    encoded_header: bytes,
    executed: Sequence[ExecutedTransaction],
) -> None:
    """Write a sealed block's rows and take its transactions out of the pool.

    The caller owns the transaction.
    """
    number = header.block_number
    connection.execute("INSERT INTO blocks VALUES (?, ?, ?)", (number, header.hash, encoded_header))
    log_rows: list[tuple[object, ...]] = []
    for position, done in enumerate(executed):
        transaction = done.transaction
        connection.execute(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                transaction.hash,
                number,
                position,
                transaction.sender,
                transaction.encode(),
                done.succeeded,
                done.gas_used,
                done.gas_used_to_here,
                done.contract if done.succeeded else None,
            ),
        )
        for log in done.logs:
            topics = (*log.topics, None, None, None, None)[:4]
            log_rows.append((number, len(log_rows), position, log.address, *topics, log.data))
    connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", log_rows)
    remove_from_pool(connection, [done.transaction.hash for done in executed])


def remove_from_pool(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> None:
    """Delete rows of the pool; the caller owns the transaction."""
    connection.executemany("DELETE FROM pool WHERE hash = ?", [(each,) for each in hashes])


def pool_rows_after(connection: sqlite3.Connection, arrival: int) -> list[tuple[int, bytes]]:
    """Return arrival and encoding of the next 50 waiting transactions after ``arrival``."""
    query = "SELECT arrival, raw FROM pool WHERE arrival > ? ORDER BY arrival LIMIT 50"
    return connection.execute(query, (arrival,)).fetchall()


def _transaction(row: Sequence[Any]) -> StoredTransaction:
    values: list[Any] = list(row)
    values[6] = bool(values[6])
    return StoredTransaction(*values)


def _log(row: Sequence[Any]) -> StoredLog:
    address, *topics_and_rest = row
    topics, (data, *place) = topics_and_rest[:4], topics_and_rest[4:]
    log = Log(address, tuple(t for t in topics if t is not None), data)
    return StoredLog(log, *place)
