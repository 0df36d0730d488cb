"""JWS and JWT: the RFCs' examples, and what partners may not send."""

import base64
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.errors import AlgorithmRefused, Invalid, SignatureInvalid
from identity.signatures.algorithms import Algorithm, VerifyingKey
from identity.signatures.jose import MAX_BYTES, read_jws

VECTORS = json.loads(Path("tests/data/signatures/jose.json").read_bytes())
KINDS = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


def spki(key: object) -> VerifyingKey:
    return VerifyingKey.from_spki(
        key.public_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def from_jwk(jwk: dict[str, str]) -> VerifyingKey:
    return spki(KINDS[jwk["kty"]].import_key(jwk).public_key)


def pem(key: object) -> bytes:
    return key.private_bytes(  # type: ignore[attr-defined, no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


P256 = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize("name", VECTORS["accepted"])
def test_the_rfcs_signed_example_is_read(name: str) -> None:
    case = VECTORS["accepted"][name]
    read = read_jws(case["token"], from_jwk(case["jwk"]))
    assert read.payload == base64.urlsafe_b64decode(VECTORS["payload"] + "==")
    assert read.header == {"alg": name.split()[1]}


@pytest.mark.parametrize("name", VECTORS["accepted"])
def test_a_changed_example_is_refused(name: str) -> None:
    case = VECTORS["accepted"][name]
    header, payload, signature = case["token"].split(".")
    for token in (
        f"{header}.{payload[:-1]}A.{signature}",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload}.{signature}.{signature}",
    ):
        with pytest.raises(SignatureInvalid):
            read_jws(token, from_jwk(case["jwk"]))


@pytest.mark.parametrize("name", VECTORS["refused"])
def test_none_shared_secrets_and_other_algorithms_are_refused(name: str) -> None:
    for case in VECTORS["accepted"].values():
        with pytest.raises(AlgorithmRefused):
            read_jws(VECTORS["refused"][name], from_jwk(case["jwk"]))


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    public = spki(P256.public_key())
    signed = _b64(b'{"alg":"HS256"}') + "." + _b64(b"{}")
    mac = hmac.digest(public.spki, signed.encode(), "sha256")
    with pytest.raises(AlgorithmRefused):
        read_jws(f"{signed}.{_b64(mac)}", public)


def test_an_algorithm_that_the_key_does_not_make_is_refused() -> None:
    token = jws.serialize_compact({"alg": "ES256"}, b"{}", ECKey.import_key(pem(P256)))
    for other in (Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(AlgorithmRefused):
            read_jws(token, spki(other.public_key()))
    with pytest.raises(AlgorithmRefused):
        read_jws(token, spki(P256.public_key()), [Algorithm.RS256])


def test_partners_algorithms_are_read() -> None:
    ed25519 = Ed25519PrivateKey.generate()
    rsa2048 = rsa.generate_private_key(65537, 2048)
    for name, key, kind in (
        ("Ed25519", ed25519, OKPKey),
        ("ES256", P256, ECKey),
        ("PS256", rsa2048, RSAKey),
        ("RS256", rsa2048, RSAKey),
    ):
        token = jws.serialize_compact({"alg": name}, b'{"a":1}', kind.import_key(pem(key)), [name])
        assert read_jws(token, spki(key.public_key())).payload == b'{"a":1}'


def test_the_older_name_of_ed25519_is_read() -> None:
    key = Ed25519PrivateKey.generate()
    signed = _b64(b'{"alg":"EdDSA"}') + "." + _b64(b"{}")
    token = f"{signed}.{_b64(key.sign(signed.encode()))}"
    assert read_jws(token, spki(key.public_key())).algorithm is Algorithm.ED25519


def test_a_signature_written_in_a_second_form_is_refused() -> None:
    key = Ed25519PrivateKey.generate()
    signed = _b64(b'{"alg":"EdDSA"}') + "." + _b64(b"{}")
    encoded = _b64(key.sign(signed.encode()))
    # 64 bytes leave four bits over in the last character: any value of them decodes alike.
    second = encoded[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[encoded[-1]]
    with pytest.raises(SignatureInvalid):
        read_jws(f"{signed}.{second}", spki(key.public_key()))


@pytest.mark.parametrize(
    "brought",
    [
        {"jwk": {"kty": "EC"}},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/chain"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"], "exp": 1},
    ],
)
def test_a_token_that_brings_its_key_or_an_extension_is_refused(brought: dict[str, object]) -> None:
    header = _b64(json.dumps({"alg": "ES256", **brought}).encode())
    good = jws.serialize_compact({"alg": "ES256"}, b"{}", ECKey.import_key(pem(P256)))
    with pytest.raises(Invalid):
        read_jws(f"{header}.{good.split('.', 1)[1]}", spki(P256.public_key()))


@pytest.mark.parametrize("token", ["", "..", "a.b.c", "é.é.é", "e30.e30.e30", "." * 3])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Invalid):
        read_jws(token, spki(P256.public_key()))


def test_a_token_beyond_its_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(SignatureInvalid, match="16 KiB"):
        read_jws("a" * MAX_BYTES + ".b.c", spki(P256.public_key()))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
