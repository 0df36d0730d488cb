"""What a relay transaction's bytes are, and how much gas and how many acts it carries."""

import pytest
from eth_abi.abi import encode as abi_encode
from eth_account import Account

from identity.acts.typed import batch
from identity.errors import ActMalformed
from identity.keys.secp256k1 import SigningKey
from node.chain.relaying import (
    SUBMIT_SELECTOR,
    TRANSACTION_GAS_LIMIT,
    batch_of,
    first_that_fit,
    gas_for,
    sign_transaction,
    submit_calldata,
)

KEY = SigningKey((7).to_bytes(32, "big"))
WIRES = [b"\x20" + bytes(450), b"\x21" + bytes(417)]


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 2**40])
@pytest.mark.parametrize(("fee", "value"), [(0, 0), (1, 0), (1, 10**18)])
def test_a_transaction_is_the_one_that_eth_account_makes(nonce: int, fee: int, value: int) -> None:
    calldata = submit_calldata(WIRES)
    expected = Account.sign_transaction(
        {
            "type": 2,
            "chainId": 7741,
            "nonce": nonce,
            "to": b"\x11" * 20,
            "value": value,
            "data": calldata,
            "gas": 500_000,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": fee,
        },
        KEY.private,
    )
    raw, transaction_hash = sign_transaction(
        KEY, 7741, nonce, b"\x11" * 20, calldata, 500_000, fee, value
    )
    assert raw == expected.raw_transaction
    assert transaction_hash == "0x" + expected.hash.hex()


def test_the_calldata_is_the_abi_encoding_of_the_batch_and_is_read_back() -> None:
    calldata = submit_calldata(WIRES)
    assert calldata == SUBMIT_SELECTOR + abi_encode(["bytes"], [batch(WIRES)])
    assert batch_of(calldata) == batch(WIRES)


@pytest.mark.parametrize(
    "change",
    [
        lambda good: b"",
        lambda good: good[:68],
        lambda good: b"\x00" + good[1:],
        lambda good: good + bytes(32),
        lambda good: good[:-1] + b"\x01",
        lambda good: good[:35] + b"\x40" + good[36:],
    ],
)
def test_other_calldata_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ActMalformed):
        batch_of(change(submit_calldata(WIRES)))


def test_gas_gives_every_act_its_cap_after_the_63_64_rule() -> None:
    gas_cap = 250_000
    assert gas_for(WIRES, gas_cap) >= 2 * gas_cap * 64 // 63


def test_as_many_acts_go_together_as_the_gas_limit_lets_and_fifty_at_most() -> None:
    small = [b"\x20" * 400] * 60
    assert first_that_fit(small, 250_000) == 50
    count = first_that_fit(small, 1_500_000)
    assert 1 < count < 50
    assert gas_for(small[:count], 1_500_000) <= TRANSACTION_GAS_LIMIT
    assert gas_for(small[: count + 1], 1_500_000) > TRANSACTION_GAS_LIMIT


def test_one_act_goes_whatever_its_cap() -> None:
    assert first_that_fit([b"\x20" * 400], 40_000_000) == 1
