"""Paths of certificates put together freely, right and wrong, with keys in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.authorities import DAY, MEMBER, NOW, p256_public

from identity.certificates import assembling
from identity.certificates.assembling import Draft, Revoked, Signatory, key_identifier
from identity.certificates.certificate import Certificate, read
from identity.certificates.path import CheckedCertificate, Named, check_path
from identity.certificates.purposes import ISSUES, OF_AUTHORITIES, Kind, Purpose, key_usage
from identity.certificates.revocation import RevocationList, read_list
from identity.certificates.roots import Root, Trust
from identity.signatures.algorithms import Curve, VerifyingKey
from identity.signatures.sm2 import Sm2Key
from identity.signatures.verify import PrivateKey

Extensions = list[tuple[x509.ExtensionType, bool]]


def name(common: str) -> bytes:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)]).public_bytes()


def signatory(scheme: str, common: str) -> Signatory:
    private: PrivateKey
    if scheme == "sm2":
        private = Sm2Key.generate()
        public = VerifyingKey(Curve.SM2, private.public)
    else:
        private = ec.generate_private_key(ec.SECP256R1())
        public = p256_public(private)
    return Signatory(name(common), public, private)


def authority_extensions(
    key: VerifyingKey, issuer: VerifyingKey, path_length: int | None, ca: bool = True
) -> Extensions:
    return [
        (x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), True),
        (key_usage(OF_AUTHORITIES), True),
        (x509.SubjectKeyIdentifier(key_identifier(key)), False),
        (x509.AuthorityKeyIdentifier(key_identifier(issuer), None, None), False),
    ]


def end_extensions(
    kind: Kind, key: VerifyingKey, issuer: VerifyingKey, uris: Sequence[str]
) -> Extensions:
    rule = ISSUES[kind]
    names = [x509.UniformResourceIdentifier(uri) for uri in uris]
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(rule.usages), True),
        (x509.ExtendedKeyUsage(rule.extended), False),
        (x509.SubjectAlternativeName(names), False),
        (x509.AuthorityKeyIdentifier(key_identifier(issuer), None, None), False),
    ]


@dataclass
class Path:
    """Root, issuing authority, and one end; every draft can be changed before it is signed."""

    scheme: str
    kind: Kind
    purpose: Purpose
    root: Signatory = field(init=False)
    issuing: Signatory = field(init=False)
    end: Signatory = field(init=False)
    root_draft: Draft = field(init=False)
    issuing_draft: Draft = field(init=False)
    end_draft: Draft = field(init=False)
    revoked: dict[int, Revoked] = field(default_factory=dict)
    root_revoked: dict[int, Revoked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = signatory(self.scheme, "root")
        self.issuing = signatory(self.scheme, "issuing")
        self.end = signatory(self.scheme, "end")
        root, issuing, end = (each.public for each in (self.root, self.issuing, self.end))
        self.root_draft = self._draft(1, self.root, authority_extensions(root, root, 1))
        self.issuing_draft = self._draft(2, self.issuing, authority_extensions(issuing, root, 0))
        uris = [f"urn:lading:member:{MEMBER}", "urn:lading:subject:wang"]
        self.end_draft = self._draft(3, self.end, end_extensions(self.kind, end, issuing, uris))

    def _draft(self, serial: int, whose: Signatory, extensions: Extensions) -> Draft:
        return Draft(serial, whose.name, whose.public, NOW - 300, NOW + 30 * DAY, extensions)

    def with_extension(self, added: x509.ExtensionType, critical: bool) -> None:
        """Put an extension into the end, in place of one of its kind."""
        kept = [each for each in self.end_draft.extensions if each[0].oid != added.oid]
        self.end_draft = replace(self.end_draft, extensions=[*kept, (added, critical)])

    def chain(self) -> list[Certificate]:
        return [
            read(assembling.certificate(self.end_draft, self.issuing)),
            read(assembling.certificate(self.issuing_draft, self.root)),
        ]

    def root_certificate(self) -> Certificate:
        return read(assembling.certificate(self.root_draft, self.root))

    def lists(self, number: int = 1, next_update: int = NOW + DAY) -> list[RevocationList]:
        start = NOW - 300
        return [
            read_list(assembling.revocation_list(number, start, next_update, revoked, by))
            for by, revoked in ((self.root, self.root_revoked), (self.issuing, self.revoked))
        ]

    def trust(
        self, lists: list[RevocationList] | None = None, member: str | None = MEMBER
    ) -> Trust:
        held = self.lists() if lists is None else lists
        return Trust([Root(self.root_certificate(), member, frozenset(Purpose))], held)

    def check(
        self,
        at: int = NOW,
        trust: Trust | None = None,
        named: Named | None = None,
        purpose: Purpose | None = None,
    ) -> CheckedCertificate:
        return check_path(self.chain(), trust or self.trust(), at, purpose or self.purpose, named)
