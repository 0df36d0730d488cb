"""What certificates are for: the usages that each purpose asks for, and issues with."""

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from identity.certificates.errors import CertificateRefused, Reason

# Our own arc, under a UUID (X.667): nobody had to give it out.
ARC = "2.25.213030971651870912205657740073834257806"
PERSON_OID = x509.ObjectIdentifier(f"{ARC}.1")
DEVICE_OID = x509.ObjectIdentifier(f"{ARC}.2")
ACTS_OID = x509.ObjectIdentifier(f"{ARC}.3")
ENCRYPTION_OID = x509.ObjectIdentifier(f"{ARC}.4")

SIGNING = frozenset({"digital_signature"})
BINDING = frozenset({"digital_signature", "content_commitment"})
WRAPPING = frozenset({"key_encipherment", "data_encipherment"})
OF_AUTHORITIES = frozenset({"key_cert_sign", "crl_sign"})


class Purpose(StrEnum):
    """What a certificate is shown for."""

    SERVER = "server"
    CLIENT = "client"
    PERSON = "person"
    DEVICE = "device"
    ACTS = "acts"
    ENCRYPTION = "encryption"


@dataclass(frozen=True)
class Usage:
    """What a purpose asks of a certificate.

    Attributes:
        needed: key usages that must stand in it.
        extended: extended key usages of which one must; "any" never counts.
        barred: key usages that must not stand in it.
    """

    needed: frozenset[str]
    extended: frozenset[x509.ObjectIdentifier]
    barred: frozenset[str] = OF_AUTHORITIES


USAGES = {
    Purpose.SERVER: Usage(SIGNING, frozenset({ExtendedKeyUsageOID.SERVER_AUTH})),
    Purpose.CLIENT: Usage(SIGNING, frozenset({ExtendedKeyUsageOID.CLIENT_AUTH})),
    # Outside roots know people as who may sign mail.
    Purpose.PERSON: Usage(BINDING, frozenset({PERSON_OID, ExtendedKeyUsageOID.EMAIL_PROTECTION})),
    Purpose.DEVICE: Usage(SIGNING, frozenset({DEVICE_OID})),
    # Signing and encryption are certified apart (GM/T 0034): neither may do the other's work.
    Purpose.ACTS: Usage(BINDING, frozenset({ACTS_OID}), OF_AUTHORITIES | WRAPPING),
    Purpose.ENCRYPTION: Usage(WRAPPING, frozenset({ENCRYPTION_OID}), OF_AUTHORITIES | BINDING),
}


def require(
    purpose: Purpose, usages: frozenset[str], extended: frozenset[x509.ObjectIdentifier]
) -> None:
    """Return if a certificate with these usages may be shown for ``purpose``.

    Raises:
        CertificateRefused: it may not.
    """
    usage = USAGES[purpose]
    if not usage.needed <= usages or usages & usage.barred or not usage.extended & extended:
        raise CertificateRefused(Reason.USAGE)


class Kind(StrEnum):
    """Who a certificate is issued to, and so what for."""

    SERVICE = "service"
    PERSON = "person"
    DEVICE = "device"
    ACTS = "acts"
    ENCRYPTION = "encryption"


@dataclass(frozen=True)
class Issue:
    """How certificates of a kind are issued: their usages and how long they last."""

    usages: frozenset[str]
    extended: tuple[x509.ObjectIdentifier, ...]
    days: int


ISSUES = {
    Kind.SERVICE: Issue(
        SIGNING, (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), 397
    ),
    Kind.PERSON: Issue(BINDING, (PERSON_OID, ExtendedKeyUsageOID.CLIENT_AUTH), 397),
    Kind.DEVICE: Issue(SIGNING, (DEVICE_OID, ExtendedKeyUsageOID.CLIENT_AUTH), 1095),
    Kind.ACTS: Issue(BINDING, (ACTS_OID,), 397),
    Kind.ENCRYPTION: Issue(WRAPPING, (ENCRYPTION_OID,), 397),
}


def key_usage(names: frozenset[str]) -> x509.KeyUsage:
    """Return the extension with exactly these usages, named as ``cryptography`` names them."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


def usages_of(extension: x509.KeyUsage) -> frozenset[str]:
    """Return the usages that stand in the extension."""
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment"]
    names += ["key_agreement", "key_cert_sign", "crl_sign"]
    return frozenset(name for name in names if getattr(extension, name))
