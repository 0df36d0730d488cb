"""Cancun rules with gas limit and base fee pinned, and the execution of one block or one call.

No fee is ever charged: base fee and gas price are zero and no account holds a balance. Nothing
here touches the clock or SQLite; the caller gives the parent, the second and the node store.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import rlp
from eth.abc import (
    BlockHeaderAPI,
    ComputationAPI,
    MessageAPI,
    SignedTransactionAPI,
    StateAPI,
    TransactionContextAPI,
)
from eth.constants import BLANK_ROOT_HASH, ZERO_HASH32
from eth.db.trie import make_trie_root_and_nodes
from eth.exceptions import Revert
from eth.vm.chain_context import ChainContext
from eth.vm.code_stream import CodeStream
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from node.embedded.database import NodeStore
from node.embedded.errors import ExecutionFailed, ExecutionReverted

ERROR_STRING_SELECTOR = bytes.fromhex("08c379a0")
CALL_STIPEND = 2_300
ESTIMATE_TOLERANCE = 0.015

AncestorHashes = Callable[[int], Iterator[Hash32]]


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


@dataclass(frozen=True)
class Call:
    """The transaction object of eth_call and eth_estimateGas.

    Attributes:
        to: 20 bytes, or empty to create a contract.
        gas: the allowance; None takes the ledger's limit.
    """

    sender: bytes = bytes(20)
    to: bytes = b""
    data: bytes = b""
    value: int = 0
    gas: int | None = None


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


def _state_under(
    header: BlockHeaderAPI, nodes: NodeStore, chain_id: int, ancestors: Iterable[Hash32]
) -> StateAPI:
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
        self._state = _state_under(self.header, self.nodes, self.chain_id, self.ancestors)

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
        transaction_root, _ = make_trie_root_and_nodes([e.transaction for e in self.executed])
        receipt_root, _ = make_trie_root_and_nodes(self._receipts)
        self.header = self.header.copy(
            state_root=self._state.state_root,
            transaction_root=transaction_root,
            receipt_root=receipt_root,
        )
        return self.header


@dataclass(frozen=True)
class CallContext:
    """Where a call runs: a header to execute under, over the state of ``header.state_root``."""

    header: BlockHeaderAPI
    nodes: NodeStore
    chain_id: int
    ancestors: AncestorHashes
    gas_limit: int

    def run(self, call: Call, gas: int) -> ComputationAPI:
        """Execute ``call`` with ``gas`` and drop its effects."""
        ancestors = self.ancestors(self.header.block_number - 1)
        state = _state_under(self.header, self.nodes, self.chain_id, ancestors)
        unsigned = LedgerVM.get_transaction_builder().create_unsigned_transaction(
            nonce=state.get_nonce(Address(call.sender)),
            gas_price=0,
            gas=gas,
            to=Address(call.to),
            value=call.value,
            data=call.data,
        )
        if gas < unsigned.intrinsic_gas:
            raise ExecutionFailed(
                f"intrinsic gas too low: have {gas}, want {unsigned.intrinsic_gas}"
            )
        transaction = cast(
            SignedTransactionAPI, SpoofTransaction(unsigned, from_=Address(call.sender))
        )
        try:
            return state.apply_transaction(transaction)
        except ValidationError as error:
            raise ExecutionFailed(str(error)) from error

    def result(self, call: Call) -> bytes:
        """Return what ``call`` returns.

        Raises:
            ExecutionReverted, ExecutionFailed: as the names say.
        """
        computation = self.run(call, self._allowance(call))
        raise_if_failed(computation)
        return bytes(computation.output)

    def estimate(self, call: Call) -> int:
        """Return gas with which ``call`` succeeds, at most 1.5 % above the least.

        The least can be well above what is used, because a call may pass on only 63/64 of the gas
        left (EIP-150) and a contract may ask for gas it does not use; so it is searched for by
        executing, as geth does.

        Raises:
            ExecutionReverted, ExecutionFailed: it fails even with the whole allowance.
        """
        high = self._allowance(call)
        computation = self.run(call, high)
        raise_if_failed(computation)
        used = high - computation.get_gas_remaining()
        low = used - computation.get_gas_refund() - 1
        guess = (used + CALL_STIPEND) * 64 // 63
        while low + 1 < high and (high - low) / high > ESTIMATE_TOLERANCE:
            if not low < guess < high:
                guess = min((low + high) // 2, low * 2)
            if self._succeeds(call, guess):
                high = guess
            else:
                low = guess
            guess = 0
        return high

    def _succeeds(self, call: Call, gas: int) -> bool:
        try:
            return self.run(call, gas).is_success
        except ExecutionFailed:
            return False

    def _allowance(self, call: Call) -> int:
        return self.gas_limit if call.gas is None else min(call.gas, self.gas_limit)


def raise_if_failed(computation: ComputationAPI) -> None:
    """Raise what geth would answer if ``computation`` did not succeed."""
    if computation.is_success:
        return
    if isinstance(computation.error, Revert):
        output = bytes(computation.output)
        reason = revert_reason(output)
        raise ExecutionReverted(f"execution reverted{': ' + reason if reason else ''}", output)
    detail = str(computation.error)
    name = type(computation.error).__name__
    raise ExecutionFailed("out of gas" if name == "OutOfGas" else f"{name}: {detail}")


def revert_reason(output: bytes) -> str:
    """Return the text of a Solidity ``Error(string)``, or an empty string for anything else."""
    if output[:4] != ERROR_STRING_SELECTOR:
        return ""
    try:
        (reason,) = abi_decode(["string"], output[4:])
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return ""
    return str(reason)
