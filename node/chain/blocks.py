"""Reads ranges of final blocks: their logs, their headers, and whether they connect.

It stores nothing. A range that the ledger refuses as too large is halved; a block that is not the
one it should be is LedgerForked, never passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.chain.errors import (
    LedgerBehind,
    LedgerDiffers,
    LedgerForked,
    LedgerSyncing,
    LogsPruned,
    RpcRefused,
)
from node.chain.events import Event, places_of, read_event
from node.chain.network import Network
from node.chain.rpc import Ledger, quantity
from node.errors import LedgerUnavailable
from node.metrics import ledger_faults

FIRST_SPAN_BLOCKS = 1_000
EVENTS_PER_RANGE = 2_000
PRUNED_CODE = 4444
PRUNED_WORDS = ("prune", "missing trie node", "history", "world state unavailable")


@dataclass(frozen=True)
class Block:
    """A block by height and hash (``0x`` hex), with its time in UTC seconds."""

    height: int
    hash: str
    time: int


class BlockReader:
    """Final blocks of one network's ledger, some at a time.

    Args:
        ledger: where to ask.
        network: whose contracts' logs are read: those it names, and those that acts of its council
            put in their place.
    """

    def __init__(self, ledger: Ledger, network: Network) -> None:
        self._ledger = ledger
        self._genesis = network.genesis
        self._names = {contract.address: name for name, contract in network.contracts.items()}
        self._engine = network.profile
        self._span = min(FIRST_SPAN_BLOCKS, self._engine.longest_log_range_blocks)

    def head_after(self, last: Block) -> Block:
        """Return the last final block, having checked that ``last`` is still what it was.

        Raises:
            LedgerForked: the block at ``last.height`` has another hash.
            LedgerDiffers: so it has, and the genesis block too: it is another ledger.
            LedgerBehind, LedgerSyncing: the ledger has no such final block yet.
        """
        head, same = self._headers([self._engine.final, quantity(last.height)])
        if head is None or head.height < last.height or same is None:
            raise self._behind(last.height)
        if same.hash != last.hash:
            raise self._another(last, same)
        return head

    def _behind(self, height: int) -> LedgerBehind | LedgerSyncing:
        try:
            syncing = self._ledger.call("eth_syncing") is not False
        except RpcRefused:
            syncing = False
        says = f"The ledger has no final block {height} now"
        if syncing:
            ledger_faults.labels("syncing").inc()
            return LedgerSyncing(f"{says}; it says that it is catching up.", height=height)
        ledger_faults.labels("behind").inc()
        return LedgerBehind(f"{says}.", height=height)

    def _another(self, last: Block, found: Block) -> LedgerForked | LedgerDiffers:
        (genesis,) = self._headers([quantity(0)])
        if genesis is None or genesis.hash != self._genesis:
            ledger_faults.labels("other_ledger").inc()
            return LedgerDiffers("The ledger has another genesis block.", expected=self._genesis)
        ledger_faults.labels("forked").inc()
        return LedgerForked(
            f"Block {last.height} was final as {last.hash} and is {found.hash} now.",
            height=last.height,
            expected=last.hash,
            found=found.hash,
        )

    def events(self, first: int, last: int) -> tuple[list[Event], Block]:
        """Return the events from block ``first`` on, in order, and the last block they cover.

        The range ends at ``last`` at most, and earlier when the ledger refuses so many blocks or
        gives more than ``EVENTS_PER_RANGE`` events.

        Raises:
            LogsPruned: the ledger has the first block's logs no more.
            RpcRefused: the ledger refuses even one block, for another reason.
            LedgerForked: a log's block is not the block of that height.
            LedgerBehind: a block of the range is not there.
            LogMalformed: as in ``read_event``.
        """
        logs, end = self._logs(first, last)
        while self._learn(logs):
            logs, end = self._logs(first, last)
        heights = sorted({int(log["blockNumber"], 16) for log in logs} | {end})
        found = self._headers([quantity(height) for height in heights])
        blocks = dict(zip(heights, found, strict=True))
        events = [self._event(log, blocks[int(log["blockNumber"], 16)]) for log in logs]
        events.sort(key=lambda event: (event.block, event.log_index))
        return events, _known(blocks[end], end)

    def _event(self, log: Mapping[str, Any], block: Block | None) -> Event:
        block = _known(block, int(log["blockNumber"], 16))
        if log["blockHash"] != block.hash:
            ledger_faults.labels("forked").inc()
            raise LedgerForked(
                f"A log of block {block.height} belongs to another block of that height.",
                height=block.height,
                expected=block.hash,
                found=log["blockHash"],
            )
        return read_event(log, self._names[log["address"].lower()], block.time)

    def know(self, places: Mapping[str, str]) -> None:
        """Read the logs of these contracts too: address → name."""
        self._names |= places

    def _learn(self, logs: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether the logs put contracts in force that were not known: read them again."""
        known = len(self._names)
        for log in logs:
            if self._names[log["address"].lower()] == "Network":
                self.know(places_of(read_event(log, "Network", 0)))
        return len(self._names) > known

    def _logs(self, first: int, last: int) -> tuple[list[Mapping[str, Any]], int]:
        while True:
            end = min(last, first + self._span - 1)
            query = {
                "fromBlock": quantity(first),
                "toBlock": quantity(end),
                "address": list(self._names),
            }
            try:
                logs: list[Mapping[str, Any]] = self._ledger.call("eth_getLogs", query)
            except RpcRefused as refused:
                if end == first:
                    raise _pruned(refused, first) or refused from refused
                ledger_faults.labels("range_refused").inc()
                self._span = max(1, (end - first + 1) // 2)
                continue
            if len(logs) > EVENTS_PER_RANGE:
                logs, end = _whole_blocks(logs, EVENTS_PER_RANGE, end)
                self._span = end - first + 1
            elif len(logs) < EVENTS_PER_RANGE // 2:
                self._span = min(self._engine.longest_log_range_blocks, self._span * 2)
            return logs, end

    def _headers(self, choices: Sequence[str]) -> list[Block | None]:
        answers = self._ledger.batch(
            [("eth_getBlockByNumber", [choice, False]) for choice in choices]
        )
        return [_block(answer) for answer in answers]


def _block(answer: Any) -> Block | None:
    if isinstance(answer, RpcRefused):
        raise answer
    if answer is None:
        return None
    try:
        return Block(int(answer["number"], 16), answer["hash"], int(answer["timestamp"], 16))
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerUnavailable("The ledger answered with a block that is none.") from error


def _pruned(refused: RpcRefused, height: int) -> LogsPruned | None:
    """Return the refusal as LogsPruned where the ledger means that (EIP-4444, geth, besu)."""
    message = refused.message.lower()
    if refused.rpc_code != PRUNED_CODE and not any(word in message for word in PRUNED_WORDS):
        return None
    ledger_faults.labels("pruned").inc()
    return LogsPruned(
        f"The ledger has the logs of block {height} no more: {refused.message}.", height=height
    )


def _known(block: Block | None, height: int) -> Block:
    if block is None:
        raise LedgerBehind(f"The ledger has no block {height} now.", height=height)
    return block


def _whole_blocks(
    logs: list[Mapping[str, Any]], wanted: int, end: int
) -> tuple[list[Mapping[str, Any]], int]:
    """Return the logs of the first blocks that together hold ``wanted`` logs, and the last."""
    heights = sorted(int(log["blockNumber"], 16) for log in logs)
    cut = min(end, heights[wanted - 1])
    return [log for log in logs if int(log["blockNumber"], 16) <= cut], cut
