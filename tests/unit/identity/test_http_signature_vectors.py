"""RFC 9421 appendix B: every signature of the working group's examples, under the RFC's keys."""

import base64
import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hmac import HMAC

from identity.errors import SignatureInvalid
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.verify import verify

TEXT = Path("tests/data/http-signatures/examples-and-test-cases.md").read_text()


def unfolded(block: str) -> str:
    """Take back the line wrapping of RFC 8792 section 7.1."""
    return re.sub(r"\\\n *", "", block.replace("NOTE: '\\' line wrapping per RFC 8792\n\n", ""))


def case(title: str) -> tuple[bytes, bytes]:
    """Return the signature base and the signature of the test case with this title."""
    section = re.split(r"\n##", TEXT.split(f"### {title}\n", 1)[1], maxsplit=1)[0]
    blocks = [unfolded(block) for block in re.findall(r"~~~[^\n]*\n(.*?)\n~~~", section, re.S)]
    (base,) = (b for b in blocks if '"@signature-params":' in b)
    (fields,) = (b for b in blocks if b.startswith("Signature-Input:"))
    (signature,) = re.findall(r"^Signature: [a-z0-9-]+=:([^:]+):$", fields, re.M)
    return base.strip("\n").encode(), base64.b64decode(signature)


def public(title: str) -> VerifyingKey:
    section = TEXT.split(f"### {title}", 1)[1]
    (pem,) = re.findall(r"(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----)", section, re.S)[
        :1
    ]
    key = serialization.load_pem_public_key(pem.encode())
    return VerifyingKey.from_spki(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def changed(base: bytes) -> bytes:
    return base.replace(b"1618884473", b"1618884474")


def test_the_ecdsa_signature_of_a_response_holds_and_no_other() -> None:
    base, signature = case("Signing a Response using ecdsa-p256-sha256")
    key = public("Example ECC P-256 Test Key")
    assert key.curve is Curve.P256
    assert verify(Algorithm.ES256, key, base, signature, 0).key_id == key.id
    with pytest.raises(SignatureInvalid):
        verify(Algorithm.ES256, key, changed(base), signature, 0)


def test_the_ed25519_signature_of_a_request_holds_and_no_other() -> None:
    base, signature = case("Signing a Request using ed25519")
    key = public("Example Ed25519 Test Key")
    assert key.curve is Curve.ED25519
    assert verify(Algorithm.ED25519, key, base, signature, 0).key_id == key.id
    with pytest.raises(SignatureInvalid):
        verify(Algorithm.ED25519, key, changed(base), signature, 0)


@pytest.mark.parametrize(
    "title",
    [
        "Minimal Signature Using rsa-pss-sha512",
        "Selective Covered Components using rsa-pss-sha512",
        "Full Coverage using rsa-pss-sha512",
    ],
)
def test_the_rsa_examples_are_read_right_and_their_sha512_is_not_accepted(title: str) -> None:
    base, signature = case(title)
    key = public("Example RSA PSS Key")
    assert isinstance(key.loaded, rsa.RSAPublicKey)
    key.loaded.verify(
        signature, base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()
    )
    for algorithm in (Algorithm.PS256, Algorithm.RS256):
        with pytest.raises(SignatureInvalid):
            verify(algorithm, key, base, signature, 0)


def test_the_shared_secrets_example_is_read_right_and_has_no_algorithm_here() -> None:
    base, signature = case("Signing a Request using hmac-sha256")
    section = TEXT.split("### Example Shared Secret", 1)[1].split("~~~")[1]
    secret = base64.b64decode(unfolded(section.lstrip("\n")).strip())
    mac = HMAC(secret, hashes.SHA256())
    mac.update(base)
    mac.verify(signature)
    assert not [name for name in Algorithm if "hmac" in name.lower() or name.startswith("HS")]
    other = HMAC(secret, hashes.SHA256())
    other.update(changed(base))
    with pytest.raises(InvalidSignature):
        other.verify(signature)
