"""Cancun rules with gas limit and base fee pinned, and the execution of one block.

No fee is ever charged: base fee and gas price are zero and no account holds a balance. Nothing
here touches the clock or SQLite; the caller gives the parent, the second and the node store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import rlp
from eth.abc import (
    BlockHeaderAPI,
    MessageAPI,
    SignedTransactionAPI,
    StateAPI,
    TransactionContextAPI,
)
from eth.constants import BLANK_ROOT_HASH, ZERO_HASH32
from eth.vm.chain_context import ChainContext
from eth.vm.code_stream import CodeStream
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth_typing import BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from node.embedded.database import NodeStore


@lru_cache(maxsize=64)
def _jumps_known(code: bytes) -> tuple[set[int], set[int]]:  # noqa: ARG001  the cache's key
    """Return the sets in which py-evm notes which positions of ``code`` are (no) jump targets."""
    return set(), set()


class LedgerComputation(CancunComputation):
    """py-evm's computation, which finds a code's jump targets once and not in every call of it."""

    def __init__(
        self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI
    ) -> None:
        super().__init__(state, message, transaction_context)
        stream = cast(CodeStream, self.code)
        stream.valid_positions, stream.invalid_positions = _jumps_known(message.code)


class LedgerState(CancunState):
    """The state under Cancun rules."""

    computation_class = LedgerComputation


class LedgerVM(CancunVM):
    """Cancun rules."""

    _state_class = LedgerState


@dataclass(frozen=True)
class Log:
    """One event as a contract emitted it."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class ExecutedTransaction:
    """A transaction in its block, with what its receipt says."""

    transaction: SignedTransactionAPI
    succeeded: bool
    gas_used: int
    gas_used_to_here: int
    contract: bytes | None
    logs: tuple[Log, ...]


def genesis_header(timestamp: int, gas_limit: int) -> CancunBlockHeader:
    """Return the header of block 0 over an empty state; ``timestamp`` in UTC seconds."""
    return CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(0),
        gas_limit=gas_limit,
        timestamp=timestamp,
        nonce=bytes(8),
        parent_beacon_block_root=ZERO_HASH32,
    )


def next_header(parent: BlockHeaderAPI, timestamp: int) -> CancunBlockHeader:
    """Return the header to execute under, after ``parent``, with gas limit and base fee pinned."""
    return CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(parent.block_number + 1),
        parent_hash=parent.hash,
        gas_limit=parent.gas_limit,
        timestamp=timestamp,
        nonce=bytes(8),
        state_root=parent.state_root,
        withdrawals_root=BLANK_ROOT_HASH,
        parent_beacon_block_root=ZERO_HASH32,
    )


def decode_header(encoded: bytes) -> CancunBlockHeader:
    """Return the header of its RLP encoding."""
    header: CancunBlockHeader = rlp.decode(encoded, sedes=CancunBlockHeader)
    return header


def decode_transaction(raw: bytes) -> SignedTransactionAPI:
    """Return the signed transaction of its EIP-2718 encoding; py-evm's errors pass through."""
    return LedgerVM.get_transaction_builder().decode(raw)


def state_under(
    header: BlockHeaderAPI, nodes: NodeStore, chain_id: int, ancestors: Iterable[Hash32]
) -> StateAPI:
    """Return the state to execute under ``header``; ``ancestors`` from its parent down."""
    return LedgerVM.build_state(nodes, header, ChainContext(chain_id), ancestors)


@dataclass
class BlockExecution:
    """One block being built: apply transactions in order, then seal.

    py-evm's own ``mine_all`` is not used because one invalid transaction fails it whole, and
    because it recomputes the state root after each transaction, which no rule since Byzantium
    asks for.
    """

    header: BlockHeaderAPI
    nodes: NodeStore
    chain_id: int
    ancestors: Iterable[Hash32]
    executed: list[ExecutedTransaction] = field(default_factory=list)
    _receipts: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._state = state_under(self.header, self.nodes, self.chain_id, self.ancestors)

    def has_room_for(self, transaction: SignedTransactionAPI) -> bool:
        """Whether the gas left in the block covers the transaction's gas."""
        return self.header.gas_used + transaction.gas <= self.header.gas_limit

    def apply(self, transaction: SignedTransactionAPI) -> ExecutedTransaction:
        """Execute ``transaction`` as the block's next.

        Raises:
            ValidationError: it is invalid here; the block is as it was before.
        """
        if transaction.gas < transaction.intrinsic_gas:
            raise ValidationError("intrinsic gas too low")
        state = self._state
        state.lock_changes()
        snapshot = state.snapshot()
        try:
            computation = state.apply_transaction(transaction)
        except ValidationError:
            state.revert(snapshot)
            raise
        state.commit(snapshot)
        receipt = LedgerVM.make_receipt(self.header, transaction, computation, state)
        executed = ExecutedTransaction(
            transaction=transaction,
            succeeded=computation.is_success,
            gas_used=receipt.gas_used - self.header.gas_used,
            gas_used_to_here=receipt.gas_used,
            contract=computation.msg.storage_address if computation.msg.is_create else None,
            logs=tuple(
                Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
                for address, topics, data in computation.get_log_entries()
            ),
        )
        self.header = self.header.copy(
            gas_used=receipt.gas_used, bloom=self.header.bloom | receipt.bloom
        )
        self.executed.append(executed)
        self._receipts.append(receipt)
        return executed

    def seal(self) -> BlockHeaderAPI:
        """Move the state into the node store and return the finished header."""
        self._state.persist()
        self.header = self.header.copy(
            state_root=self._state.state_root,
            transaction_root=_root_of([each.transaction.encode() for each in self.executed]),
            receipt_root=_root_of([each.encode() for each in self._receipts]),
        )
        return self.header


def _root_of(items: Sequence[bytes]) -> Hash32:
    # py-evm's own function for this keeps the contents of its last 128 blocks in memory.
    trie = HexaryTrie({})
    with trie.squash_changes() as changes:
        for position, item in enumerate(items):
            changes[rlp.encode(position)] = item
    return Hash32(trie.root_hash)
