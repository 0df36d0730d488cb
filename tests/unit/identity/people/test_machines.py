"""Machines' assertions: signed by the registered key, for here, now, and once."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from identity.people import machines
from identity.people.errors import ClientKeyInvalid, NotAccepted
from identity.people.machines import client_of, import_key, verify_assertion
from identity.signatures.algorithms import Algorithm
from identity.signatures.verify import PrivateKey, sign

NOW = 1_800_000_000
HERE = "https://lading.example/oauth/token"
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
KEYS: list[tuple[str, Algorithm, PrivateKey]] = [
    ("ES256", Algorithm.ES256, P256),
    ("EdDSA", Algorithm.ED25519, ED25519),
    ("Ed25519", Algorithm.ED25519, ED25519),
    ("PS256", Algorithm.PS256, RSA),
    ("RS256", Algorithm.RS256, RSA),
]


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def said(**changes: Any) -> dict[str, Any]:
    claims = {"iss": "erp", "sub": "erp", "aud": HERE, "exp": NOW + 60, "iat": NOW, "jti": "1"}
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def signed(
    claims: Any, key: PrivateKey = P256, alg: str = "ES256", by: Algorithm = Algorithm.ES256,
    **header: Any,
) -> str:  # fmt: skip
    head = encoded(json.dumps({"alg": alg, "typ": "JWT"} | header).encode())
    body = encoded(claims if isinstance(claims, bytes) else json.dumps(claims).encode())
    return f"{head}.{body}." + encoded(sign(by, key, f"{head}.{body}".encode()))


def verify(assertion: str, key: Any = P256) -> machines.Assertion:
    return verify_assertion(assertion, "erp", import_key(pem(key)), {HERE}, NOW)


@pytest.mark.parametrize(("alg", "by", "key"), KEYS, ids=lambda value: str(value)[:8])
def test_a_machine_is_known_by_its_key(alg: str, by: Algorithm, key: PrivateKey) -> None:
    assertion = signed(said(), key, alg, by)
    assert client_of(assertion) == "erp"
    assert verify(assertion, key) == machines.Assertion("erp", "1", NOW + 60)


@pytest.mark.parametrize("key", [P256, ED25519, RSA], ids=["P-256", "Ed25519", "RSA"])
def test_a_public_key_is_taken_as_pem_and_as_jwk(key: Any) -> None:
    public = import_key(pem(key))
    assert import_key(json.dumps(public).encode()) == public


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"{}",
        b"[]",
        b"{" * 5_000,
        b'{"kty":"oct","k":"c2VjcmV0"}',
        b'{"kty":"oct"}',
        b'{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
        b'{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}',
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 1024)),
        P256.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    ],
    ids=range(11),
)
def test_what_is_no_public_key_for_it_is_refused(given: bytes) -> None:
    with pytest.raises(ClientKeyInvalid):
        import_key(given)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "other"}, "CLAIM_ISS_OTHER"),
        ({"sub": "other"}, "CLAIM_SUB_OTHER"),
        ({"sub": ["erp"]}, "CLAIM_SUB_MISSING"),
        ({"aud": "https://elsewhere.example"}, "CLAIM_AUD_OTHER"),
        ({"aud": [HERE, "https://elsewhere.example"]}, "CLAIM_AUD_OTHER"),
        ({"aud": [[HERE]]}, "CLAIM_AUD_OTHER"),
        ({"aud": []}, "CLAIM_AUD_OTHER"),
        ({"aud": ...}, "CLAIM_AUD_OTHER"),
        ({"exp": NOW - 60}, "CLAIM_EXPIRED"),
        ({"exp": NOW + 86_400}, "CLAIM_EXP_TOO_FAR"),
        ({"exp": ...}, "CLAIM_EXP_MISSING"),
        ({"exp": True}, "CLAIM_EXP_MALFORMED"),
        ({"exp": str(NOW + 60)}, "CLAIM_EXP_MALFORMED"),
        ({"exp": 1e308}, "CLAIM_EXP_MALFORMED"),
        ({"nbf": NOW + 120}, "CLAIM_NOT_YET_VALID"),
        ({"iat": NOW + 120}, "CLAIM_NOT_YET_VALID"),
        ({"iat": None}, "CLAIM_IAT_MALFORMED"),
        ({"jti": ...}, "CLAIM_JTI_MISSING"),
        ({"jti": ""}, "CLAIM_JTI_MISSING"),
        ({"jti": "x" * 600}, "CLAIM_JTI_MISSING"),
    ],
)
def test_an_assertion_for_elsewhere_or_another_time_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NotAccepted) as refused:
        verify(signed(said(**changes)))
    assert refused.value.reason == reason
    assert reason not in str(refused.value)


def test_an_audience_may_stand_in_a_list_alone() -> None:
    assert verify(signed(said(aud=[HERE]))).client == "erp"


def test_the_registered_key_says_the_algorithm_never_the_assertion() -> None:
    body = encoded(json.dumps(said()).encode())
    unsigned = encoded(b'{"alg":"none"}') + "." + body + "."
    by_text = encoded(b'{"alg":"HS256"}') + "." + body
    shared = hmac.HMAC(pem(P256), hashes.SHA256())
    shared.update(by_text.encode())
    for forged in (
        unsigned,
        f"{by_text}.{encoded(shared.finalize())}",
        signed(said(), alg="RS256"),
        signed(said(), alg="none"),
        signed(said(), alg="es256"),
        signed(said(), ED25519, "EdDSA", Algorithm.ED25519),
        signed(said(), ec.generate_private_key(ec.SECP256R1())),
        signed(said(), jwk=import_key(pem(ED25519))),
        signed(said(), jku="https://elsewhere.example/keys"),
        signed(said(), crit=["b64"], b64=False),
        signed(said()) + "A",
        signed(said()).replace(".", "..", 1),
    ):
        with pytest.raises(NotAccepted):
            verify(forged)


def test_a_name_that_stands_twice_is_refused() -> None:
    twice = b'{"iss":"erp","sub":"erp","sub":"admin"}'
    with pytest.raises(NotAccepted):
        verify(signed(twice))
    with pytest.raises(NotAccepted):
        client_of(signed(twice))


@given(st.one_of(st.text(), st.binary().map(lambda raw: f"e30.{encoded(raw)}.e30")))
def test_nothing_that_is_written_for_an_assertion_crashes(text: str) -> None:
    with pytest.raises(NotAccepted):
        client_of(text)
    with pytest.raises(NotAccepted):
        verify(text)
