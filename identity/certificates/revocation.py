"""Revocation lists: complete ones, signed by the issuer itself, numbered, with an end.

Lists of other issuers' certificates, parts of lists, and lists without number or end are refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from identity.certificates import signed
from identity.certificates.certificate import Certificate
from identity.certificates.der import children, whole_bytes
from identity.certificates.errors import (
    CertificateMalformed,
    CertificateRefused,
    Reason,
    RevocationUnknown,
)

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class RevocationList:
    """A list as read; whether its issuer signed it is asked where it is used.

    Attributes:
        issuer: the name's DER.
        number: rises with each list of an issuer.
        this_update, next_update: UTC seconds between which it is in force, both included.
        serials: of what is revoked.
    """

    der: bytes
    tbs: bytes
    algorithm: bytes
    signature: bytes
    issuer: bytes
    number: int
    this_update: int
    next_update: int
    serials: frozenset[int]


def read_list(der: bytes) -> RevocationList:
    """Read a list of at most 4 MiB.

    Raises:
        CertificateMalformed: not DER, without number or end, or with a critical extension, such
            as those of indirect and partial lists.
    """
    if len(der) > MAX_BYTES:
        raise CertificateMalformed(f"A revocation list has at most {MAX_BYTES} bytes.")
    try:
        parsed = x509.load_der_x509_crl(der)
        tbs, algorithm, bits = children(der)
        signature = whole_bytes(bits)
        _, inner, issuer, *_ = children(tbs)
        extensions = parsed.extensions
        number = extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        next_update = parsed.next_update_utc
        barred = any(each.critical for each in extensions)
        serials = frozenset(_serials(parsed))
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
    ) as error:
        raise CertificateMalformed("These bytes are no numbered revocation list.") from error
    except x509.DuplicateExtension as error:
        raise CertificateMalformed("The list has an extension twice.") from error
    if next_update is None or barred or inner != algorithm:
        raise CertificateMalformed("The list has no end, or is not a complete list.")
    return RevocationList(
        der=der,
        tbs=tbs,
        algorithm=algorithm,
        signature=signature,
        issuer=issuer,
        number=number,
        this_update=int(parsed.last_update_utc.timestamp()),
        next_update=int(next_update.timestamp()),
        serials=serials,
    )


def _serials(parsed: x509.CertificateRevocationList) -> Iterable[int]:
    for entry in parsed:
        if any(each.critical for each in entry.extensions):
            raise ValueError("an entry with a critical extension")
        yield entry.serial_number


def in_force(lists: Iterable[RevocationList], issuer: Certificate, at: int) -> RevocationList:
    """Return the issuer's newest list, if it is in force at ``at``.

    Raises:
        RevocationUnknown: the issuer signed none of ``lists``, or its newest is not in force.
    """
    own = [each for each in lists if each.issuer == issuer.subject and _signed_by(each, issuer)]
    newest = max(own, key=lambda each: each.number, default=None)
    if newest is None or not newest.this_update <= at <= newest.next_update:
        raise RevocationUnknown("The issuer's revocation list is absent, or not in force.")
    return newest


def require_good(
    certificate: Certificate, lists: Iterable[RevocationList], issuer: Certificate, at: int
) -> RevocationList:
    """Return the list that says that ``certificate`` is not revoked.

    Raises:
        CertificateRefused: it is revoked, whatever the reason or the date.
        RevocationUnknown: no list in force says so.
    """
    found = in_force(lists, issuer, at)
    if certificate.serial in found.serials:
        raise CertificateRefused(Reason.REVOKED)
    return found


@lru_cache(maxsize=256)
def _signed_by(listed: RevocationList, issuer: Certificate) -> bool:
    if "crl_sign" not in issuer.extensions.usages:
        return False
    try:
        signed.check(listed.algorithm, issuer.key, listed.tbs, listed.signature)
    except CertificateRefused:
        return False
    return True
