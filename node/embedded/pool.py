"""Transactions that were acknowledged and wait for their block.

A transaction is acknowledged once its row is on disk, and not before. Rows of transactions that
arrive together share one commit. The pool holds no gaps: each sender's transactions follow the
nonce of the state without a hole, so the order of arrival is an order of execution. The table is
the block builder's queue; the objects here are its image, used by the event loop only.
"""

import asyncio
import sqlite3
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

from eth.abc import SignedTransactionAPI
from eth.exceptions import UnrecognizedTransactionType
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from node.embedded.database import Database
from node.embedded.errors import StorageUnavailable, TransactionRefused
from node.embedded.rules import decode_transaction

POOL_LIMIT = 20_000
TRANSACTION_BYTES_LIMIT = 128 * 1024
INITCODE_BYTES_LIMIT = 49_152
BLOB_TYPE = 3


@dataclass(frozen=True)
class AdmissionRules:
    """What the pool checks that does not depend on the sender."""

    chain_id: int
    transaction_gas_limit: int


@dataclass(frozen=True)
class PoolEntry:
    """One waiting transaction; ``saved`` is done once it is on disk."""

    transaction: SignedTransactionAPI
    raw: bytes
    saved: "asyncio.Future[None]"


class Pool:
    """The waiting transactions, in memory and in the pool table."""

    def __init__(self, database: Database, saver: Executor) -> None:
        self._database = database
        self._connection = database.connect()
        self._saver = saver
        self._entries: dict[bytes, PoolEntry] = {}
        self._next_nonces: dict[bytes, int] = {}
        self._unsaved: list[PoolEntry] = []
        self._saving: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no acknowledged transaction waits."""
        oldest = next(iter(self._entries.values()), None)  # they are saved in this order
        return oldest is None or not oldest.saved.done()

    def reload(self) -> None:
        """Take up what an earlier process acknowledged and did not get into a block."""
        for (raw,) in self._connection.execute("SELECT raw FROM pool ORDER BY arrival"):
            entry = self._enter(decode_transaction(raw), raw)
            entry.saved.set_result(None)

    def waiting(self, transaction_hash: bytes) -> SignedTransactionAPI | None:
        """Return the waiting transaction with ``transaction_hash``."""
        entry = self._entries.get(transaction_hash)
        return None if entry is None or not entry.saved.done() else entry.transaction

    def next_nonce(self, sender: bytes, state_nonce: int) -> int:
        """Return the nonce that ``sender``'s next transaction must have."""
        return max(state_nonce, self._next_nonces.get(sender, 0))

    async def add(self, raw: bytes, transaction: SignedTransactionAPI, state_nonce: int) -> None:
        """Check ``transaction`` and return once it is on disk.

        Raises:
            TransactionRefused: with geth's words where geth has them.
            StorageUnavailable: it could not be written and is not acknowledged.
        """
        known = self._entries.get(transaction.hash)
        if known is not None:
            await asyncio.shield(known.saved)
            raise TransactionRefused("already known")
        self._check_nonce(transaction, state_nonce)
        if len(self._entries) >= POOL_LIMIT:
            raise TransactionRefused(f"txpool is full: {POOL_LIMIT} transactions wait already")
        entry = self._enter(transaction, raw)
        self._unsaved.append(entry)
        if self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_all())
        await asyncio.shield(entry.saved)

    def forget(self, hashes: Iterable[bytes]) -> None:
        """Drop from memory what got into a block or was dropped; the rows are gone already."""
        for each in hashes:
            transaction = self._entries.pop(each).transaction
            if self._next_nonces[transaction.sender] == transaction.nonce + 1:
                del self._next_nonces[transaction.sender]

    def _check_nonce(self, transaction: SignedTransactionAPI, state_nonce: int) -> None:
        expected = self.next_nonce(transaction.sender, state_nonce)
        nonce = transaction.nonce
        if nonce < state_nonce:
            raise TransactionRefused(f"nonce too low: next nonce {state_nonce}, tx nonce {nonce}")
        if nonce < expected:
            raise TransactionRefused(
                f"replacement transaction underpriced: nonce {nonce} belongs to a transaction that"
                " waits, and waiting transactions are never replaced"
            )
        if nonce > expected:
            raise TransactionRefused(
                f"nonce too high: next nonce {expected}, tx nonce {nonce}; send those between first"
            )

    def _enter(self, transaction: SignedTransactionAPI, raw: bytes) -> PoolEntry:
        saved = asyncio.get_running_loop().create_future()
        entry = PoolEntry(transaction, raw, saved)
        self._entries[transaction.hash] = entry
        self._next_nonces[transaction.sender] = transaction.nonce + 1
        return entry

    async def _save_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._unsaved:
            group, self._unsaved = self._unsaved, []
            try:
                await loop.run_in_executor(self._saver, self._insert, group)
            except sqlite3.Error as error:
                self._withdraw(group + self._unsaved, error)
                self._unsaved = []
            else:
                for entry in group:
                    entry.saved.set_result(None)
        self._saving = None

    def _insert(self, group: list[PoolEntry]) -> None:
        with self._database.writing(self._connection) as connection:
            connection.executemany(
                "INSERT INTO pool (hash, raw) VALUES (?, ?)",
                [(entry.transaction.hash, entry.raw) for entry in group],
            )

    def _withdraw(self, entries: list[PoolEntry], cause: sqlite3.Error) -> None:
        for entry in entries:
            sender, nonce = entry.transaction.sender, entry.transaction.nonce
            del self._entries[entry.transaction.hash]
            self._next_nonces[sender] = min(self._next_nonces[sender], nonce)
            error = StorageUnavailable(f"the ledger cannot store transactions now: {cause}")
            error.__cause__ = cause
            entry.saved.set_exception(error)


def read_transaction(raw: bytes, rules: AdmissionRules) -> SignedTransactionAPI:
    """Decode ``raw`` and check everything that needs no state.

    Args:
        raw: EIP-2718 encoding, types 0 to 2, at most ``TRANSACTION_BYTES_LIMIT`` bytes.

    Raises:
        TransactionRefused: what is wrong, in geth's words where geth has them.
    """
    if len(raw) > TRANSACTION_BYTES_LIMIT:
        raise TransactionRefused(
            f"oversized data: transaction size {len(raw)}, limit {TRANSACTION_BYTES_LIMIT}"
        )
    if raw[:1] == bytes([BLOB_TYPE]):
        raise TransactionRefused("transaction type not supported")
    try:
        transaction = decode_transaction(raw)
        transaction.validate()
        sender = transaction.sender
    except UnrecognizedTransactionType as error:
        raise TransactionRefused("transaction type not supported") from error
    except (RLPException, ValidationError, BadSignature, IndexError) as error:
        raise TransactionRefused(f"invalid transaction: {error}") from error
    if len(sender) != 20:
        raise TransactionRefused("invalid sender")
    _check_limits(transaction, rules)
    return transaction


def _check_limits(transaction: SignedTransactionAPI, rules: AdmissionRules) -> None:
    if transaction.chain_id is None:
        raise TransactionRefused("only replay-protected (EIP-155) transactions allowed over RPC")
    if transaction.chain_id != rules.chain_id:
        raise TransactionRefused(
            f"invalid chain id for signer: have {transaction.chain_id} want {rules.chain_id}"
        )
    if transaction.gas > rules.transaction_gas_limit:
        raise TransactionRefused(
            f"exceeds block gas limit: a transaction may ask for {rules.transaction_gas_limit}"
        )
    if transaction.gas < transaction.intrinsic_gas:
        raise TransactionRefused(
            f"intrinsic gas too low: gas {transaction.gas}, minimum needed"
            f" {transaction.intrinsic_gas}"
        )
    if not transaction.to and len(transaction.data) > INITCODE_BYTES_LIMIT:
        raise TransactionRefused(
            f"max initcode size exceeded: code size {len(transaction.data)}, limit"
            f" {INITCODE_BYTES_LIMIT}"
        )
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise TransactionRefused("max priority fee per gas higher than max fee per gas")
