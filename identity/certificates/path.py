"""Whether a certificate counts: its path to a trusted root, with revocation, failing closed.

RFC 5280 section 6.1 for paths of at most four certificates, without policies and without name
constraints. Signatures between authorities and of revocation lists are remembered (they depend on
nothing but bytes); the last signature, dates, revocation and names are looked at every time.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from identity.certificates import signed
from identity.certificates.certificate import Certificate, read, read_authority
from identity.certificates.errors import CertificateMalformed, CertificateRefused, Reason
from identity.certificates.purposes import Purpose, require
from identity.certificates.revocation import RevocationList, require_good
from identity.certificates.roots import Root, Trust
from identity.signatures.algorithms import VerifyingKey

MAX_CERTIFICATES = 4


@dataclass(frozen=True)
class Named:
    """Whom the certificate must name; None asks for nothing.

    Attributes:
        member: a member's id, ``0x`` hex.
        subject: a person's or a device's name inside its member.
        dns: a service's host name, in lower case; a wildcard never counts.
    """

    member: str | None = None
    subject: str | None = None
    dns: str | None = None


@dataclass(frozen=True)
class CheckedCertificate:
    """A certificate whose path was checked for one time; what identity.signatures verifies by.

    Attributes:
        certificate: its DER.
        key: the key it certifies.
        at: UTC seconds for which it was checked.
        listed: the revocation list of its issuer, which does not name it.
        members, subjects: the names that stand in it.
        serial: its number at its issuer.
        valid_until: UTC seconds after which the first certificate of the path ends.
        root: the root's key id, 32 bytes.
    """

    certificate: bytes
    key: VerifyingKey
    at: int
    listed: RevocationList
    members: frozenset[str]
    subjects: frozenset[str]
    serial: int
    valid_until: int
    root: bytes

    @property
    def revocation(self) -> str:
        """How revocation was known, for a reader."""
        until = datetime.fromtimestamp(self.listed.next_update, UTC)
        return f"good, by revocation list {self.listed.number} until {until:%Y-%m-%dT%H:%M:%SZ}"


def read_chain(ders: Sequence[bytes]) -> list[Certificate]:
    """Read a path's certificates, the end first, each issued by the next.

    Raises:
        CertificateMalformed, CertificateRefused: one is no certificate of an accepted form.
    """
    if not 1 <= len(ders) <= MAX_CERTIFICATES:
        raise CertificateMalformed(f"A path has 1 to {MAX_CERTIFICATES} certificates.")
    return [read(ders[0]), *(read_authority(der) for der in ders[1:])]


def check_path(
    chain: Sequence[Certificate],
    trust: Trust,
    at: int,
    purpose: Purpose,
    named: Named | None = None,
    lists: Iterable[RevocationList] = (),
) -> CheckedCertificate:
    """Return what the first certificate of ``chain`` is, if it counts at ``at``.

    Args:
        chain: the end first, each issued by the next; the root may be left out.
        at: UTC seconds.
        purpose: what the certificate is shown for.
        named: whom it must name.
        lists: revocation lists beside those that ``trust`` holds; an issuer's newest counts.

    Raises:
        CertificateRefused: it does not count; its ``reason`` is for the log.
        RevocationUnknown: a list is absent or not in force, of any authority of the path.
    """
    # 1. The path: each is issued by the next, and the last by a trusted root.
    path, root = _path(chain, trust)
    end = path[0]
    # 2. The root vouches for this use, and all of the path is in force.
    if purpose not in root.purposes:
        raise CertificateRefused(Reason.USAGE)
    _require_dates(path, at)
    # 3. Who issues is an authority, for a path of this length; the end is none.
    for below, authority in enumerate(path[1:]):
        _require_authority(authority, below)
    # 4. Every signature holds.
    for child, issuer in itertools.pairwise(path[1:]):
        _require_issued(child, issuer)
    signed.check(end.algorithm, path[1].key, end.tbs, end.signature)
    # 5. The end is certified for this use, and names whom it must.
    says = end.extensions
    if says.authority:
        raise CertificateRefused(Reason.USAGE)
    require(purpose, says.usages, says.extended)
    _require_names(end, root, named)
    # 6. Nothing of the path is revoked, by lists that are in force.
    found = None
    for child, issuer in reversed(list(itertools.pairwise(path))):
        candidates = [*trust.lists_of(issuer), *lists]
        found = require_good(child, candidates, issuer, at)
    assert found is not None  # noqa: S101 (a path has an issuer)
    return CheckedCertificate(
        certificate=end.der,
        key=end.key,
        at=at,
        listed=found,
        members=says.members,
        subjects=says.subjects,
        serial=end.serial,
        valid_until=min(each.valid_until for each in path),
        root=root.certificate.key.id,
    )


def _path(chain: Sequence[Certificate], trust: Trust) -> tuple[list[Certificate], Root]:
    if not 1 <= len(chain) <= MAX_CERTIFICATES:
        raise CertificateMalformed(f"A path has 1 to {MAX_CERTIFICATES} certificates.")
    for child, issuer in itertools.pairwise(chain):
        if not _names(child, issuer):
            raise CertificateRefused(Reason.NO_ROOT)
    last = chain[-1]
    for root in trust.named(last.issuer):
        if len(chain) > 1 and root.certificate.der == last.der:
            return [*chain[:-1], root.certificate], root
        if last.issuer != last.subject and _names(last, root.certificate):
            return [*chain, root.certificate], root
    raise CertificateRefused(Reason.NO_ROOT)


def _names(child: Certificate, issuer: Certificate) -> bool:
    """Return whether ``child`` says that ``issuer`` issued it, by name and, if said, by key."""
    if child.issuer != issuer.subject:
        return False
    said, has = child.extensions.authority_key_identifier, issuer.extensions.key_identifier
    return said is None or has is None or said == has


def _require_dates(path: Iterable[Certificate], at: int) -> None:
    for each in path:
        if at < each.valid_from:
            raise CertificateRefused(Reason.NOT_YET_VALID)
        if at > each.valid_until:
            raise CertificateRefused(Reason.EXPIRED)


def _require_authority(authority: Certificate, below: int) -> None:
    says = authority.extensions
    if not says.authority or "key_cert_sign" not in says.usages:
        raise CertificateRefused(Reason.AUTHORITY)
    if says.path_length is not None and below > says.path_length:
        raise CertificateRefused(Reason.AUTHORITY)


@lru_cache(maxsize=1024)
def _require_issued(child: Certificate, issuer: Certificate) -> None:
    signed.check(child.algorithm, issuer.key, child.tbs, child.signature)


def _require_names(end: Certificate, root: Root, named: Named | None) -> None:
    says = end.extensions
    # A member's root vouches for that member alone.
    if root.member is not None and says.members != {root.member}:
        raise CertificateRefused(Reason.NAME)
    if named is None:
        return
    asked = (
        (named.member, says.members),
        (named.subject, says.subjects),
        (named.dns, says.dns),
    )
    if any(name is not None and name not in has for name, has in asked):
        raise CertificateRefused(Reason.NAME)
