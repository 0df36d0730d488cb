"""Calls and gas estimates: executions whose effects are dropped.

Source: go-ethereum's answers and its search for an estimate, error codes and messages included.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from eth.abc import BlockHeaderAPI, ComputationAPI, SignedTransactionAPI
from eth.exceptions import Revert
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError

from node.embedded.database import NodeStore
from node.embedded.errors import ExecutionFailed, ExecutionReverted
from node.embedded.rules import LedgerVM, state_under

ERROR_STRING_SELECTOR = bytes.fromhex("08c379a0")
CALL_STIPEND = 2_300
ESTIMATE_TOLERANCE = 0.015

AncestorHashes = Callable[[int], Iterator[Hash32]]


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
        state = state_under(self.header, self.nodes, self.chain_id, ancestors)
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
