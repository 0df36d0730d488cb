"""Reads one kind of log over many blocks, as many at a time as the engine gives."""

from collections.abc import Mapping
from typing import Any

from node.chain.errors import RpcRefused
from node.chain.profile import Profile
from node.chain.rpc import Ledger, quantity

Log = Mapping[str, Any]


def logs_between(
    ledger: Ledger, engine: Profile, query: Mapping[str, Any], first: int, last: int
) -> list[Log]:
    """Return the logs of blocks ``first`` to ``last`` inclusive, in the ledger's order.

    Args:
        query: the filter's ``address`` and ``topics``.

    Raises:
        LedgerUnavailable: no answer.
        RpcRefused: the ledger gives not even one block's logs.
    """
    span, found = engine.longest_log_range_blocks, list[Log]()
    while first <= last:
        end = min(last, first + span - 1)
        blocks = {"fromBlock": quantity(first), "toBlock": quantity(end)}
        try:
            found += ledger.call("eth_getLogs", dict(query) | blocks)
        except RpcRefused:
            if end == first:
                raise
            span = max(1, (end - first + 1) // 2)
            continue
        first = end + 1
    return found
