"""Signatures of people's and administrators' own keys: P-256 and Ed25519.

Keys are named by their SubjectPublicKeyInfo (DER). P-256 signatures are ECDSA with SHA-256,
r ‖ s, 64 bytes, s in the lower half, so that one signature has one form; Ed25519 is RFC 8032.
"""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from identity.errors import KeyMalformed

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256, ED25519 = "P-256", "Ed25519"


def sign_by(private: PrivateKeyTypes, message: bytes) -> bytes:
    """Return the signature, 64 bytes; raises KeyMalformed for a key of another kind."""
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(message)
    if isinstance(private, ec.EllipticCurvePrivateKey) and _is_p256(private.curve):
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
        low = min(s, P256_ORDER - s)
        return r.to_bytes(32, "big") + low.to_bytes(32, "big")
    raise KeyMalformed("The key is neither P-256 nor Ed25519.")


def verify_by(algorithm: str, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` is the key's over ``message``; never raises."""
    try:
        key = load_der_public_key(public_key)
        if len(signature) != 64:
            return False
        if algorithm == ED25519 and isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
            return True
        if algorithm == P256 and isinstance(key, ec.EllipticCurvePublicKey) and _is_p256(key.curve):
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            if s > P256_ORDER // 2:
                return False
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return False


def public_of(key: PrivateKeyTypes | PublicKeyTypes) -> tuple[str, bytes]:
    """Return algorithm and SubjectPublicKeyInfo of a key; raises KeyMalformed."""
    public = key.public_key() if hasattr(key, "public_key") else key
    if isinstance(public, Ed25519PublicKey):
        algorithm = ED25519
    elif isinstance(public, ec.EllipticCurvePublicKey) and _is_p256(public.curve):
        algorithm = P256
    else:
        raise KeyMalformed("The key is neither P-256 nor Ed25519.")
    return algorithm, public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _is_p256(curve: ec.EllipticCurve) -> bool:
    return isinstance(curve, ec.SECP256R1)
