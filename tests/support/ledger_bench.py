"""A ledger in this process: the real builder and database, a clock the test turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ledger_process import PROBE, account, sign
from rlp import encode as rlp_encode
from web3 import Web3

from node.embedded.builder import BlockBuilder, BuiltBlock
from node.embedded.database import Database, claim_directory
from node.embedded.ledger import Ledger, open_chain
from node.embedded.settings import LedgerSettings

DEPLOYER = account(1)
PROBE_ADDRESS = to_checksum_address(
    keccak(rlp_encode([bytes.fromhex(DEPLOYER.address[2:]), 0]))[12:]
)
PROBE_CONTRACT = Web3().eth.contract(address=PROBE_ADDRESS, abi=PROBE["abi"])


def probe_call(function: str, *arguments: Any) -> str:
    """Return the calldata of the test contract's ``function``."""
    return str(PROBE_CONTRACT.encode_abi(function, list(arguments)))


def raw(number: int, nonce: int, function: str, *arguments: Any, gas: int = 300_000) -> bytes:
    """Return account ``number``'s signed call of the test contract."""
    data = probe_call(function, *arguments)
    return bytes.fromhex(sign(account(number), nonce, PROBE_ADDRESS, data, gas)[2:])


@dataclass
class Bench:
    """One ledger's parts, opened in this process."""

    directory: Path
    settings: LedgerSettings
    database: Database
    now: float = field(default_factory=time.time)
    timestamps: list[int] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def run(self, test: Callable[[Ledger], Awaitable[None]], clock: Any = time.time) -> None:
        """Run ``test`` against a ledger whose blocks are built here."""
        asyncio.run(self._run(test, clock))

    async def _run(self, test: Callable[[Ledger], Awaitable[None]], clock: Any) -> None:
        builder = BlockBuilder(self.settings, self.database)

        async def build(timestamp: int) -> BuiltBlock:
            self.timestamps.append(timestamp)
            return builder.build(timestamp)

        ledger = Ledger(self.settings, self.database, build, clock)
        building = asyncio.create_task(ledger.run())
        try:
            await test(ledger)
        finally:
            building.cancel()
            await asyncio.gather(building, return_exceptions=True)
            ledger.close()


def bench_in(directory: Path) -> Bench:
    """Return a ledger with the test contract deployed in block 1."""
    claim_directory(directory)
    settings = LedgerSettings(directory)
    database = Database(directory)
    open_chain(settings, database, time.time() - 1_000_000)
    connection = database.connect()
    deploy = bytes.fromhex(sign(DEPLOYER, 0, None, PROBE["bytecode"], gas=3_000_000)[2:])
    with database.writing(connection):
        connection.execute("INSERT INTO pool (hash, raw) VALUES (?, ?)", (keccak(deploy), deploy))
    connection.close()
    BlockBuilder(settings, database).build(int(time.time()) - 500_000)
    return Bench(directory, settings, database)


async def settled(ledger: Ledger, seconds: float = 20.0) -> None:
    """Wait until nothing waits in the pool."""
    deadline = time.monotonic() + seconds
    while not ledger.pool.is_empty:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
