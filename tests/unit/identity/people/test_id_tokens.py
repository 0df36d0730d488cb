"""What a company's provider says: by its own key, for this client, this browser and now."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.authenticators import encoded

from identity.people.errors import NotAccepted
from identity.people.id_tokens import Asked, verify_id_token
from identity.people.machines import import_key
from identity.signatures.algorithms import Algorithm
from identity.signatures.verify import PrivateKey, sign

NOW = 1_800_000_000
ASKED = Asked("https://login.example", "lading", "a nonce")
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, **more: str) -> dict[str, Any]:
    found = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return import_key(found) | more


KEYS = [public(P256, kid="old"), public(RSA, kid="1", use="sig")]


def token(
    key: PrivateKey = RSA, by: Algorithm = Algorithm.RS256, header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:  # fmt: skip
    claims = {
        "iss": ASKED.issuer, "aud": ASKED.client, "sub": "ada", "nonce": ASKED.nonce,
        "iat": NOW, "exp": NOW + 300,
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not ...}
    head = {"alg": "RS256", "kid": "1"} if header is None else header
    text = encoded(json.dumps(head).encode()) + "." + encoded(json.dumps(claims).encode())
    return text + "." + encoded(sign(by, key, text.encode()))


def test_the_provider_names_who_signed_in() -> None:
    assert verify_id_token(token(), KEYS, ASKED, NOW) == "ada"
    assert verify_id_token(token(header={"alg": "RS256"}), KEYS, ASKED, NOW) == "ada"
    by_p256 = token(P256, Algorithm.ES256, {"alg": "ES256", "kid": "old"})
    assert verify_id_token(by_p256, KEYS, ASKED, NOW) == "ada"


def test_a_token_for_others_too_must_name_this_client_as_its_party() -> None:
    shared = {"aud": ["lading", "other"]}
    assert verify_id_token(token(**shared, azp="lading"), KEYS, ASKED, NOW) == "ada"
    with pytest.raises(NotAccepted):
        verify_id_token(token(**shared), KEYS, ASKED, NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://login.example/"}, "CLAIM_ISS_OTHER"),
        ({"iss": ["https://login.example"]}, "CLAIM_ISS_MISSING"),
        ({"aud": "other"}, "CLAIM_AUD_OTHER"),
        ({"aud": {"lading": 1}}, "CLAIM_AUD_OTHER"),
        ({"azp": "other"}, "CLAIM_AZP_OTHER"),
        ({"nonce": "another"}, "CLAIM_NONCE_OTHER"),
        ({"nonce": ...}, "CLAIM_NONCE_MISSING"),
        ({"nonce": ["a nonce"]}, "CLAIM_NONCE_MISSING"),
        ({"exp": NOW - 31}, "CLAIM_EXPIRED"),
        ({"exp": ...}, "CLAIM_EXP_MISSING"),
        ({"iat": ...}, "CLAIM_IAT_MISSING"),
        ({"iat": NOW + 60}, "CLAIM_NOT_YET_VALID"),
        ({"nbf": NOW + 60}, "CLAIM_NOT_YET_VALID"),
        ({"sub": ""}, "CLAIM_SUB_MISSING"),
        ({"sub": "x" * 256}, "CLAIM_SUB_MISSING"),
        ({"sub": 7}, "CLAIM_SUB_MISSING"),
    ],
)
def test_a_token_that_says_something_else_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        verify_id_token(token(**changes), KEYS, ASKED, NOW)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "forged",
    [
        token(header={"alg": "none"}),
        token(header={"alg": "HS256", "kid": "1"}),
        token(header={"alg": "PS256", "kid": "1"}),
        token(header={"alg": "RS256", "kid": "2"}),
        token(header={"alg": "RS256", "kid": "old"}),
        token(rsa.generate_private_key(65537, 2048)),
        token(header={"alg": "RS256", "kid": "1", "jwk": KEYS[1]}),
        token().rpartition(".")[0] + ".",
        "",
        "a.b.c",
    ],
    ids=range(10),
)
def test_a_token_that_the_provider_did_not_sign_is_refused(forged: str) -> None:
    with pytest.raises(NotAccepted):
        verify_id_token(forged, KEYS, ASKED, NOW)


def test_keys_for_encryption_and_of_other_kinds_are_passed_over() -> None:
    others: list[dict[str, Any]] = [{}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "X"}]
    assert verify_id_token(token(), [*others, *KEYS], ASKED, NOW) == "ada"
    with pytest.raises(NotAccepted):
        verify_id_token(token(), [public(RSA, kid="1", use="enc")], ASKED, NOW)
    with pytest.raises(NotAccepted):
        verify_id_token(token(), [], ASKED, NOW)
