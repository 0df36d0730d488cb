"""An application to the council has one form, and shows that its maker holds every key."""

import copy
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from identity.acts.words import KeyPurpose, Role
from identity.council.application import (
    ADMISSION,
    RECOVERY,
    Application,
    Document,
    apply,
    file_hash,
    parse,
    read,
)
from identity.errors import ApplicationMalformed
from identity.keys.secp256k1 import SigningKey
from identity.profile.profile import Profile

MESSAGE = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
KEYS = {
    purpose: SigningKey(bytes([number]) * 32)
    for number, purpose in enumerate((KeyPurpose.ACT, KeyPurpose.RELAY, KeyPurpose.WITNESS), 1)
}
PROFILE = Profile(
    member=b"\x0a" * 32,
    name_en="Skagen Cold Stores",
    name_zh="斯卡恩冷库",
    peers_url="https://127.0.0.1:7443",
    api_url="http://127.0.0.1:7080",
    tls_certificates=(b"\x30\x00",),
    message_keys={"message": MESSAGE.public_key().public_bytes_raw()},
    envelope_keys={"envelope": b"\x03" * 32},
    witness_keys=(KEYS[KeyPurpose.WITNESS].address,),
)


def made(kind: str = ADMISSION) -> Application:
    return apply(
        kind, "0x" + "07" * 32, Role.SHIPPER | Role.CONSIGNEE, PROFILE, KEYS, MESSAGE,
        [Document.of("licence.pdf", b"scanned")], 1_800_000_000,
    )  # fmt: skip


def test_an_application_is_read_as_it_was_written() -> None:
    application = made()
    again = parse(json.dumps(application.to_json()).encode())
    assert again == application
    assert (again.unproved(), file_hash(again)) == ([], file_hash(application))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["roles"], 1), (["network_id"], "0x" + "08" * 32), (["made_at"], 1), (["documents"], []),
        (["documents", 0, "sha256"], "00" * 32), (["profile", "names", "en"], "Another"),
    ],
)  # fmt: skip
def test_whatever_is_changed_no_key_has_signed_it(path: list[Any], value: object) -> None:
    data = made().to_json()
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert len(read(data).unproved()) == 4


def test_a_key_that_did_not_sign_is_named() -> None:
    data = made().to_json()
    stolen = "0x" + "0" * 24 + "77" * 20
    data["keys"].append({"key": stolen, "purpose": "act"})
    assert stolen in read(data).unproved()
    data = made().to_json()
    del data["proofs"][data["keys"][1]["key"]]
    assert read(data).unproved() == [data["keys"][1]["key"]]


def test_the_motion_names_what_was_applied_for() -> None:
    verb, fields = made().motion(b"\x66" * 32)
    assert verb == "AdmitMember"
    assert fields["profile"] == PROFILE.hash
    assert fields["purposes"] == [1, 2, 3]
    verb, fields = made(RECOVERY).motion(b"\x66" * 32)
    assert (verb, fields["series"]) == ("RecoverKeys", bytes(32))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["application"], 2), (["application"], True), (["kind"], "exit"), (["roles"], 0),
        (["roles"], 2**40), (["keys"], []), (["keys", 0, "purpose"], "seat"),
        (["keys", 0, "key"], "0x"), (["series"], "S"), (["documents", 0, "name"], "../licence"),
        (["documents", 0, "size"], -1), (["made_at"], "now"), (["proofs"], []),
        (["message_proof"], "0x"), (["profile", "profile"], 1), (["surprise"], 1),
    ],
)  # fmt: skip
def test_what_is_no_application_is_refused(path: list[Any], value: object) -> None:
    data = copy.deepcopy(made().to_json())
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ApplicationMalformed):
        read(data)


@pytest.mark.parametrize("text", [b"", b"[]", b"[" * 100_000, b" " * (512 * 1024 + 1), b"\xff"])
def test_bytes_that_are_no_application_are_refused(text: bytes) -> None:
    with pytest.raises(ApplicationMalformed):
        parse(text)
