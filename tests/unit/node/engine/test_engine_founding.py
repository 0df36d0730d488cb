"""A founding and a bundle are read strictly; what follows from them follows without a program."""

import json
from pathlib import Path
from typing import Any

import pytest

from node.engine.bundle import Bundle, parse
from node.engine.configuration import parameters
from node.engine.errors import EngineFileInvalid
from node.engine.founding import evm_genesis, gather, read_founding
from node.engine.organisation import PublicHalf, make_keys

TEMPLATE = Path(__file__).parents[4] / "deployments/engines/avalanche/templates/evm-genesis.json"
VERSIONS = {"avalanchego": "v1.14.0", "subnet_evm": "v0.8.0"}


def half(number: int) -> PublicHalf:
    return PublicHalf(
        name=f"org{number}",
        host="127.0.0.1",
        peers_port=9650 + number,
        node_id=f"NodeID-{number}",
        signer={"publicKey": "0x01", "proofOfPossession": "0x02"},
        council=f"P-custom{number}",
        operator="0x" + f"{number:040x}",
        founding="P-customf" if number == 1 else None,
    )


def told() -> dict[str, Any]:
    founding = gather([half(number) for number in range(1, 6)], 3, VERSIONS)
    read: dict[str, Any] = json.loads(json.dumps(founding.to_json()))
    return read


def test_a_founding_is_what_was_written() -> None:
    given = told()
    assert read_founding(given).to_json() == given


@pytest.mark.parametrize("field", ["name", "node_id", "council", "operator"])
def test_nobody_stands_twice_in_a_founding(field: str) -> None:
    given = told()
    given["founders"][1][field] = given["founders"][0][field]
    with pytest.raises(EngineFileInvalid, match=field):
        read_founding(given)


@pytest.mark.parametrize("threshold", [0, 1, 6])
def test_a_threshold_is_more_than_one_and_no_more_than_all(threshold: int) -> None:
    with pytest.raises(EngineFileInvalid, match="threshold"):
        read_founding(told() | {"threshold": threshold})


def test_exactly_one_founder_holds_the_founding_key() -> None:
    given = told()
    given["founders"][0]["founding"] = None
    with pytest.raises(EngineFileInvalid, match="founding key"):
        read_founding(given)


def test_three_founders_are_too_few() -> None:
    with pytest.raises(EngineFileInvalid, match="too few"):
        gather([half(number) for number in range(1, 4)], 2, VERSIONS)


@pytest.mark.parametrize(
    "change", [{"founding": 2}, {"founders": [{}]}, {"founders": None}, {"more": 1}]
)
def test_another_form_is_no_founding(change: dict[str, Any]) -> None:
    with pytest.raises(EngineFileInvalid):
        read_founding(told() | change)


def test_operators_manage_both_lists_from_the_genesis_on_and_nobody_is_admin() -> None:
    founding = read_founding(told())
    genesis = evm_genesis(founding, json.loads(TEMPLATE.read_bytes()))
    for name in ("txAllowListConfig", "contractDeployerAllowListConfig"):
        lists = genesis["config"][name]
        assert lists["managerAddresses"] == [each.operator for each in founding.founders]
        assert "adminAddresses" not in lists
        assert lists["blockTimestamp"] == int(genesis["timestamp"], 16)
    assert genesis["config"]["feeConfig"]["minBaseFee"] == 1


def test_a_bundle_with_any_byte_changed_is_no_bundle_or_another_one() -> None:
    bundle = Bundle(read_founding(told()), "subnet", "chain", {"genesis.json": "00"})
    content = bundle.content()
    assert parse(content) == bundle
    for place in range(0, len(content), 37):
        changed = bytearray(content)
        changed[place] ^= 1
        try:
            assert parse(bytes(changed)).hash != bundle.hash
        except EngineFileInvalid:
            continue


@pytest.mark.parametrize(("validators", "confidence"), [(4, 3), (5, 4), (6, 5), (7, 5), (10, 7)])
def test_two_thirds_of_the_validators_decide(validators: int, confidence: int) -> None:
    given = parameters(validators)
    assert given["k"] == validators
    assert given["alphaConfidence"] == confidence
    assert given["alphaPreference"] * 2 > validators


def test_a_host_is_an_address_because_the_engine_takes_no_names(tmp_path: Path) -> None:
    with pytest.raises(EngineFileInvalid, match="no IP address"):
        make_keys(tmp_path / "a", "a", "node.example", (1, 2), "a passphrase of length")
