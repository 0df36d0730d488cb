"""A bill number has one signature and one tag, and only the carrier can make it."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from identity.errors import BillNumberMalformed, KeyMalformed, SignatureInvalid
from identity.keys import kinds
from identity.signatures import numbering

CARRIER = b"\x0a" * 32
BILL = "HHL71800000"


def test_one_number_has_one_signature_and_one_tag(numbering_key: RSAPrivateKey) -> None:
    modulus = numbering.modulus_of(numbering_key)
    signature = numbering.number(numbering_key, CARRIER, BILL)
    assert signature == numbering.number(numbering_key, CARRIER, BILL)
    assert len(signature) == 384
    numbering.verify(modulus, CARRIER, BILL, signature)
    assert numbering.tag(signature) == hashlib.sha256(signature).digest()
    assert numbering.key_id(modulus) == hashlib.sha256(modulus).digest()


def test_another_number_carrier_or_signature_is_refused(numbering_key: RSAPrivateKey) -> None:
    modulus = numbering.modulus_of(numbering_key)
    signature = numbering.number(numbering_key, CARRIER, BILL)
    changed = bytes([signature[0] ^ 1]) + signature[1:]
    for carrier, bill, given in (
        (CARRIER, "HHL71800001", signature),
        (b"\x0b" * 32, BILL, signature),
        (CARRIER, BILL, changed),
        (CARRIER, BILL, signature[:-1]),
        (CARRIER, BILL, b""),
        (CARRIER, BILL, bytes(384)),
    ):
        with pytest.raises(SignatureInvalid):
            numbering.verify(modulus, carrier, bill, given)


def test_a_signature_plus_the_modulus_is_no_second_signature(numbering_key: RSAPrivateKey) -> None:
    modulus = numbering.modulus_of(numbering_key)
    n = int.from_bytes(modulus, "big")
    for i in range(64):
        signature = numbering.number(numbering_key, CARRIER, f"B{i}")
        greater = int.from_bytes(signature, "big") + n
        if greater < 2**3072:
            with pytest.raises(SignatureInvalid):
                numbering.verify(modulus, CARRIER, f"B{i}", greater.to_bytes(384, "big"))
            return
    pytest.fail("no signature was small enough to try")


@pytest.mark.parametrize("bill", ["", " A", "A ", "A" * 21, "A\n", "Ä1", "A\x00"])
def test_text_that_cannot_number_a_bill_is_refused(numbering_key: RSAPrivateKey, bill: str) -> None:
    with pytest.raises(BillNumberMalformed):
        numbering.number(numbering_key, CARRIER, bill)


def test_the_registration_proofs_hold_for_their_carrier_and_key(
    numbering_key: RSAPrivateKey,
) -> None:
    modulus = numbering.modulus_of(numbering_key)
    proofs = numbering.prove(numbering_key, CARRIER)
    numbering.verify_proofs(modulus, CARRIER, proofs)
    for carrier, given in (
        (b"\x0b" * 32, proofs),
        (CARRIER, proofs[:7]),
        (CARRIER, [*proofs, proofs[0]]),
        (CARRIER, proofs[::-1]),
        (CARRIER, [*proofs[:7], proofs[0]]),
    ):
        with pytest.raises(SignatureInvalid):
            numbering.verify_proofs(modulus, carrier, given)


@pytest.mark.parametrize("modulus", [b"", bytes(384), b"\xff" * 383, b"\xff" * 383 + b"\xfe"])
def test_what_is_not_a_modulus_is_refused(modulus: bytes) -> None:
    with pytest.raises(KeyMalformed):
        numbering.verify(modulus, CARRIER, BILL, bytes(384))


@pytest.mark.parametrize(("bits", "exponent"), [(2048, 65537), (3072, 3)])
def test_a_key_of_another_size_or_exponent_is_refused(bits: int, exponent: int) -> None:
    key = rsa.generate_private_key(exponent, bits)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyMalformed):
        kinds.rsa_key(der)
