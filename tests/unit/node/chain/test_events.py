"""A log decodes to the act that was signed, or is refused."""

from typing import Any

import pytest
from eth_abi.abi import encode
from synthetic_ledger import GENESIS_TIME, SIGNER, SyntheticLedger

from node.chain.errors import LogMalformed
from node.chain.events import read_event
from node.store.projections import ACTED, FOLLOWED, NOBODY, REFUSED

TITLE, SHIPPER, BANK, ROOT = (bytes([i]) * 32 for i in (1, 2, 3, 4))


def placed(log: dict[str, Any]) -> dict[str, Any]:
    return log | {
        "blockNumber": "0x7",
        "logIndex": "0x3",
        "transactionHash": "0x" + "aa" * 32,
        "blockHash": "0x" + "bb" * 32,
    }


def offer_log() -> dict[str, Any]:
    log = SyntheticLedger().acted(
        "Offer",
        4,
        principal=SHIPPER,
        object=TITLE,
        to=BANK,
        capacity=2,
        endorsement=0,
        deadline=GENESIS_TIME,
        root=ROOT,
    )
    return placed(log)


def test_an_acts_event_gives_every_field_that_was_signed() -> None:
    event = read_event(offer_log(), "Titles", GENESIS_TIME)
    assert (event.kind, event.verb, event.counter, event.outcome) == (ACTED, "Offer", 4, 0)
    assert (event.block, event.log_index, event.block_time) == (7, 3, GENESIS_TIME)
    assert event.object == "0x" + TITLE.hex()
    assert event.principal == "0x" + SHIPPER.hex()
    assert event.key == "0x" + SIGNER.hex()
    assert event.fields["to"] == BANK
    assert event.fields["capacity"] == 2
    assert len(bytes.fromhex(event.act[2:])) == 75 + 32 * 5


def test_the_data_is_decoded_as_the_abi_library_encodes_it() -> None:
    log = offer_log()
    act = bytes.fromhex(read_event(log, "Titles", 0).act[2:])
    effect = 4 << 160 | int.from_bytes(SIGNER, "big")
    assert log["data"] == "0x" + encode(["uint256", "bytes"], [effect, act]).hex()


def test_an_object_that_followed_gives_its_new_state() -> None:
    log = placed(SyntheticLedger().followed("Releases", TITLE, 2, 2))
    event = read_event(log, "Releases", 0)
    assert (event.kind, event.counter, event.state) == (FOLLOWED, 2, 2)
    assert event.principal == NOBODY


def test_a_refused_act_gives_its_reason() -> None:
    reason = bytes.fromhex("00112233") + bytes(32)
    event = read_event(
        placed(SyntheticLedger().refused("Offer", TITLE, SHIPPER, reason)), "Titles", 0
    )
    assert (event.kind, event.verb) == (REFUSED, "Offer")
    assert event.reason == "0x" + reason.hex()
    assert event.refusal == "UnknownError"


def test_a_refused_act_of_an_unknown_verb_keeps_its_number() -> None:
    log = SyntheticLedger().refused("Offer", TITLE, SHIPPER, b"")
    log["data"] = "0x" + f"{250:064x}" + log["data"][66:]
    assert read_event(placed(log), "Titles", 0).verb == "250"


@pytest.mark.parametrize(
    "change",
    [
        {"topics": []},
        {"topics": ["0x" + "00" * 32]},
        {"topics": offer_log()["topics"][:3]},
        {"topics": [*offer_log()["topics"][:3], "0x01"]},
        {"data": "0x"},
        {"data": offer_log()["data"][:-2]},
        {"data": offer_log()["data"][: 2 + 64] + "f" * 64},
        {"data": offer_log()["data"][: 2 + 3 * 64] + "fa" + offer_log()["data"][4 + 3 * 64 :]},
        {"data": "0x" + "zz" * 400},
        {"blockNumber": None},
    ],
)
def test_a_log_that_no_contract_makes_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LogMalformed):
        read_event(offer_log() | change, "Titles", 0)
