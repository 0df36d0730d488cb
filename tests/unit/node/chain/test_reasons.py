"""Revert data is read by the contracts' own errors, and never guessed at."""

import json
from importlib.resources import files

from eth_abi.abi import encode
from eth_hash.auto import keccak

from node.chain import artifacts
from node.chain.reasons import RAN_OUT_OF_GAS, UNKNOWN_ERROR, read_reason

TITLE = bytes([1]) * 32


def revert(signature: str, *arguments: object) -> bytes:
    types = signature[signature.index("(") + 1 : -1]
    return keccak(signature.encode())[:4] + encode(types.split(",") if types else [], arguments)


def test_an_error_gives_its_name_and_arguments() -> None:
    reason = read_reason(revert("StaleCounter(bytes32,uint256,uint256)", TITLE, 4, 2**60))
    assert reason.error == "StaleCounter"
    assert reason.facts == {"object": "0x" + TITLE.hex(), "expected": 4, "given": str(2**60)}


def test_an_address_stays_an_address() -> None:
    reason = read_reason(revert("NotACouncilSeat(bytes32,address)", TITLE, bytes([7]) * 20))
    assert reason.facts["key"] == "0x" + "07" * 20


def test_an_error_without_arguments_has_no_facts() -> None:
    assert read_reason(revert("ActMalformed()")).facts == {}


def test_no_reason_means_that_the_act_ran_out_of_gas() -> None:
    assert read_reason(b"").error == RAN_OUT_OF_GAS


def test_anything_else_is_unknown_and_shown() -> None:
    stale = revert("StaleCounter(bytes32,uint256,uint256)", TITLE, 4, 5)
    for data in (b"\x01", bytes(4), revert("Error(string)", "no"), stale[:-1], stale + b"\x00"):
        reason = read_reason(data)
        assert reason.error == UNKNOWN_ERROR
        assert reason.facts == {"data": "0x" + data.hex()}


def test_every_error_of_every_contract_has_a_sentence_and_advice() -> None:
    table = json.loads((files("identity.acts") / "refusals.json").read_bytes())
    errors = {
        str(entry["name"])
        for contract in artifacts.CONTRACTS
        for entry in artifacts.load(contract).abi
        if entry["type"] == "error"
    }
    assert errors <= set(table)
