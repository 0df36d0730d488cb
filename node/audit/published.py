"""Reads which checkpoints of a member's log were taken, from the ledger and not from the tables."""

from collections.abc import Collection
from dataclasses import dataclass

from identity.acts.words import Outcome
from node.chain.events import ACTED_TOPIC, read_event
from node.chain.logs import logs_between
from node.chain.profile import Profile
from node.chain.rpc import Ledger
from node.store.projections import ACTED


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that took effect: the log's size and root (32 bytes), and its block."""

    size: int
    root: bytes
    height: int


def checkpoints(
    ledger: Ledger, engine: Profile, contracts: Collection[str], member: str, first: int
) -> list[Checkpoint]:
    """Return the checkpoints of the member's own log, oldest first, up to the final block.

    Args:
        contracts: addresses of Attestations, those of closed versions too.
        first: the block of the network's first contract.

    Raises:
        LedgerUnavailable: no answer.
        RpcRefused: the ledger gives not even one block's logs.
    """
    last = int(ledger.call("eth_getBlockByNumber", engine.final, False)["number"], 16)
    query = {"address": sorted(contracts), "topics": [ACTED_TOPIC, member, member]}
    logs = logs_between(ledger, engine, query, first, last)
    found = [read_event(log, "Attestations", 0) for log in logs]
    return [
        Checkpoint(int(str(event.fields["size"])), bytes(event.fields["root"]), event.block)  # type: ignore[arg-type]
        for event in sorted(found, key=lambda event: (event.block, event.log_index))
        if (event.kind, event.verb, event.outcome) == (ACTED, "Checkpoint", Outcome.DONE)
    ]
