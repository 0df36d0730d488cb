"""The kinds of key pair a key store holds: how each is made, encoded and read back."""

from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from identity.errors import KeyMalformed
from identity.keys.secp256k1 import SigningKey
from identity.signatures.sm2 import PRIVATE_BYTES as SM2_BYTES
from identity.signatures.sm2 import Sm2Key

RSA_BITS = 3072
RSA_EXPONENT = 65537
MODULUS_BYTES = RSA_BITS // 8
P256_BYTES = 32


class KeyKind(StrEnum):
    """What a key computes with. ``private`` and ``public`` below are encoded as said here.

    ``secp256k1``: 32 bytes big-endian; the address, 20 bytes. ``ed25519`` and ``x25519``: 32 raw
    bytes each (RFC 8032, RFC 7748). ``rsa3072``: PKCS#8 DER; the modulus, 384 bytes big-endian.
    ``p256``: 32 bytes big-endian; 04 ‖ x ‖ y, 65 bytes. ``sm2``: 32 bytes big-endian and its
    public half behind it, because no library here computes one from the other; that half.
    """

    SECP256K1 = "secp256k1"
    ED25519 = "ed25519"
    X25519 = "x25519"
    RSA3072 = "rsa3072"
    P256 = "p256"
    SM2 = "sm2"


def generate(kind: KeyKind) -> bytes:
    """Return a new private key of ``kind``; an RSA key takes about a second."""
    match kind:
        case KeyKind.SECP256K1:
            return SigningKey.generate().private
        case KeyKind.ED25519:
            return Ed25519PrivateKey.generate().private_bytes_raw()
        case KeyKind.X25519:
            return X25519PrivateKey.generate().private_bytes_raw()
        case KeyKind.RSA3072:
            key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
            return key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        case KeyKind.P256:
            number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
            return number.to_bytes(P256_BYTES, "big")
        case KeyKind.SM2:
            pair = Sm2Key.generate()
            return pair.private + pair.public


def public_of(kind: KeyKind, private: bytes) -> bytes:
    """Return the public half of ``private``; raises KeyMalformed."""
    match kind:
        case KeyKind.SECP256K1:
            return SigningKey(private).address
        case KeyKind.ED25519:
            return ed25519_key(private).public_key().public_bytes_raw()
        case KeyKind.X25519:
            return x25519_key(private).public_key().public_bytes_raw()
        case KeyKind.RSA3072:
            numbers = rsa_key(private).public_key().public_numbers()
            return numbers.n.to_bytes(MODULUS_BYTES, "big")
        case KeyKind.P256:
            return (
                p256_key(private)
                .public_key()
                .public_bytes(
                    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
                )
            )
        case KeyKind.SM2:
            return sm2_key(private).public


def ed25519_key(private: bytes) -> Ed25519PrivateKey:
    """Return the key of 32 raw bytes; raises KeyMalformed."""
    try:
        return Ed25519PrivateKey.from_private_bytes(private)
    except ValueError as error:
        raise KeyMalformed("An Ed25519 key is 32 raw bytes.") from error


def x25519_key(private: bytes) -> X25519PrivateKey:
    """Return the key of 32 raw bytes; raises KeyMalformed."""
    try:
        return X25519PrivateKey.from_private_bytes(private)
    except ValueError as error:
        raise KeyMalformed("An X25519 key is 32 raw bytes.") from error


def rsa_key(private: bytes) -> rsa.RSAPrivateKey:
    """Return the key of a PKCS#8 DER; raises KeyMalformed unless it is RSA-3072, e = 65537."""
    try:
        key = serialization.load_der_private_key(private, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyMalformed("A numbering key is a PKCS#8 DER without a password.") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != RSA_BITS:
        raise KeyMalformed(f"A numbering key is RSA-{RSA_BITS}.")
    if key.public_key().public_numbers().e != RSA_EXPONENT:
        raise KeyMalformed(f"A numbering key's exponent is {RSA_EXPONENT}.")
    return key


def p256_key(private: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key of 32 bytes, a number of the curve; raises KeyMalformed."""
    if len(private) != P256_BYTES:
        raise KeyMalformed("A P-256 key is 32 bytes below the curve's order, and not 0.")
    try:
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    except ValueError as error:
        raise KeyMalformed("A P-256 key is 32 bytes below the curve's order, and not 0.") from error


def sm2_key(private: bytes) -> Sm2Key:
    """Return the key of 32 bytes and its public half of 65; raises KeyMalformed."""
    return Sm2Key(private[:SM2_BYTES], private[SM2_BYTES:])
