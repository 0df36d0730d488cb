"""The block builder: a process of its own, forked by the ledger, that executes and commits blocks.

Execution keeps one core busy; in its own process it does not hold up the answers. The pool table
is the queue between the two, so nothing is lost whichever of them is killed. The talk between them
is one line each way over a socket pair: the second the block is to carry, and what came of it.
When the ledger ends, however it ends, the builder sees the socket close and ends too; it holds the
directory's lock until then.
"""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from queue import SimpleQueue

import rlp
from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth_utils.exceptions import ValidationError

from node.embedded.database import Database, NodeStore
from node.embedded.index import Index, insert_block, pool_rows_after, remove_from_pool
from node.embedded.rules import BlockExecution, decode_transaction, next_header
from node.embedded.settings import LedgerSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuiltBlock:
    """What one attempt to build came to.

    Attributes:
        number: height of the committed block, or None when nothing could be included.
        dropped: hex hashes of acknowledged transactions that turned out invalid.
        failure: why the storage failed; then nothing changed and the attempt may be repeated.
    """

    number: int | None = None
    dropped: tuple[str, ...] = ()
    failure: str | None = None


class BlockBuilder:
    """Builds and commits one block at a time from the pool table."""

    def __init__(self, settings: LedgerSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._connection = database.connect()
        self._index = Index(self._connection)

    def build(self, timestamp: int) -> BuiltBlock:
        """Execute what waits on top of the last block and commit it as one block.

        Args:
            timestamp: UTC seconds, later than the last block's.
        """
        try:
            return self._build(timestamp)
        except sqlite3.Error as error:
            return BuiltBlock(failure=str(error))

    def _build(self, timestamp: int) -> BuiltBlock:
        nodes = NodeStore(self._connection)
        parent = self._index.last_header()
        if parent is None:
            raise LookupError("the ledger has no block 0")
        execution = BlockExecution(
            next_header(parent, timestamp),
            nodes,
            self._settings.chain_id,
            self._index.hashes_down_from(parent.block_number),
        )
        dropped: list[bytes] = []
        for transaction in self._fitting(execution):
            try:
                execution.apply(transaction)
            except ValidationError as error:
                log.warning("dropped transaction 0x%s: %s", transaction.hash.hex(), error)
                dropped.append(transaction.hash)
            except sqlite3.Error:
                raise
            except Exception:
                # A defect in the engine: this transaction pays for it alone, the others are
                # executed again on a fresh state when the ledger asks next.
                log.exception("dropped transaction 0x%s: it broke", transaction.hash.hex())
                self._commit(None, execution, nodes, [transaction.hash])
                return BuiltBlock(dropped=(transaction.hash.hex(),))
        header = execution.seal() if execution.executed else None
        self._commit(header, execution, nodes, dropped)
        number = None if header is None else int(header.block_number)
        return BuiltBlock(number, tuple(each.hex() for each in dropped))

    def _fitting(self, execution: BlockExecution) -> Iterator[SignedTransactionAPI]:
        """Yield what waits, in order of arrival, while gas and time of the block last."""
        deadline = time.monotonic() + self._settings.block_work_seconds
        taken = 0
        while rows := pool_rows_after(self._connection, taken):
            taken = rows[-1][0]
            for _, raw in rows:
                transaction = decode_transaction(raw)
                if time.monotonic() >= deadline or not execution.has_room_for(transaction):
                    return
                yield transaction

    def _commit(
        self,
        header: BlockHeaderAPI | None,
        execution: BlockExecution,
        nodes: NodeStore,
        dropped: list[bytes],
    ) -> None:
        with self._database.writing(self._connection) as connection:
            remove_from_pool(connection, dropped)
            if header is not None:
                nodes.insert_into(connection)
                insert_block(connection, header, rlp.encode(header), execution.executed)


@dataclass(frozen=True)
class BuilderProcess:
    """The forked builder as the ledger's process sees it.

    Attributes:
        watch: a file descriptor that becomes readable when the builder has ended.
    """

    channel: socket.socket
    pid: int
    watch: int

    @property
    def is_running(self) -> bool:
        """Whether the builder has not ended."""
        return not select.select([self.watch], [], [], 0)[0]

    def end(self) -> None:
        """End the builder and wait until it is gone; a block in work is left to the next start."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_RDWR)
        self.channel.close()
        os.waitpid(self.pid, 0)
        os.close(self.watch)


def fork_builder(settings: LedgerSettings, database: Database) -> BuilderProcess:
    """Fork the builder.

    Call it before any thread runs and while no connection to the database is open.
    """
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()  # while it is open here, its closing in the ledger would not be seen
            _run(settings, database, theirs)
        except BaseException:
            log.exception("the block builder broke")
        finally:
            os._exit(1)
    theirs.close()
    return BuilderProcess(ours, pid, os.pidfd_open(pid))


def _run(settings: LedgerSettings, database: Database, channel: socket.socket) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    asked: SimpleQueue[int] = SimpleQueue()
    threading.Thread(target=listen, args=(channel, asked), daemon=True).start()
    builder = BlockBuilder(settings, database)
    while True:
        built = builder.build(asked.get())
        channel.sendall(json.dumps(asdict(built)).encode() + b"\n")


def listen(channel: socket.socket, asked: "SimpleQueue[int]") -> None:
    """Pass on what the ledger asks for; end this process when the ledger is gone."""
    # A ledger that is killed with an answer unread resets the channel rather than closing it.
    with contextlib.suppress(ConnectionError), channel.makefile("rb") as lines:
        for line in lines:
            asked.put(int(line))
    os._exit(0)  # the ledger is gone; a block in work is not acknowledged by anyone
