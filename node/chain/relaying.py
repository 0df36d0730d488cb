"""Builds relay transactions: acts as a contract's ``submit`` call, signed with a nonce.

Pure: it asks no ledger and stores nothing. A relay key pays and orders; it authorises no act.
"""

from collections.abc import Sequence

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_account import Account
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
    return SUBMIT_SELECTOR + abi_encode(["bytes"], [batch(wires)])


def batch_of(calldata: bytes) -> bytes:
    """Return the batch that a call of ``submit(bytes)`` carries.

    Raises:
        ActMalformed: the bytes are another call, or not its one encoding.
    """
    try:
        (given,) = abi_decode(["bytes"], calldata[4:])
    except DecodingError as error:
        raise ActMalformed("The calldata is no batch of acts.") from error
    if calldata[:4] != SUBMIT_SELECTOR or calldata[4:] != abi_encode(["bytes"], [given]):
        raise ActMalformed("The calldata is not the one encoding of a batch.")
    return bytes(given)


def sign_transaction(
    key: SigningKey, chain_id: int, nonce: int, contract: bytes, calldata: bytes, gas: int
) -> tuple[bytes, str]:
    """Return a signed zero-fee transaction (EIP-1559 form) and its hash, ``0x`` hex.

    The signature is deterministic (RFC 6979): the same inputs give the same bytes.
    """
    signed = Account.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "to": contract,
            "value": 0,
            "data": calldata,
            "gas": gas,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
        },
        key.private,
    )
    return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()
