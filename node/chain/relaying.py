"""Builds relay transactions: acts as a contract's ``submit`` call, signed with a nonce.

Pure: it asks no ledger and stores nothing. A relay key pays and orders; it authorises no act.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import rlp
from eth_hash.auto import keccak

from identity.acts.typed import MAX_BATCH_ACTS, batch
from identity.errors import ActMalformed
from identity.keys.secp256k1 import SigningKey

SUBMIT_SELECTOR = keccak(b"submit(bytes)")[:4]
TRANSACTION_GAS_LIMIT = 30_000_000
# Intrinsic gas, the relayer's look-up, and the loop: once a transaction.
BASE_GAS = 200_000
# What Acts.sol keeps back for each act (its RESERVE) and what reading one costs.
ACT_OVERHEAD_GAS = 60_000 + 40_000
CALLDATA_BYTE_GAS = 16
PLAIN_GAS = 21_000
DYNAMIC_FEE_TYPE = b"\x02"
_WORD = 32


def gas_for(wires: Sequence[bytes], gas_cap: int) -> int:
    """Return gas that lets every act of a batch have its whole cap, whatever the others use.

    Args:
        gas_cap: the contract's ``gasCap()``.
    """
    # A call passes on at most 63/64 of the gas left (EIP-150), so the contract asks for 64/63.
    each = (gas_cap + ACT_OVERHEAD_GAS) * 64 // 63 + 1
    return BASE_GAS + each * len(wires) + CALLDATA_BYTE_GAS * sum(len(w) + 34 for w in wires)


def first_that_fit(wires: Sequence[bytes], gas_cap: int) -> int:
    """Return how many of ``wires``, from the first, one transaction can carry: 1 to 50."""
    count = min(len(wires), MAX_BATCH_ACTS)
    while count > 1 and gas_for(wires[:count], gas_cap) > TRANSACTION_GAS_LIMIT:
        count -= 1
    return count


def submit_calldata(wires: Sequence[bytes]) -> bytes:
    """Return the call of ``submit(bytes)`` for one to fifty acts; raises ActMalformed."""
    return _calldata(batch(wires))


def batch_of(calldata: bytes) -> bytes:
    """Return the batch that a call of ``submit(bytes)`` carries.

    Raises:
        ActMalformed: the bytes are another call, or not its one encoding.
    """
    start = len(SUBMIT_SELECTOR) + 2 * _WORD
    length = int.from_bytes(calldata[start - _WORD : start], "big")
    given = calldata[start : start + length]
    if len(calldata) < start or calldata != _calldata(given):
        raise ActMalformed("The calldata is not the one encoding of a batch.")
    return given


def _calldata(given: bytes) -> bytes:
    """Encode ``submit(given)``: the argument's offset, its length, and its bytes, padded (ABI)."""
    words = (_WORD.to_bytes(_WORD, "big"), len(given).to_bytes(_WORD, "big"))
    return SUBMIT_SELECTOR + b"".join(words) + given + bytes(-len(given) % _WORD)


@dataclass(frozen=True)
class Transaction:
    """What a relay transaction's bytes say: its gas, the contract (20 bytes) and the call."""

    gas: int
    to: bytes
    calldata: bytes


def read_transaction(raw: bytes) -> Transaction:
    """Read the bytes that ``sign_transaction`` returned."""
    fields = rlp.decode(raw[1:])
    return Transaction(int.from_bytes(fields[4], "big"), fields[5], fields[7])


def sign_nothing(key: SigningKey, chain_id: int, nonce: int, fee_per_gas: int) -> tuple[bytes, str]:
    """Return a signed transaction that uses the nonce up and does nothing, and its hash."""
    return sign_transaction(key, chain_id, nonce, key.address, b"", PLAIN_GAS, fee_per_gas)


def sign_transaction(
    key: SigningKey,
    chain_id: int,
    nonce: int,
    to: bytes,
    calldata: bytes,
    gas: int,
    fee_per_gas: int,
    value: int = 0,
) -> tuple[bytes, str]:
    """Return a signed transaction and its hash, ``0x`` hex.

    The signature is deterministic (RFC 6979): the same inputs give the same bytes.

    Args:
        to: an address; empty for a deployment.
        fee_per_gas: in wei, as the engine's profile says; offered whole, so that it is both the
            most that is paid and the tip, which some engines ask for.
        value: wei to transfer.

    Source: EIP-1559 for the transaction, EIP-2718 for the envelope.
    """
    unsigned = [chain_id, nonce, fee_per_gas, fee_per_gas, gas, to, value, calldata, []]
    signature = key.sign(keccak(DYNAMIC_FEE_TYPE + rlp.encode(unsigned)))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    raw = DYNAMIC_FEE_TYPE + rlp.encode([*unsigned, signature[64] - 27, r, s])
    return raw, "0x" + keccak(raw).hex()
