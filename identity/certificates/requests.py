"""Certification requests (PKCS#10, RFC 2986): who asks shows that it has the key it asks for.

Only the key is taken from a request. Names and usages are the authority's to say.
"""

from asn1crypto import pem
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from identity.certificates import signed
from identity.certificates.der import children, whole_bytes
from identity.certificates.errors import CertificateMalformed
from identity.signatures.algorithms import VerifyingKey

MAX_BYTES = 16 * 1024


def key_of_request(data: bytes) -> VerifyingKey:
    """Return the key of a request in PEM or DER that is signed with it.

    Raises:
        CertificateMalformed: it is no request.
        CertificateRefused: its signature does not hold.
        KeyMalformed: its key is of no accepted kind.
    """
    if len(data) > 2 * MAX_BYTES:
        raise CertificateMalformed(f"A request has at most {MAX_BYTES} bytes.")
    try:
        der = pem.unarmor(data)[2] if pem.detect(data) else data
        x509.load_der_x509_csr(der)
        tbs, algorithm, bits = children(der)
        signature = whole_bytes(bits)
        spki = children(tbs)[2]
    except (ValueError, IndexError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise CertificateMalformed("These bytes are no certification request.") from error
    key = VerifyingKey.from_spki(spki)
    signed.check(algorithm, key, tbs, signature)
    return key
