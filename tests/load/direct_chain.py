"""py-evm's own mining chain on SQLite with the ledger's settings: what the ledger is held against.

Nothing of the ledger's block building is used: ``MiningChain.mine_all`` executes, one SQLite
transaction a block makes it durable.
"""

import time
from pathlib import Path
from typing import Any

from eth.abc import BlockHeaderAPI
from eth.chains.base import MiningChain
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.headers import create_cancun_header_from_parent
from eth.vm.spoof import SpoofTransaction
from ledger_process import CHAIN_ID

from node.embedded.database import Database, NodeStore

GAS_LIMIT = 100_000_000


def _pinned_header(parent: BlockHeaderAPI | None, **fields: Any) -> BlockHeaderAPI:
    header = create_cancun_header_from_parent(parent, **{"gas_limit": GAS_LIMIT, **fields})
    return header.copy(base_fee_per_gas=0)


class PinnedVM(CancunVM):
    """Cancun with gas limit and base fee pinned, as the ledger has them."""

    create_header_from_parent = staticmethod(_pinned_header)

    @classmethod
    def validate_gas(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        assert (header.gas_limit, header.base_fee_per_gas) == (GAS_LIMIT, 0)


class PinnedChain(MiningChain):
    """py-evm's mining chain over ``PinnedVM``."""

    vm_configuration = ((0, PinnedVM),)
    chain_id = CHAIN_ID


class DirectChain:
    """Applies signed transactions to py-evm, a block at a time."""

    def __init__(self, directory: Path) -> None:
        self._database = Database(directory)
        self._connection = self._database.connect()
        self._nodes = NodeStore(self._connection)
        genesis = {"timestamp": int(time.time()) - 10**6, "gas_limit": GAS_LIMIT, "difficulty": 0}
        self._chain = PinnedChain.from_genesis(self._nodes, genesis, {})
        self._write()

    def mine(self, raw_transactions: list[str]) -> int:
        """Decode, execute and commit one block; return its gas."""
        builder = PinnedVM.get_transaction_builder()
        decoded = [builder.decode(bytes.fromhex(raw[2:])) for raw in raw_transactions]
        result, receipts, _ = self._chain.mine_all(decoded)
        assert all(receipt.state_root == b"\x01" for receipt in receipts)
        self._write()
        return int(result.imported_block.header.gas_used)

    def call(self, to: str, data: str) -> bytes:
        """Execute one read with py-evm's own means, over the last block's state."""
        unsigned = self._chain.create_unsigned_transaction(
            nonce=0,
            gas_price=0,
            gas=30_000_000,
            to=bytes.fromhex(to[2:]),
            value=0,
            data=bytes.fromhex(data[2:]),
        )
        transaction = SpoofTransaction(unsigned, from_=bytes(20))
        return bytes(self._chain.get_transaction_result(transaction, self._chain.header))

    def _write(self) -> None:
        with self._database.writing(self._connection) as connection:
            self._nodes.insert_into(connection)
        self._nodes.unwritten.clear()
