"""The numbering of bills: a carrier's one signature over a bill number makes the title's id.

RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), RSA-3072, e = 65537. The scheme has no
randomness, and the registration proofs show that the key is a permutation, so one bill number
has one signature, one tag, one title. The tag tells nothing of the number to who has neither.
"""

import hashlib
import re
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers

from identity.errors import BillNumberMalformed, KeyMalformed, SignatureInvalid
from identity.keys.kinds import MODULUS_BYTES, RSA_BITS, RSA_EXPONENT

SIGNATURE_BYTES = MODULUS_BYTES
PROOFS = 8

# DCSA transportDocumentReference: at most 20 characters, no space at either end. ASCII alone
# is taken, because two ways to write one number would be two titles.
_BILL_NUMBER = re.compile(r"[!-~](?:[ -~]{0,18}[!-~])?")


class NumberingKey(Protocol):
    """An RSA key that signs: of ``cryptography``, or in a PKCS#11 token."""

    def sign(
        self, data: bytes, padding: padding.PKCS1v15, algorithm: hashes.SHA256, /
    ) -> bytes: ...


def number(private: NumberingKey, carrier: bytes, bill_number: str) -> bytes:
    """Return the carrier's signature over a bill number, 384 bytes, always the same.

    Args:
        private: the carrier's numbering key.
        carrier: its member id, 32 bytes.
        bill_number: 1 to 20 printable ASCII characters, no space at either end.

    Raises:
        BillNumberMalformed: ``bill_number`` is not such a text.
        KeyMalformed: ``carrier`` is not 32 bytes.
    """
    return _sign(private, _message(carrier, bill_number))


def verify(modulus: bytes, carrier: bytes, bill_number: str, signature: bytes) -> None:
    """Return if ``signature`` numbers this bill under the key of ``modulus`` (384 bytes).

    Raises:
        SignatureInvalid: it does not.
        BillNumberMalformed, KeyMalformed: as in number, or ``modulus`` is no 3072-bit modulus.
    """
    _verify(modulus, _message(carrier, bill_number), signature)


def tag(signature: bytes) -> bytes:
    """Return the title's id: SHA-256 of the 384-byte signature; raises SignatureInvalid."""
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalid(f"A numbering signature has {SIGNATURE_BYTES} bytes.")
    return hashlib.sha256(signature).digest()


def key_id(modulus: bytes) -> bytes:
    """Return the ledger's id of a numbering key: SHA-256 of its modulus, 384 bytes big-endian."""
    _check_modulus(modulus)
    return hashlib.sha256(modulus).digest()


def modulus_of(private: RSAPrivateKey) -> bytes:
    """Return the key's modulus, 384 bytes big-endian."""
    return private.public_key().public_numbers().n.to_bytes(MODULUS_BYTES, "big")


def prove(private: RSAPrivateKey, carrier: bytes) -> list[bytes]:
    """Return the eight registration proofs: signatures over (carrier id, modulus, i)."""
    modulus = modulus_of(private)
    return [_sign(private, _challenge(carrier, modulus, i)) for i in range(PROOFS)]


def verify_proofs(modulus: bytes, carrier: bytes, proofs: list[bytes]) -> None:
    """Return if the eight proofs hold for this carrier and modulus.

    A key whose exponent shared a factor with the order of its group would leave all but one in
    65,537 messages without a signature, and give the rest several; eight proofs rule it out.

    Raises:
        SignatureInvalid: not eight, or one does not hold.
        KeyMalformed: ``modulus`` or ``carrier`` is not what it should be.
    """
    if len(proofs) != PROOFS:
        raise SignatureInvalid(f"A numbering key has {PROOFS} registration proofs.")
    for i, proof in enumerate(proofs):
        _verify(modulus, _challenge(carrier, modulus, i), proof)


def _message(carrier: bytes, bill_number: str) -> bytes:
    if not _BILL_NUMBER.fullmatch(bill_number):
        raise BillNumberMalformed(
            "A bill number is 1 to 20 printable ASCII characters, without a space at either end."
        )
    return b"lading/number/1\x00" + _member(carrier) + bill_number.encode()


def _challenge(carrier: bytes, modulus: bytes, i: int) -> bytes:
    return b"lading/numbering-key/1\x00" + _member(carrier) + modulus + bytes([i])


def _member(carrier: bytes) -> bytes:
    if len(carrier) != 32:
        raise KeyMalformed(f"A member id has 32 bytes, not {len(carrier)}.")
    return carrier


def _sign(private: NumberingKey, message: bytes) -> bytes:
    return private.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _verify(modulus: bytes, message: bytes, signature: bytes) -> None:
    _check_modulus(modulus)
    n = int.from_bytes(modulus, "big")
    # A signature of n or more would be a second form of the one below n.
    if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature, "big") >= n:
        raise SignatureInvalid("A numbering signature is 384 bytes, below the modulus.")
    try:
        key = RSAPublicNumbers(RSA_EXPONENT, n).public_key()
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise SignatureInvalid("The numbering signature does not hold.") from error
    except ValueError as error:
        raise KeyMalformed("The modulus is not one of an RSA key.") from error


def _check_modulus(modulus: bytes) -> None:
    n = int.from_bytes(modulus, "big")
    if len(modulus) != MODULUS_BYTES or n.bit_length() != RSA_BITS or n % 2 == 0:
        raise KeyMalformed(f"A modulus is an odd number of exactly {RSA_BITS} bits.")
