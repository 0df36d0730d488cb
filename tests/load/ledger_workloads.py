"""Signed transactions that carry acts, for the embedded ledger and for py-evm alike."""

from collections.abc import Callable
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ledger_process import PROBE, account, sign
from rlp import encode as rlp_encode

WORKER_KEYS_FROM = 1_000


@dataclass(frozen=True)
class Workload:
    """One kind of transaction.

    Attributes:
        name: what it is, in a few words.
        acts: acts in one transaction.
        setup: signed transactions to run first, in order; not timed.
        transaction: signs one transaction, given its worker and the worker's nonce.
        read: address and data of a call that reads what the setup wrote.
    """

    name: str
    acts: int
    setup: list[str]
    transaction: Callable[[int, int], str]
    read: tuple[str, str]


def probe_acts(acts: int, slots: int, turns: int, gas: int) -> Workload:
    """Stand-in acts: each writes ``slots`` new storage slots, emits one event and hashes.

    ``turns`` is the rounds of hashing that bring an act to the opcodes of a title act.
    """
    deployer = account(1)
    address = to_checksum_address(keccak(rlp_encode([bytes.fromhex(deployer.address[2:]), 0]))[12:])

    def transaction(worker: int, nonce: int) -> str:
        first = ((worker + 1) << 64) + nonce * acts * slots
        data = _call("act(uint256,uint256,uint256,uint256)", first, acts, slots, turns)
        return sign(worker_account(worker), nonce, address, data, gas)

    return Workload(
        name=f"stand-in acts of {slots} new slots and {turns} hashes",
        acts=acts,
        setup=[
            sign(deployer, 0, None, PROBE["bytecode"], gas=3_000_000),
            sign(deployer, 1, address, _call("store(uint256,uint256)", 1, 42)),
        ],
        transaction=transaction,
        read=(address, _call("values(uint256)", 1)),
    )


def _call(function: str, *arguments: int) -> str:
    words = encode(["uint256"] * len(arguments), arguments)
    return "0x" + (keccak(text=function)[:4] + words).hex()


def worker_account(worker: int) -> LocalAccount:
    """Return the account that signs worker number ``worker``'s transactions."""
    return account(WORKER_KEYS_FROM + worker)


# About 2,760 opcodes and 144,000 gas; about 1,770 opcodes and 53,000 gas an act.
SINGLE = probe_acts(acts=1, slots=5, turns=34, gas=200_000)
FIFTY = probe_acts(acts=50, slots=2, turns=24, gas=4_000_000)
