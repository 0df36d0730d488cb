"""The names in certificates: the organisation, its credit code, and who is meant inside it.

The member id and the person's or device's name stand as URIs in the alternative names; programs
look there alone. The subject's distinguished name is for people.
"""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from identity.certificates.certificate import MEMBER_URN, SUBJECT_URN
from identity.certificates.errors import AuthorityRefused
from identity.certificates.purposes import Kind
from identity.profile.credit_code import is_credit_code

_INSIDE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_MEMBER = re.compile(r"0x[0-9a-f]{64}")
_TIERS = {"root": "Root", "issuing": "Issuing Authority"}


@dataclass(frozen=True)
class Subject:
    """Who is certified, inside its member.

    Attributes:
        inside: the person's, device's or service's name, 1 to 64 of letters, digits and ``._@-``.
        hosts: a service's host names, lower case, without wildcards.
    """

    inside: str
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _INSIDE.fullmatch(self.inside):
            raise AuthorityRefused("A name has 1 to 64 letters, digits and ._@- characters.")
        if not all(_HOST.fullmatch(host) for host in self.hosts):
            raise AuthorityRefused("A host name is in lower case, without a wildcard.")

    def name(self, organisation: str, credit_code: str | None) -> bytes:
        """Return the distinguished name's DER."""
        return _name(organisation, credit_code, self.inside)

    def alternative_names(self, kind: Kind, member: str) -> x509.SubjectAlternativeName:
        """Return the extension: the member, who is meant inside it, and a service's hosts.

        Raises:
            AuthorityRefused: hosts for what is no service.
        """
        if self.hosts and kind is not Kind.SERVICE:
            raise AuthorityRefused("Only a service has host names.")
        names: list[x509.GeneralName] = [
            x509.UniformResourceIdentifier(MEMBER_URN + member),
            x509.UniformResourceIdentifier(SUBJECT_URN + self.inside),
        ]
        return x509.SubjectAlternativeName(names + [x509.DNSName(host) for host in self.hosts])


def authority_name(organisation: str, credit_code: str | None, tier: str, scheme: str) -> bytes:
    """Return the DER of an authority's name; ``tier`` is ``root`` or ``issuing``."""
    return _name(organisation, credit_code, f"{organisation[:40]} {_TIERS[tier]} {scheme}")


def check_member(member: str) -> str:
    """Return ``member`` if it is 0x and 64 lower-case hex digits; raises AuthorityRefused."""
    if not _MEMBER.fullmatch(member):
        raise AuthorityRefused("A member id is 0x and 64 lower-case hex digits.")
    return member


def _name(organisation: str, credit_code: str | None, common: str) -> bytes:
    if not 1 <= len(organisation) <= 64:
        raise AuthorityRefused("An organisation's name in a certificate has 1 to 64 characters.")
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if credit_code is not None:
        if not is_credit_code(credit_code):
            raise AuthorityRefused("This is no unified social credit code (GB 32100).")
        # ETSI EN 319 412-1 section 5.1.4: a national trade register's number, of China.
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{credit_code}"))
    names.append(x509.NameAttribute(NameOID.COMMON_NAME, common))
    return x509.Name(names).public_bytes()
