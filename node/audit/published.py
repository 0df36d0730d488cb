"""Reads which checkpoints of a member's log were taken, from the ledger and not from the tables."""

from collections.abc import Collection
from dataclasses import dataclass

from identity.acts.words import Outcome
from node.chain.errors import RpcRefused
from node.chain.events import ACTED_TOPIC, read_event
from node.chain.rpc import Ledger, quantity
from node.store.projections import ACTED

SPAN_BLOCKS = 50_000


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that took effect: the log's size and root (32 bytes), and its block."""

    size: int
    root: bytes
    height: int


def checkpoints(
    ledger: Ledger, contracts: Collection[str], member: str, first: int
) -> list[Checkpoint]:
    """Return the checkpoints of the member's own log, oldest first, up to the final block.

    Args:
        contracts: addresses of Attestations, those of closed versions too.
        first: the block of the network's first contract.

    Raises:
        LedgerUnavailable: no answer.
        RpcRefused: the ledger gives not even one block's logs.
    """
    last = int(ledger.call("eth_getBlockByNumber", "finalized", False)["number"], 16)
    span, found = SPAN_BLOCKS, []
    while first <= last:
        end = min(last, first + span - 1)
        query = {
            "fromBlock": quantity(first),
            "toBlock": quantity(end),
            "address": sorted(contracts),
            "topics": [ACTED_TOPIC, member, member],
        }
        try:
            logs = ledger.call("eth_getLogs", query)
        except RpcRefused:
            if end == first:
                raise
            span = max(1, (end - first + 1) // 2)
            continue
        found += [read_event(log, "Attestations", 0) for log in logs]
        first = end + 1
    return [
        Checkpoint(int(str(event.fields["size"])), bytes(event.fields["root"]), event.block)  # type: ignore[arg-type]
        for event in sorted(found, key=lambda event: (event.block, event.log_index))
        if (event.kind, event.verb, event.outcome) == (ACTED, "Checkpoint", Outcome.DONE)
    ]
