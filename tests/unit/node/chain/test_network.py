"""network.json is read strictly, and counts only with its council's signatures."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from identity.keys.secp256k1 import SigningKey
from identity.signer.settings import Domains, SignerSettings, domains_of
from node.chain.errors import CouncilSignatureMissing, NetworkMalformed
from node.chain.network import (
    CONTRACT_NAMES,
    CouncilSignature,
    DeployedContract,
    Network,
    NetworkFile,
    Seat,
    Version,
    WaitingTimes,
    Witness,
    check,
    load,
    network_id,
    parse,
    save,
)

KEYS = [SigningKey(bytes(31) + bytes([i])) for i in (1, 2, 3)]
SEATS = tuple(
    Seat("0x" + f"{i:064x}", "0x" + key.address.hex()) for i, key in enumerate(KEYS, start=11)
)
GENESIS = "0x" + "aa" * 32
NONCE = "0x" + "bb" * 32


def unsigned() -> Network:
    return Network(
        chain_id=7741,
        network_id=network_id(SEATS, 2, GENESIS, 7741, NONCE),
        nonce=NONCE,
        genesis=GENESIS,
        engine="embedded",
        operator=None,
        deployed_height=1,
        contracts={
            name: DeployedContract("0x" + f"{i:040x}", "0x" + f"{i:064x}")
            for i, name in enumerate(CONTRACT_NAMES, start=1)
        },
        threshold=2,
        seats=SEATS,
        rulebook="0x" + "cc" * 32,
        waiting=WaitingTimes(enforcement_seconds=60, transfer_seconds=31_622_400),
        witnesses=(
            Witness("0x" + "01" * 32, "0x" + "01" * 20, from_height=5, until_height=9),
            Witness("0x" + "02" * 32, "0x" + "02" * 20, from_height=7),
        ),
    )


def signed() -> Network:
    network = unsigned()
    for seat, key in zip(SEATS[:2], KEYS, strict=False):
        network = network.signed_by(seat.member, key)
    return network


def test_a_signed_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    save(signed(), tmp_path / "network.json")
    assert load(tmp_path / "network.json") == signed()


def test_too_few_signatures_are_refused() -> None:
    network = unsigned().signed_by(SEATS[0].member, KEYS[0])
    with pytest.raises(CouncilSignatureMissing) as refused:
        check(network)
    assert refused.value.facts == {"signed": 1, "threshold": 2}


def test_one_seat_signing_twice_counts_once() -> None:
    network = unsigned().signed_by(SEATS[0].member, KEYS[0])
    twice = replace(network, signatures=network.signatures * 2)
    with pytest.raises(CouncilSignatureMissing):
        check(twice)


def test_a_signature_by_another_seats_key_does_not_count() -> None:
    network = unsigned().signed_by(SEATS[0].member, KEYS[0])
    with pytest.raises(CouncilSignatureMissing):
        check(network.signed_by(SEATS[1].member, KEYS[2]))


def test_a_change_after_signing_is_refused() -> None:
    with pytest.raises(CouncilSignatureMissing):
        check(replace(signed(), rulebook="0x" + "dd" * 32))


def test_the_network_id_is_the_vector_of_the_documentation() -> None:
    seats = tuple(Seat("0x" + f"{i:02x}" * 32, "0x" + f"{i * 0x11:02x}" * 20) for i in (1, 2, 3))
    body = {
        "chain_id": 7741,
        "council": {"seats": [vars(seat) for seat in seats], "threshold": 2},
        "genesis": GENESIS,
        "nonce": NONCE,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    computed = "0x" + hashlib.sha256(b"lading/network-id/1\x00" + canonical).hexdigest()
    assert network_id(seats, 2, GENESIS, 7741, NONCE) == computed
    documented = (Path(__file__).parents[4] / "docs" / "protocol" / "network.md").read_text()
    assert computed in documented


def test_another_council_makes_another_network_id() -> None:
    with pytest.raises(NetworkMalformed, match="network id"):
        check(replace(signed(), threshold=1))


def test_a_seat_that_stands_twice_is_refused() -> None:
    with pytest.raises(NetworkMalformed, match="stands twice"):
        check(replace(signed(), seats=(SEATS[0], SEATS[0])))


def test_nonsense_in_place_of_a_signature_does_not_count() -> None:
    network = replace(signed(), signatures=(CouncilSignature(SEATS[0].member, "0x" + "00" * 65),))
    with pytest.raises(CouncilSignatureMissing):
        check(network)


def test_a_witness_key_counts_only_for_its_heights() -> None:
    network = unsigned()
    assert set(network.witnesses_at(4)) == set()
    assert set(network.witnesses_at(9)) == {"0x" + "01" * 20, "0x" + "02" * 20}
    assert set(network.witnesses_at(10)) == {"0x" + "02" * 20}


def test_acts_of_two_contracts_have_different_domains() -> None:
    network = unsigned()
    assert network.domain("Titles").separator != network.domain("Releases").separator
    assert network.domain("Titles").verifying_contract == network.address("Titles")


def file_of(network: Network, tmp_path: Path) -> dict[str, object]:
    save(network, tmp_path / "network.json")
    read: dict[str, object] = json.loads((tmp_path / "network.json").read_text())
    return read


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", 1),
        ("chain_id", "7741"),
        ("chain_id", True),
        ("genesis", "0x" + "AA" * 32),
        ("genesis", "0x" + "aa" * 32 + "\n"),
        ("contracts", {}),
        ("operator", ""),
        ("more", 1),
        ("signatures", [{"member": "0x00", "signature": "0x00"}]),
    ],
)
def test_a_file_that_does_not_follow_the_format_is_refused(
    tmp_path: Path, field: str, value: object
) -> None:
    data = file_of(signed(), tmp_path) | {field: value}
    with pytest.raises(NetworkMalformed):
        parse(json.dumps(data).encode())


def test_a_missing_field_is_refused(tmp_path: Path) -> None:
    data = file_of(signed(), tmp_path)
    for field in list(data):
        short = {name: value for name, value in data.items() if name != field}
        with pytest.raises(NetworkMalformed):
            parse(json.dumps(short).encode())


def test_a_missing_file_and_other_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkMalformed, match="cannot be read"):
        load(tmp_path / "network.json")
    for text in (b"", b"\xff", b"[" * 5_000, b"[]"):
        with pytest.raises(NetworkMalformed):
            parse(text)


SECOND = Version(2, 40, {"Titles": DeployedContract("0x" + "77" * 20, "0x" + "78" * 32)})


def succeeded() -> Network:
    """The network after a second version of Titles, signed anew."""
    network = replace(unsigned(), versions=(SECOND,))
    for seat, key in zip(SEATS[:2], KEYS, strict=False):
        network = network.signed_by(seat.member, key)
    return network


def test_acts_are_for_the_contracts_of_the_last_version() -> None:
    network = succeeded()
    assert network.address("Titles") == b"\x77" * 20
    assert network.domain("Titles").verifying_contract == b"\x77" * 20
    assert network.address("Releases") == unsigned().address("Releases")
    assert (network.version, unsigned().version) == (2, 1)
    assert network.contracts == unsigned().contracts


def test_versions_follow_each_other_and_are_signed_for(tmp_path: Path) -> None:
    save(succeeded(), tmp_path / "network.json")
    assert load(tmp_path / "network.json") == succeeded()
    with pytest.raises(NetworkMalformed):
        check(replace(succeeded(), versions=(replace(SECOND, version=3),)))
    with pytest.raises(CouncilSignatureMissing):
        check(replace(succeeded(), versions=()))


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    save(signed(), path)
    file = NetworkFile(path)
    first = file.current()
    assert file.current() is first
    save(succeeded(), path)
    assert file.current().version == 2
    assert file.current() is file.current()


def test_a_file_that_cannot_take_its_place_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    save(succeeded(), path)
    file = NetworkFile(path)
    save(signed(), path)  # an earlier one
    assert file.current().version == 2
    save(replace(succeeded(), signatures=()), path)
    assert file.current().version == 2
    path.unlink()
    assert file.current().version == 2


def test_a_signer_signs_for_the_contracts_that_its_file_names_now(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    save(signed(), path)
    read = domains_of(json.loads(path.read_bytes()))
    domains = Domains(SignerSettings(tmp_path, b"\x01" * 32, frozenset({"Offer"}), read))
    assert domains.current()["Titles"].verifying_contract == unsigned().address("Titles")
    save(succeeded(), path)
    assert domains.current()["Titles"].verifying_contract == b"\x77" * 20
    save(replace(succeeded(), signatures=()), path)
    assert domains.current()["Titles"].verifying_contract == b"\x77" * 20
