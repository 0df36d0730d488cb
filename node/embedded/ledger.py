"""The running ledger: takes transactions, has blocks built by the clock, answers over its state.

Block rule: a block at once when the last block's second is past, else at the next second with what
has come in, up to the block gas limit and ``block_work_seconds`` of execution. A block's timestamp
is the clock's second when it starts, so chain time never runs ahead of the clock; when the clock
is set back, blocks wait until it has caught up. Every committed block is final.

The head, the pool and everything derived from them change on the event loop only. One thread saves
pool rows, one runs calls; each has its own connection.
"""

import asyncio
import json
import logging
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import rlp
from eth.abc import BlockHeaderAPI
from eth.db.account import AccountDB

from node.embedded.builder import BuiltBlock
from node.embedded.calls import Call, CallContext
from node.embedded.database import Database, NodeStore
from node.embedded.errors import OtherLedger, TransactionRefused
from node.embedded.index import Index, insert_block
from node.embedded.pool import AdmissionRules, Pool, read_transaction
from node.embedded.rules import genesis_header, next_header
from node.embedded.settings import LedgerSettings

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)

Build = Callable[[int], Awaitable[BuiltBlock]]


class Ledger:
    """One embedded ledger over one directory's database, which ``open_chain`` has prepared.

    Args:
        build: builds the block of a given second, from the pool table.
        clock: UTC seconds.
    """

    def __init__(
        self,
        settings: LedgerSettings,
        database: Database,
        build: Build,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._build = build
        self._clock = clock
        connection, call_connection = database.connect(), database.connect()
        self.index = Index(connection)
        self.head = _head(self.index)
        self._nodes = NodeStore(connection)
        self._accounts = AccountDB(self._nodes, self.head.state_root)
        self._call_nodes = NodeStore(call_connection)
        self._call_index = Index(call_connection)
        self._call_thread = ThreadPoolExecutor(1, "call")
        self._save_thread = ThreadPoolExecutor(1, "save")
        self._admission = AdmissionRules(settings.chain_id, settings.transaction_gas_limit)
        self.pool = Pool(database, self._save_thread)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Take up the pool and have blocks built, until cancelled.

        Raises:
            EOFError: the builder has ended.
        """
        self.pool.reload()
        while True:
            while self.pool.is_empty:
                self._wake.clear()
                await self._wake.wait()
            await self._until_second_after(self.head.timestamp)
            built = await self._build(int(self._clock()))
            self._take_in(built)
            if built.failure is not None:
                log.error("no block could be stored, trying again: %s", built.failure)
                await asyncio.sleep(RETRY_SECONDS)

    def close(self) -> None:
        """End the threads; what waits stays in the pool table."""
        self._call_thread.shutdown(wait=True)
        self._save_thread.shutdown(wait=True)

    async def send(self, raw: bytes) -> bytes:
        """Take a signed transaction and return its hash once it is on disk.

        Raises:
            TransactionRefused, StorageUnavailable.
        """
        transaction = read_transaction(raw, self._admission)
        # No account was ever given a balance and no fee ever paid, so every balance is zero.
        cost = transaction.value + transaction.gas * transaction.max_fee_per_gas
        if cost:
            raise TransactionRefused(
                f"insufficient funds for gas * price + value: balance 0, tx cost {cost}; this"
                " ledger asks no fee, so send with gas price 0 and no value"
            )
        await self.pool.add(raw, transaction, self._accounts.get_nonce(transaction.sender))
        self._wake.set()
        return transaction.hash

    async def call(self, call: Call, header: BlockHeaderAPI) -> bytes:
        """Return the result of ``call`` in the block context of ``header``, over its state."""
        context = self._call_context(header)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._call_thread, context.result, call)

    async def estimate(self, call: Call, header: BlockHeaderAPI) -> int:
        """Return gas with which ``call`` succeeds in the block context of ``header``."""
        context = self._call_context(header)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._call_thread, context.estimate, call)

    def accounts(self, header: BlockHeaderAPI) -> AccountDB:
        """Return the accounts as they are after the block of ``header``; to read only."""
        if header.state_root == self.head.state_root:
            return self._accounts
        return AccountDB(self._nodes, header.state_root)

    def pending_header(self) -> BlockHeaderAPI:
        """Return the header under which the next block would execute now."""
        timestamp = max(self.head.timestamp + 1, int(self._clock()))
        return next_header(self.head, timestamp)

    def _call_context(self, header: BlockHeaderAPI) -> CallContext:
        return CallContext(
            header,
            self._call_nodes,
            self.settings.chain_id,
            self._call_index.hashes_down_from,
            self.settings.transaction_gas_limit,
        )

    def _take_in(self, built: BuiltBlock) -> None:
        if built.number is not None:
            self.head = _head(self.index)
            self._accounts = AccountDB(self._nodes, self.head.state_root)
            self.pool.forget(self.index.hashes_in(built.number))
        self.pool.forget(bytes.fromhex(each) for each in built.dropped)

    async def _until_second_after(self, timestamp: int) -> None:
        while (now := self._clock()) < timestamp + 1:
            await asyncio.sleep(min(timestamp + 1 - now, 1.0))


def open_chain(settings: LedgerSettings, database: Database, now: float) -> None:
    """Write block 0 into an empty database, or check that the ledger there is the one meant.

    Raises:
        OtherLedger: the database was created with another chain id.
    """
    connection = database.connect()
    try:
        row = connection.execute("SELECT value FROM meta WHERE name = 'chain_id'").fetchone()
        if row is None:
            genesis = genesis_header(int(now), settings.block_gas_limit)
            with database.writing(connection):
                connection.execute("INSERT INTO meta VALUES ('chain_id', ?)", (settings.chain_id,))
                insert_block(connection, genesis, rlp.encode(genesis), ())
        elif row[0] != settings.chain_id:
            raise OtherLedger(
                f"{settings.directory} holds the ledger of chain {row[0]}, not"
                f" {settings.chain_id}; choose another directory or the chain id it was created"
                " with"
            )
    finally:
        connection.close()


async def connect_builder(channel: socket.socket) -> Build:
    """Return the function that asks the builder at the other end of ``channel`` for a block."""
    reader, writer = await asyncio.open_connection(sock=channel)

    async def build(timestamp: int) -> BuiltBlock:
        writer.write(b"%d\n" % timestamp)
        line = await reader.readline()
        if not line:
            raise EOFError("the block builder has ended")
        answer = json.loads(line)
        return BuiltBlock(answer["number"], tuple(answer["dropped"]), answer["failure"])

    return build


def _head(index: Index) -> BlockHeaderAPI:
    head = index.last_header()
    if head is None:
        raise sqlite3.DatabaseError("the ledger has no block 0")
    return head
