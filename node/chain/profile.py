"""What differs between engines, one file an engine in ``profiles``; nothing else asks which it is.

``network.json`` names the engine by its word, before that the founding does. What a profile gives
is public and the same at every member; where a node may choose, its settings go first.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from node.chain.errors import EngineUnknown

PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """One engine's ways.

    Attributes:
        engine: its word in network.json.
        chain_id: the EIP-155 chain id that it starts with; None: the founding chooses.
        fee_per_gas_wei: what every transaction offers and pays for a unit of gas; 0: gas is free.
        relayers_need_balance: whether whoever sends transactions needs money on the ledger.
        block_seconds: how far blocks are apart while there is work; idle engines may make none.
        final: the block tag (JSON-RPC) of the last block that the engine never reverts.
        poll_seconds: how often to ask for a new block, where the settings do not say.
        long_extra_data: whether headers carry more than 32 bytes of extra data, which clients with
            Ethereum's own rule refuse; web3.py then needs ``ExtraDataToPOAMiddleware``.
        longest_log_range_blocks: blocks of one ``eth_getLogs``. An engine may leave the rest out
            in silence, so nobody asks for more.
        allow_lists: whether the engine itself keeps lists of who may write, apart for transactions
            and for deployments, as subnet-evm's precompiles do.
    """

    engine: str
    chain_id: int | None
    fee_per_gas_wei: int
    relayers_need_balance: bool
    block_seconds: float
    final: Literal["finalized", "latest"]
    poll_seconds: float
    long_extra_data: bool
    longest_log_range_blocks: int
    allow_lists: bool


@cache
def profile(engine: str) -> Profile:
    """Return the profile of the engine with this word.

    Raises:
        EngineUnknown: this release has none.
    """
    found = {path.stem: path for path in PROFILES.glob("*.json")}
    if engine not in found:
        raise EngineUnknown(f"There is no profile of the engine {engine}.", known=sorted(found))
    return Profile(**json.loads(found[engine].read_bytes()))
