"""Signatures of people's and administrators' own keys, named by SubjectPublicKeyInfo (DER).

One word for each algorithm, as ``identity.signatures.verify`` has them; it decides how a key may
be used, this only tells yes or no.
"""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identity.errors import IdentityError, KeyMalformed
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.verify import sign, verify

ALGORITHMS = frozenset({Algorithm.P256, Algorithm.ED25519, Algorithm.PS256, Algorithm.SM2})
_OF_CURVE = {Curve.P256: Algorithm.P256, Curve.ED25519: Algorithm.ED25519, Curve.SM2: Algorithm.SM2}


def sign_by(private: PrivateKeyTypes, message: bytes) -> bytes:
    """Return the signature of a P-256, Ed25519 or RSA key; raises KeyMalformed for another."""
    algorithm, _ = public_of(private)
    if isinstance(private, ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey):
        return sign(Algorithm(algorithm), private, message)
    raise KeyMalformed("People sign with P-256, Ed25519 or RSA keys.")


def verify_by(algorithm: str, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` is the key's over ``message``; never raises."""
    try:
        key = VerifyingKey.from_spki(public_key)
        verify(Algorithm.named(algorithm), key, message, signature, 0)
    except IdentityError:
        return False
    return True


def public_of(key: PrivateKeyTypes | PublicKeyTypes) -> tuple[str, bytes]:
    """Return algorithm and SubjectPublicKeyInfo of a key; raises KeyMalformed."""
    public = key.public_key() if hasattr(key, "public_key") else key
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return algorithm_of(spki), spki


def algorithm_of(spki: bytes) -> str:
    """Return what a person's key of this SubjectPublicKeyInfo signs by; raises KeyMalformed."""
    curve = VerifyingKey.from_spki(spki).curve
    return str(_OF_CURVE.get(curve, Algorithm.PS256))
