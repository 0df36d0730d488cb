"""A profile has one form, and a numbering key stands in it only with its proofs."""

import copy
import hashlib
import json

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from identity.errors import ProfileMalformed
from identity.profile.profile import Numbering, Profile
from identity.signatures import numbering

MEMBER = b"\x0a" * 32


@pytest.fixture(scope="module")
def profile(numbering_key: RSAPrivateKey) -> Profile:
    proofs = tuple(numbering.prove(numbering_key, MEMBER))
    return Profile(
        member=MEMBER,
        name_en="Evergreen Example Line",
        name_zh="长青示例航运",
        peers_url="https://127.0.0.1:7443",
        api_url="http://127.0.0.1:7080",
        tls_certificates=(b"\x30\x03\x02\x01\x05",),
        message_keys={"m1": b"\x01" * 32, "m2": b"\x02" * 32},
        envelope_keys={"e1": b"\x03" * 32},
        witness_keys=(b"\x04" * 20,),
        numbering=Numbering("HHL", numbering.modulus_of(numbering_key), proofs),
        credit_code="91110000600037341L",
        certificate_authorities=(b"\x30\x03\x02\x01\x06",),
    )


def test_a_profile_is_read_as_it_was_written(profile: Profile) -> None:
    again = Profile.parse(json.dumps(profile.to_json()).encode())
    assert again == profile
    assert again.hash == profile.hash


def test_the_hash_is_over_the_canonical_document(profile: Profile) -> None:
    assert profile.hash == hashlib.sha256(rfc8785.dumps(profile.to_json())).digest()
    assert profile.certificate_hashes == {hashlib.sha256(b"\x30\x03\x02\x01\x05").digest()}


def test_proofs_of_another_member_are_refused(profile: Profile) -> None:
    data = {**profile.to_json(), "member": "0x" + "0b" * 32}
    with pytest.raises(ProfileMalformed, match="proofs do not hold"):
        Profile.from_json(data)
    assert Profile.from_json({**data, "numbering": None}).numbering is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["profile"], 1),
        (["profile"], True),
        (["member"], "0x0A" + "0a" * 31),
        (["names"], {"en": "A"}),
        (["names", "en"], ""),
        (["names", "zh"], "行\n"),
        (["credit_code"], "91110000600037341K"),
        (["credit_code"], ""),
        (["certificate_authorities", 0], "AAAA"),
        (["certificate_authorities"], None),
        (["endpoints", "peers"], "http://127.0.0.1:7443"),
        (["endpoints", "peers"], "https://user@host"),
        (["endpoints", "peers"], "https://host:99999"),
        (["endpoints", "peers"], "https://[host"),
        (["endpoints", "api"], "file:///etc/passwd"),
        (["tls_certificates"], []),
        (["tls_certificates", 0], "!"),
        (["tls_certificates", 0], "AAAA"),
        (["message_keys"], []),
        (["message_keys", 0, "kid"], "m2"),
        (["message_keys", 0, "ed25519"], "0x00"),
        (["envelope_keys", 0], {"kid": "e1", "ed25519": "0x" + "00" * 32}),
        (["witness_keys"], ["0x" + "04" * 20] * 2),
        (["witness_keys"], "0x" + "04" * 20),
        (["numbering", "proofs"], []),
        (["numbering", "proofs", 0], "0x" + "00" * 384),
        (["numbering", "modulus"], "0x" + "00" * 384),
        (["numbering"], {}),
        (["surprise"], 1),
    ],
)
def test_what_is_not_a_profile_is_refused(profile: Profile, path: list, value: object) -> None:
    data = copy.deepcopy(profile.to_json())
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ProfileMalformed):
        Profile.from_json(data)


def test_an_organisation_outside_china_has_no_credit_code_and_may_have_no_authority(
    profile: Profile,
) -> None:
    data = profile.to_json() | {"credit_code": None, "certificate_authorities": []}
    assert Profile.from_json(data).credit_code is None
    del data["credit_code"]
    with pytest.raises(ProfileMalformed):
        Profile.from_json(data)


@pytest.mark.parametrize("text", [b"", b"[]", b"[" * 100_000, b" " * (256 * 1024 + 1), b"\xff"])
def test_bytes_that_are_no_profile_are_refused(text: bytes) -> None:
    with pytest.raises(ProfileMalformed):
        Profile.parse(text)
