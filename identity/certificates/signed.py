"""How certificates, revocation lists and requests are signed: the accepted algorithms alone.

SHA-1, MD5, curves other than P-256, and RSA-PSS with other parameters than SHA-256's are refused.
"""

from collections.abc import Callable

from identity.certificates.errors import CertificateRefused, Reason
from identity.errors import IdentityError
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.encoding import raw_to_der
from identity.signatures.verify import PrivateKey, sign, verify_der

# AlgorithmIdentifiers, whole: RFC 5758, RFC 8410, GM/T 0006, RFC 4055.
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
ED25519 = bytes.fromhex("300506032b6570")
SM2_SM3 = bytes.fromhex("300a06082a811ccf55018375")
_RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")
_RSA_PSS = bytes.fromhex(
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)
_ACCEPTED = {
    ECDSA_SHA256: Algorithm.ES256,
    SM2_SM3: Algorithm.SM2,
    # Some libraries write an empty parameter behind.
    bytes.fromhex("300c06082a811ccf550183750500"): Algorithm.SM2,
    ED25519: Algorithm.ED25519,
    _RSA_SHA256: Algorithm.RS256,
    _RSA_PSS: Algorithm.PS256,
}
_MADE = {Curve.P256: (ECDSA_SHA256, Algorithm.P256), Curve.SM2: (SM2_SM3, Algorithm.SM2)}


def check(algorithm: bytes, key: VerifyingKey, tbs: bytes, signature: bytes) -> None:
    """Return if ``key`` signed ``tbs``; an SM2 signature is its default user id's.

    Raises:
        CertificateRefused: another key, another algorithm, or a signature in another form.
    """
    if algorithm not in _ACCEPTED:
        raise CertificateRefused(Reason.ALGORITHM)
    try:
        verify_der(_ACCEPTED[algorithm], key, tbs, signature)
    except IdentityError as error:
        raise CertificateRefused(Reason.SIGNATURE) from error


def signer(curve: Curve, key: PrivateKey) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the AlgorithmIdentifier and the DER signatures of an authority's P-256 or SM2 key."""
    algorithm, name = _MADE[curve]
    return algorithm, lambda tbs: raw_to_der(sign(name, key, tbs))
