"""The signature algorithms that are accepted, and public keys that know what they compute with.

A key's kind decides which algorithms it can be used with; nothing that comes with a signature
can change that. There is no "none", no shared secret and no SHA-1.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from identity.errors import AlgorithmRefused, KeyMalformed
from identity.keys import secp256k1
from identity.signatures.sm2 import check_public

RSA_BITS = range(2048, 4097)


class Algorithm(StrEnum):
    """How a signature is made; the signature's bytes are as said here.

    ``SECP256K1``: an act's or statement's digest, 32 bytes, is the message (EIP-712);
    r ‖ s ‖ v of 65 bytes, s in the lower half. ``P256``: ECDSA with SHA-256 as Lading makes it,
    r ‖ s of 64 bytes, s in the lower half. ``ES256``: the same as partners make it (RFC 7518
    section 3.4, RFC 9421 section 3.3.4), s in either half. ``ED25519``: RFC 8032, 64 bytes.
    ``PS256``, ``RS256``: RFC 7518 sections 3.5 and 3.3, RSA of 2,048 to 4,096 bits.
    ``SM2``: with SM3 and a stated user id, r ‖ s of 64 bytes.
    """

    SECP256K1 = "secp256k1"
    P256 = "P-256"
    ES256 = "ES256"
    ED25519 = "Ed25519"
    PS256 = "PS256"
    RS256 = "RS256"
    SM2 = "SM2"

    @staticmethod
    def named(name: object) -> "Algorithm":
        """Return the algorithm of exactly this name; raises AlgorithmRefused."""
        try:
            return Algorithm(name)  # type: ignore[arg-type]
        except ValueError as error:
            raise AlgorithmRefused("This signature algorithm is not accepted.") from error


class Curve(StrEnum):
    """What a public key computes with."""

    SECP256K1 = "secp256k1"
    P256 = "P-256"
    ED25519 = "Ed25519"
    RSA = "RSA"
    SM2 = "SM2"


USES = {
    Curve.SECP256K1: {Algorithm.SECP256K1},
    Curve.P256: {Algorithm.P256, Algorithm.ES256},
    Curve.ED25519: {Algorithm.ED25519},
    Curve.RSA: {Algorithm.PS256, Algorithm.RS256},
    Curve.SM2: {Algorithm.SM2},
}

# SubjectPublicKeyInfo up to the key's own bytes (RFC 5480, RFC 8410, GM/T 0015).
_SPKI = {
    Curve.P256: bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    Curve.ED25519: bytes.fromhex("302a300506032b6570032100"),
    Curve.SM2: bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
}
_LENGTHS = {Curve.SECP256K1: 20, Curve.P256: 65, Curve.ED25519: 32, Curve.SM2: 65}


@dataclass(frozen=True)
class VerifyingKey:
    """A public key.

    Attributes:
        curve: what it computes with.
        public: secp256k1: the address, 20 bytes; P-256 and SM2: 04 ‖ x ‖ y, 65 bytes; Ed25519:
            32 bytes; RSA: the SubjectPublicKeyInfo's DER.

    Raises:
        KeyMalformed: of another length, no point of its curve, or RSA outside 2,048 to 4,096
            bits or with an exponent below 65,537.
    """

    curve: Curve
    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != _LENGTHS.get(self.curve, len(self.public)):
            raise KeyMalformed(f"A {self.curve} key has {_LENGTHS[self.curve]} bytes.")
        match self.curve:
            case Curve.SM2:
                check_public(self.public)
            case Curve.P256 | Curve.ED25519 | Curve.RSA:
                _ = self.loaded

    @staticmethod
    def from_spki(der: bytes) -> "VerifyingKey":
        """Return the key of a SubjectPublicKeyInfo in DER; raises KeyMalformed."""
        for curve, prefix in _SPKI.items():
            if der.startswith(prefix):
                return VerifyingKey(curve, der[len(prefix) :])
        return VerifyingKey(Curve.RSA, der)

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo's DER; raises KeyMalformed for a secp256k1 address."""
        if self.curve is Curve.SECP256K1:
            raise KeyMalformed("A secp256k1 key is known by its address alone.")
        return self.public if self.curve is Curve.RSA else _SPKI[self.curve] + self.public

    @cached_property
    def id(self) -> bytes:
        """32 bytes: the ledger's id of a secp256k1 key, SHA-256 of ``spki`` of any other."""
        if self.curve is Curve.SECP256K1:
            return secp256k1.key_id(self.public)
        return hashlib.sha256(self.spki).digest()

    @cached_property
    def loaded(self) -> ec.EllipticCurvePublicKey | Ed25519PublicKey | rsa.RSAPublicKey:
        """The key of ``cryptography``, for P-256, Ed25519 and RSA."""
        try:
            match self.curve:
                case Curve.P256:
                    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public)
                case Curve.ED25519:
                    return Ed25519PublicKey.from_public_bytes(self.public)
                case _:
                    return _rsa(self.public)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyMalformed(f"These are not the bytes of a {self.curve} key.") from error

    def require(self, algorithm: Algorithm) -> None:
        """Return if a key of this kind makes signatures of ``algorithm``.

        Raises:
            AlgorithmRefused: it does not: the signature is said to be made in another way.
        """
        if algorithm not in USES[self.curve]:
            raise AlgorithmRefused(f"A {self.curve} key makes no {algorithm} signatures.")


def _rsa(spki: bytes) -> rsa.RSAPublicKey:
    key = serialization.load_der_public_key(spki)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in RSA_BITS:
        raise KeyMalformed("A public key is P-256, Ed25519, SM2, or RSA of 2,048 to 4,096 bits.")
    if key.public_numbers().e < 65537:
        raise KeyMalformed("An RSA key's exponent is 65,537 or more.")
    return key
