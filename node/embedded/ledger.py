"""The running ledger: takes transactions, builds blocks by the clock, answers over its state.

Block rule: a block at once when the last block's second is past, else at the next second with what
has come in, up to the block gas limit and ``block_work_seconds`` of execution. A block's timestamp
is the clock's second when it starts, so chain time never runs ahead of the clock; when the clock
is set back, blocks wait until it has caught up. Every committed block is final.

The head, the pool and everything derived from them change on the event loop only. Threads: one
builds blocks, one saves pool rows, one runs calls; each has its own connection.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import rlp
from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth.db.account import AccountDB
from eth_utils.exceptions import ValidationError

from node.embedded.database import Database, NodeStore
from node.embedded.errors import OtherLedger, TransactionRefused
from node.embedded.index import Index, insert_block
from node.embedded.pool import AdmissionRules, Pool, read_transaction
from node.embedded.rules import (
    BlockExecution,
    Call,
    CallContext,
    genesis_header,
    next_header,
)
from node.embedded.settings import LedgerSettings

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuiltBlock:
    """What one attempt to build came to.

    Attributes:
        header: the new head, or None if nothing could be included.
        included: the block's transactions.
        dropped: acknowledged transactions that turned out invalid; said in the log.
    """

    header: BlockHeaderAPI | None
    included: list[SignedTransactionAPI]
    dropped: list[SignedTransactionAPI]


class BlockBuilder:
    """Builds and commits one block at a time, in its own thread."""

    def __init__(self, settings: LedgerSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._connection = database.connect()
        self._index = Index(self._connection)

    def build(self, parent: BlockHeaderAPI, timestamp: int, pool: Pool) -> BuiltBlock:
        """Execute what is ready on top of ``parent``, commit it, and say what happened.

        When the commit fails, what was taken goes back to the front of the pool's queue.
        """
        nodes = NodeStore(self._connection)
        execution = BlockExecution(
            next_header(parent, timestamp),
            nodes,
            self._settings.chain_id,
            self._index.hashes_down_from(parent.block_number),
        )
        taken: list[SignedTransactionAPI] = []
        try:
            dropped = self._execute(execution, pool, taken)
            header = execution.seal() if execution.executed else None
            self._commit(execution, nodes, dropped)
        except BaseException:
            pool.ready.extendleft(reversed(taken))
            raise
        return BuiltBlock(header, [e.transaction for e in execution.executed], dropped)

    def _execute(
        self, execution: BlockExecution, pool: Pool, taken: list[SignedTransactionAPI]
    ) -> list[SignedTransactionAPI]:
        dropped = []
        deadline = time.monotonic() + self._settings.block_work_seconds
        while pool.ready and time.monotonic() < deadline:
            transaction = pool.ready[0]
            if not execution.has_room_for(transaction):
                break
            taken.append(pool.ready.popleft())
            try:
                execution.apply(transaction)
            except ValidationError as error:
                log.warning("dropped transaction 0x%s: %s", transaction.hash.hex(), error)
                dropped.append(transaction)
        return dropped

    def _commit(
        self,
        execution: BlockExecution,
        nodes: NodeStore,
        dropped: list[SignedTransactionAPI],
    ) -> None:
        header = execution.header
        encoded = rlp.encode(header)
        with self._database.writing(self._connection) as connection:
            connection.executemany(
                "DELETE FROM pool WHERE hash = ?", [(each.hash,) for each in dropped]
            )
            if execution.executed:
                nodes.insert_into(connection)
                insert_block(connection, header, encoded, execution.executed)


class Ledger:
    """One embedded ledger over one directory's database."""

    def __init__(
        self,
        settings: LedgerSettings,
        database: Database,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._connection = database.connect()
        self.index = Index(self._connection)
        self.head = _open_chain(settings, database, self._connection, self.index, clock)
        self.settings = replace(settings, block_gas_limit=self.head.gas_limit)
        self.admission = AdmissionRules(settings.chain_id, settings.transaction_gas_limit)
        self._nodes = NodeStore(self._connection)
        self._call_connection = database.connect()
        self._call_nodes = NodeStore(self._call_connection)
        self._call_index = Index(self._call_connection)
        self._builder = BlockBuilder(self.settings, database)
        self._build_thread = ThreadPoolExecutor(1, "build")
        self._call_thread = ThreadPoolExecutor(1, "call")
        self._save_thread = ThreadPoolExecutor(1, "save")
        self.pool = Pool(database, self._save_thread, self.admission)
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take up the pool and begin to build blocks; call it on the event loop."""
        self.pool.reload()
        self._wake.set()
        self._running = asyncio.get_running_loop().create_task(self._build_blocks())

    async def stop(self) -> None:
        """Finish the block being built and stop; what waits stays in the pool table."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        for thread in (self._build_thread, self._call_thread, self._save_thread):
            thread.shutdown(wait=True)

    async def send(self, raw: bytes) -> bytes:
        """Take a signed transaction and return its hash once it is on disk.

        Raises:
            TransactionRefused, StorageUnavailable.
        """
        transaction = read_transaction(raw, self.admission)
        account = self.accounts(self.head)
        cost = transaction.value + transaction.gas * transaction.max_fee_per_gas
        balance = account.get_balance(transaction.sender)
        if cost > balance:
            raise TransactionRefused(
                f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost};"
                " this ledger asks no fee, so send with gas price 0 and no value"
            )
        await self.pool.add(raw, transaction, account.get_nonce(transaction.sender))
        self._wake.set()
        return transaction.hash

    async def call(self, call: Call, header: BlockHeaderAPI) -> bytes:
        """Return the result of ``call`` in the block context of ``header``, over its state."""
        context = self._call_context(header)
        return await asyncio.get_running_loop().run_in_executor(
            self._call_thread, context.result, call
        )

    async def estimate(self, call: Call, header: BlockHeaderAPI) -> int:
        """Return gas with which ``call`` succeeds in the block context of ``header``."""
        context = self._call_context(header)
        return await asyncio.get_running_loop().run_in_executor(
            self._call_thread, context.estimate, call
        )

    def accounts(self, header: BlockHeaderAPI) -> AccountDB:
        """Return the accounts as they are after the block of ``header``; to read only."""
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

    async def _build_blocks(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.pool.ready:
                await self._until_second_after(self.head.timestamp)
                building = loop.run_in_executor(
                    self._build_thread,
                    self._builder.build,
                    self.head,
                    int(self._clock()),
                    self.pool,
                )
                try:
                    built = await asyncio.shield(building)
                except sqlite3.Error as error:
                    log.error("no block could be stored, trying again: %s", error)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if built.header is not None:
                    self.head = built.header
                self.pool.forget([*built.included, *built.dropped])

    async def _until_second_after(self, timestamp: int) -> None:
        while (now := self._clock()) < timestamp + 1:
            await asyncio.sleep(min(timestamp + 1 - now, 1.0))


def _open_chain(
    settings: LedgerSettings,
    database: Database,
    connection: sqlite3.Connection,
    index: Index,
    clock: Callable[[], float],
) -> BlockHeaderAPI:
    """Return the head, having written block 0 into an empty database.

    Raises:
        OtherLedger: the database was created with another chain id.
    """
    row = connection.execute("SELECT value FROM meta WHERE name = 'chain_id'").fetchone()
    if row is not None and row[0] != settings.chain_id:
        raise OtherLedger(
            f"{settings.directory} holds the ledger of chain {row[0]}, not {settings.chain_id};"
            " choose another directory or the chain id it was created with"
        )
    head = index.last_header()
    if head is None:
        head = genesis_header(int(clock()), settings.block_gas_limit)
        with database.writing(connection):
            connection.execute("INSERT INTO meta VALUES ('chain_id', ?)", (settings.chain_id,))
            insert_block(connection, head, rlp.encode(head), ())
    return head
