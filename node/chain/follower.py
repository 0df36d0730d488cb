"""Turns the ledger's final events into tables, in order, each exactly once.

A step reads some blocks, then applies their events, tells the hooks, and moves the cursor, in one
transaction: killed at any instruction, the next step goes on where the tables are. It writes only
projections; what else must happen on an event is a hook's work in the same transaction.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from node.chain.blocks import Block, BlockReader
from node.chain.council_effects import founded
from node.chain.effects import apply
from node.chain.errors import (
    EventMissing,
    LedgerDiffers,
    LedgerForked,
    LogMalformed,
    LogsPruned,
)
from node.chain.events import Event
from node.chain.network import Network
from node.chain.rpc import Ledger
from node.chain.versions import known_places
from node.errors import NodeError
from node.events.concerned import applied
from node.events.stream import append_rows
from node.metrics import ledger_faults
from node.store.database import Database
from node.store.follower import FollowerState, LedgerFault
from node.store.many import insert_many
from node.store.projections import ChainCursor, LedgerEvent
from node.store.rows import Rows, table_of

Hook = Callable[[Session, Sequence[Event]], None]

NOTE_SECONDS = 2
STANDING_FAULTS = (LedgerForked, LedgerDiffers, LogsPruned, EventMissing, LogMalformed)
"""What does not pass by itself."""
_COLUMNS = tuple(column.name for column in table_of(LedgerEvent).columns)


@dataclass(frozen=True)
class AsOf:
    """Up to which final block the tables speak, and how old that knowledge is.

    ``behind_seconds`` is 0 while the follower is at the ledger's last final block and has asked
    lately; else the seconds since that was so.
    """

    height: int
    block_hash: str
    behind_seconds: int


class Follower:
    """Keeps one member's projections.

    Args:
        ledger: where blocks come from.
        database: whose tables of ``PROJECTIONS`` exist.
        network: whose contracts are followed, from its ``deployed_height``.
        hooks: called with the session and the events of each step that has any, in order.
        stream: whether to append the events to the member's stream; not when tables are rebuilt.
        clock: UTC seconds; only for saying how old the tables are.
    """

    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        network: Network,
        hooks: Sequence[Hook] = (),
        clock: Callable[[], float] = time.time,
        stream: bool = False,
    ) -> None:
        self._blocks = BlockReader(ledger, network)
        self._database = database
        self._network = network
        self._hooks = tuple(hooks)
        self._clock = clock
        self._stream = stream
        self._noted = 0.0
        self._fault: str | None = "not known yet"
        self._known: Block | None = None

    def step(self, until: int | None = None) -> int:
        """Apply the next blocks; return how many, 0 when there is no further final block.

        Args:
            until: apply no block above this height.

        Raises:
            LedgerForked, LedgerDiffers, LogsPruned, EventMissing, LogMalformed: nothing is applied,
                and the fault is noted for all parts to see; a person must look.
            LedgerUnavailable, LedgerBehind, LedgerSyncing, StorageUnavailable: nothing is applied;
                try again.
        """
        try:
            applied = self._step(until)
        except STANDING_FAULTS as error:
            self._note_fault(error)
            raise
        self._note_fault(None)
        return applied

    def _step(self, until: int | None) -> int:
        last, self._known = self._known or self._read_last(), None
        head = self._blocks.head_after(last)
        top = head.height if until is None else min(until, head.height)
        if top <= last.height:
            self._note_at_head()
            # Another follower may move it meanwhile: what applies blocks looks again.
            self._known = last
            return 0
        with self._database.read() as session:
            self._blocks.know(known_places(session))
        first = max(last.height + 1, self._network.deployed_height)
        if first > top:
            return 0
        events, end = self._blocks.events(first, top)
        with self._database.begin() as session:
            if self._last(session) != last:
                return 0  # another process has applied these blocks meanwhile
            self._apply(session, events, end)
            self._note(session, at_head=end.height == head.height)
        return end.height - last.height

    def _apply(self, session: Session, events: Sequence[Event], end: Block) -> None:
        connection = session.connection()
        rows = Rows(connection)
        if session.get(ChainCursor, 1) is None:
            founded(rows, self._network)
        if self._stream:
            append_rows(session, [applied(rows, event) for event in events])
        else:
            for event in events:
                apply(rows, event)
        rows.put(ChainCursor, id=1, block=end.height, block_hash=end.hash, block_time=end.time)
        rows.flush()
        if events:
            told = [{name: getattr(event, name) for name in _COLUMNS} for event in events]
            insert_many(connection, table_of(LedgerEvent), told)
            session.expire_all()
            for hook in self._hooks:
                hook(session, events)

    def _note_fault(self, error: NodeError | None) -> None:
        """Note why the follower has stopped, or that it goes on; only when that changes."""
        code = None if error is None else error.code
        if code == self._fault:
            return
        if isinstance(error, EventMissing):
            ledger_faults.labels("event_missing").inc()
        with self._database.begin() as session:
            found = session.get(LedgerFault, 1)
            if error is None:
                if found is not None:
                    session.delete(found)
            elif found is None or found.code != error.code:
                now = int(self._clock())
                session.merge(LedgerFault(id=1, code=error.code, says=error.message, since=now))
        self._fault = code

    def _read_last(self) -> Block:
        with self._database.read() as session:
            return self._last(session)

    def _last(self, session: Session) -> Block:
        cursor = session.get(ChainCursor, 1)
        if cursor is None:
            return Block(0, self._network.genesis, 0)
        return Block(cursor.block, cursor.block_hash, cursor.block_time)

    def _note_at_head(self) -> None:
        if not 0 <= self._clock() - self._noted < NOTE_SECONDS:  # a clock may be set back
            with self._database.begin() as session:
                self._note(session, at_head=True)

    def _note(self, session: Session, at_head: bool) -> None:
        now = self._clock()
        if at_head:
            session.merge(FollowerState(id=1, at_head_at=int(now)))
            self._noted = now


def as_of(session: Session, now: float) -> AsOf | None:
    """Return up to when the tables speak at ``now`` (UTC seconds); None before the first block."""
    found = session.connection().exec_driver_sql(_AS_OF).first()
    if found is None:
        return None
    block, block_hash, block_time, at_head_at = found
    seen = block_time if at_head_at is None else at_head_at
    silent = max(0, int(now) - seen)
    behind = 0 if silent <= 2 * NOTE_SECONDS else silent
    return AsOf(block, block_hash, behind)


# Every read asks it: as text, because making the statement takes longer than running it.
_AS_OF = (
    "SELECT block, block_hash, block_time, (SELECT at_head_at FROM follower_state WHERE id = 1)"
    " FROM chain_cursor WHERE id = 1"
)
