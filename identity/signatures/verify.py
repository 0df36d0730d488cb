"""One way to sign and to verify, whatever the algorithm; what is verified says by what.

The caller names the algorithm it expects; it is never read from what came with the signature. A
key that stands in a certificate is given as that certificate, once its path was checked
(identity/certificates/path.py), so that the answer carries the certificate and how it stood.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from identity.errors import AlgorithmRefused, KeyMalformed, SignatureInvalid
from identity.keys import secp256k1
from identity.keys.secp256k1 import SigningKey
from identity.signatures import sm2
from identity.signatures.algorithms import Algorithm, VerifyingKey
from identity.signatures.encoding import check_raw, raw_from_der, raw_to_der
from identity.signatures.sm2 import DEFAULT_USER_ID, Sm2Key

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PrivateKey = (
    SigningKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey | Sm2Key
)
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
_SHA256_ECDSA = ec.ECDSA(hashes.SHA256())


class Certified(Protocol):
    """A key whose certificate's path was checked at one time."""

    @property
    def key(self) -> VerifyingKey: ...
    @property
    def certificate(self) -> bytes: ...
    @property
    def at(self) -> int: ...
    @property
    def revocation(self) -> str: ...


@dataclass(frozen=True)
class Verified:
    """What a signature that holds is held to.

    Attributes:
        algorithm: how it was made.
        key_id: of the key that made it, 32 bytes (VerifyingKey.id).
        certificate: the key's certificate in DER; None for a key that stands by itself.
        at: UTC seconds at which key and certificate counted.
        revocation: ``not asked`` for a key that stands by itself, else how revocation was known,
            for a reader: ``good, by revocation list 7 until 2026-11-23T00:00:00Z``.
    """

    algorithm: Algorithm
    key_id: bytes
    certificate: bytes | None
    at: int
    revocation: str


def verify(
    algorithm: Algorithm,
    by: VerifyingKey | Certified,
    message: bytes,
    signature: bytes,
    at: int,
    *,
    user_id: bytes = DEFAULT_USER_ID,
) -> Verified:
    """Return what ``signature`` is held to, if ``by`` made it over ``message``.

    Args:
        algorithm: the one that is expected; Algorithm says what message and signature are.
        by: a key that stands by itself, or a certificate whose path was checked at ``at``.
        at: UTC seconds.
        user_id: for SM2 alone.

    Raises:
        SignatureInvalid: another message, key, user id or form; a number out of range.
        AlgorithmRefused: the key makes no such signatures.
        KeyMalformed: ``by`` was checked for another time.
    """
    key = by if isinstance(by, VerifyingKey) else by.key
    key.require(algorithm)
    if algorithm is Algorithm.SM2:
        sm2.verify(key.public, message, signature, user_id)
    else:
        _VERIFIERS[algorithm](key, message, signature)
    if isinstance(by, VerifyingKey):
        return Verified(algorithm, key.id, None, at, "not asked")
    if by.at != at:
        raise KeyMalformed("The certificate's path was checked for another time.")
    return Verified(algorithm, key.id, by.certificate, at, by.revocation)


def verify_der(algorithm: Algorithm, key: VerifyingKey, message: bytes, signature: bytes) -> None:
    """Return if ``signature`` holds, r and s in DER as X.509 has them; others are as in verify.

    Raises:
        SignatureInvalid, AlgorithmRefused: as in verify.
    """
    match algorithm:
        case Algorithm.ES256:
            key.require(algorithm)
            raw_from_der(signature, P256_ORDER)
            _ecdsa(key, message, signature)
        case Algorithm.SM2:
            verify(algorithm, key, message, raw_from_der(signature, sm2.ORDER), 0)
        case _:
            verify(algorithm, key, message, signature, 0)


def sign(
    algorithm: Algorithm, key: PrivateKey, message: bytes, *, user_id: bytes = DEFAULT_USER_ID
) -> bytes:
    """Return a signature as Algorithm says; ``user_id`` is for SM2 alone.

    Raises:
        AlgorithmRefused: ``key`` makes no such signatures.
        SignatureInvalid: a secp256k1 message is not a digest of 32 bytes.
    """
    match algorithm, key:
        case Algorithm.SECP256K1, SigningKey():
            return key.sign(message)
        case Algorithm.P256 | Algorithm.ES256, ec.EllipticCurvePrivateKey():
            return _sign_p256(key, message)
        case Algorithm.ED25519, Ed25519PrivateKey():
            return key.sign(message)
        case Algorithm.PS256, rsa.RSAPrivateKey():
            return key.sign(message, _PSS, hashes.SHA256())
        case Algorithm.RS256, rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        case Algorithm.SM2, Sm2Key():
            return key.sign(message, user_id)
    raise AlgorithmRefused(f"This key makes no {algorithm} signatures.")


def _sign_p256(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    if not isinstance(key.curve, ec.SECP256R1):
        raise AlgorithmRefused("The key is of another curve.")
    raw = raw_from_der(key.sign(message, _SHA256_ECDSA), P256_ORDER)
    s = int.from_bytes(raw[32:], "big")
    return raw[:32] + min(s, P256_ORDER - s).to_bytes(32, "big")


def _secp256k1(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    if secp256k1.recover(message, signature) != key.public:
        raise SignatureInvalid("Another key made the signature.")


def _p256(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    if int.from_bytes(check_raw(signature, P256_ORDER)[32:], "big") > P256_ORDER // 2:
        raise SignatureInvalid("The signature's s is in the upper half.")
    _es256(key, message, signature)


def _es256(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    raw = check_raw(signature, P256_ORDER)
    _ecdsa(key, message, raw_to_der(raw))


def _ecdsa(key: VerifyingKey, message: bytes, der: bytes) -> None:
    assert isinstance(key.loaded, ec.EllipticCurvePublicKey)  # noqa: S101 (its curve says so)
    _hold(key.loaded.verify, der, message, _SHA256_ECDSA)


def _ed25519(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    assert isinstance(key.loaded, Ed25519PublicKey)  # noqa: S101
    _hold(key.loaded.verify, signature, message)


def _ps256(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    _rsa(key, message, signature, _PSS)


def _rs256(key: VerifyingKey, message: bytes, signature: bytes) -> None:
    _rsa(key, message, signature, padding.PKCS1v15())


def _rsa(
    key: VerifyingKey, message: bytes, signature: bytes, scheme: padding.AsymmetricPadding
) -> None:
    assert isinstance(key.loaded, rsa.RSAPublicKey)  # noqa: S101
    # A signature of the modulus or more would be a second form of one below it.
    numbers = key.loaded.public_numbers()
    if len(signature) != (key.loaded.key_size + 7) // 8:
        raise SignatureInvalid("An RSA signature is as long as its modulus.")
    if int.from_bytes(signature, "big") >= numbers.n:
        raise SignatureInvalid("An RSA signature is below its modulus.")
    _hold(key.loaded.verify, signature, message, scheme, hashes.SHA256())


def _hold(check: Callable[..., None], *arguments: object) -> None:
    try:
        check(*arguments)
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid("The signature does not hold.") from error


_VERIFIERS: dict[Algorithm, Callable[[VerifyingKey, bytes, bytes], None]] = {
    Algorithm.SECP256K1: _secp256k1,
    Algorithm.P256: _p256,
    Algorithm.ES256: _es256,
    Algorithm.ED25519: _ed25519,
    Algorithm.PS256: _ps256,
    Algorithm.RS256: _rs256,
}
