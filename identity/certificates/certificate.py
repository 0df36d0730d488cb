"""One X.509 certificate, read strictly and within bounds; whether it counts is path.py's question.

``cryptography`` parses it (DER alone, no extension twice); the key is read here, because it
knows no SM2 keys.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from identity.certificates.der import children, positive, whole_bytes
from identity.certificates.errors import CertificateMalformed, CertificateRefused, Reason
from identity.certificates.purposes import usages_of
from identity.errors import KeyMalformed
from identity.signatures.algorithms import VerifyingKey

MAX_BYTES = 16 * 1024
_VERSION_3 = bytes.fromhex("a003020102")
MEMBER_URN = "urn:lading:member:"
SUBJECT_URN = "urn:lading:subject:"
_READ = {
    x509.BasicConstraints.oid,
    x509.KeyUsage.oid,
    x509.ExtendedKeyUsage.oid,
    x509.SubjectAlternativeName.oid,
    x509.SubjectKeyIdentifier.oid,
    x509.AuthorityKeyIdentifier.oid,
}


@dataclass(frozen=True, eq=False)
class Certificate:
    """A certificate's fields, as read; ``read`` makes one.

    Attributes:
        der: the whole certificate.
        tbs, algorithm, signature: what was signed, the AlgorithmIdentifier's DER, by what bytes.
        issuer, subject: the names' DER; two names are the same if these are.
        serial: a positive number.
        valid_from, valid_until: UTC seconds, both included.
        key: the public key that is certified.
    """

    der: bytes
    tbs: bytes
    algorithm: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    serial: int
    valid_from: int
    valid_until: int
    key: VerifyingKey
    parsed: x509.Certificate

    @cached_property
    def extensions(self) -> "Extensions":
        """What its extensions say.

        Raises:
            CertificateRefused: a critical one is not understood, or one is malformed or twice.
        """
        return Extensions.of(self.parsed)


@dataclass(frozen=True)
class Extensions:
    """What extensions say; absent ones say nothing.

    Attributes:
        authority: whether it may issue; ``path_length`` authorities may stand below it.
        members: member ids that stand in it, ``0x`` hex.
        subjects: names, inside the member, of people and devices that stand in it.
        dns: host names that stand in it.
    """

    authority: bool
    path_length: int | None
    usages: frozenset[str]
    extended: frozenset[x509.ObjectIdentifier]
    members: frozenset[str]
    subjects: frozenset[str]
    dns: frozenset[str]
    key_identifier: bytes | None
    authority_key_identifier: bytes | None

    @staticmethod
    def of(parsed: x509.Certificate) -> "Extensions":
        """Read them; raises CertificateRefused."""
        try:
            found = {extension.oid: extension for extension in parsed.extensions}
        except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
            raise CertificateRefused(Reason.FORM) from error
        # Ignoring name constraints, critical or not, would widen what an authority may say.
        if x509.NameConstraints.oid in found:
            raise CertificateRefused(Reason.EXTENSION)
        if any(each.critical and oid not in _READ for oid, each in found.items()):
            raise CertificateRefused(Reason.EXTENSION)
        values = {oid: each.value for oid, each in found.items() if oid in _READ}
        constraints = values.get(x509.BasicConstraints.oid)
        usage = values.get(x509.KeyUsage.oid)
        names = values.get(x509.SubjectAlternativeName.oid)
        uris = _names(names, x509.UniformResourceIdentifier)
        extended = values.get(x509.ExtendedKeyUsage.oid)
        key_identifier = values.get(x509.SubjectKeyIdentifier.oid)
        authority_key = values.get(x509.AuthorityKeyIdentifier.oid)
        return Extensions(
            authority=isinstance(constraints, x509.BasicConstraints) and constraints.ca,
            path_length=getattr(constraints, "path_length", None),
            usages=usages_of(usage) if isinstance(usage, x509.KeyUsage) else frozenset(),
            extended=frozenset(extended)
            if isinstance(extended, x509.ExtendedKeyUsage)
            else frozenset(),
            members=_after(MEMBER_URN, uris),
            subjects=_after(SUBJECT_URN, uris),
            dns=_names(names, x509.DNSName),
            key_identifier=getattr(key_identifier, "digest", None),
            authority_key_identifier=getattr(authority_key, "key_identifier", None),
        )


def read(der: bytes) -> Certificate:
    """Read one certificate of at most 16 KiB.

    Raises:
        CertificateMalformed: not DER, cut, with more behind, not version 3, or its inner and
            outer algorithms differ.
        CertificateRefused: its key is of no accepted kind, or no point of its curve.
    """
    if len(der) > MAX_BYTES:
        raise CertificateMalformed(f"A certificate has at most {MAX_BYTES} bytes.")
    try:
        tbs, algorithm, bits = children(der)
        signature = whole_bytes(bits)
        version, number, inner, issuer, _, subject, spki, *_ = children(tbs)
        serial = positive(number)
        if version != _VERSION_3 or inner != algorithm:
            raise ValueError("not version 3, or two algorithms are named")
        parsed = x509.load_der_x509_certificate(der)
        valid_from = int(parsed.not_valid_before_utc.timestamp())
        valid_until = int(parsed.not_valid_after_utc.timestamp())
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise CertificateMalformed("These bytes are no X.509 certificate in DER.") from error
    try:
        key = VerifyingKey.from_spki(spki)
    except KeyMalformed as error:
        raise CertificateRefused(Reason.ALGORITHM) from error
    return Certificate(
        der=der,
        tbs=tbs,
        algorithm=algorithm,
        signature=signature,
        issuer=issuer,
        subject=subject,
        serial=serial,
        valid_from=valid_from,
        valid_until=valid_until,
        key=key,
        parsed=parsed,
    )


# Authorities' certificates come again with every path; what is read depends on the bytes alone.
read_authority = lru_cache(maxsize=256)(read)


def read_pem(text: bytes) -> list[Certificate]:
    """Read a PEM file of one to four certificates, the end of the path first.

    Raises:
        CertificateMalformed, CertificateRefused: as in read.
    """
    if len(text) > 4 * 2 * MAX_BYTES:
        raise CertificateMalformed("A chain has at most four certificates.")
    try:
        found = x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise CertificateMalformed("The file holds no certificates in PEM.") from error
    if len(found) > 4:
        raise CertificateMalformed("A chain has at most four certificates.")
    return [read(each.public_bytes(Encoding.DER)) for each in found]


def _names(extension: object, kind: type[x509.GeneralName]) -> frozenset[str]:
    if not isinstance(extension, x509.SubjectAlternativeName):
        return frozenset()
    return frozenset(str(name.value) for name in extension if isinstance(name, kind))


def _after(prefix: str, uris: frozenset[str]) -> frozenset[str]:
    return frozenset(uri[len(prefix) :] for uri in uris if uri.startswith(prefix))
