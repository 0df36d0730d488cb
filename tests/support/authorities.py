"""Two-tier authorities of both schemes in a member's directory, and what they issued."""

import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from identity.certificates.authority import Authority, Issued
from identity.certificates.naming import Subject
from identity.certificates.path import Named, check_path, read_chain
from identity.certificates.purposes import Kind, Purpose
from identity.certificates.roots import load_trust
from identity.signatures.algorithms import Curve, VerifyingKey
from identity.signatures.sm2 import Sm2Key

MEMBER = "0x" + "a1" * 32
OTHER_MEMBER = "0x" + "b2" * 32
NOW = int(time.time())
DAY = 24 * 3600
PASSPHRASE = "correct horse battery staple"
KINDS = {
    "p256": (Kind.SERVICE, Kind.PERSON, Kind.DEVICE),
    "sm2": (Kind.ACTS, Kind.ENCRYPTION),
}
PURPOSES = {
    Kind.SERVICE: Purpose.SERVER,
    Kind.PERSON: Purpose.PERSON,
    Kind.DEVICE: Purpose.DEVICE,
    Kind.ACTS: Purpose.ACTS,
    Kind.ENCRYPTION: Purpose.ENCRYPTION,
}


def p256_public(key: ec.EllipticCurvePrivateKey) -> VerifyingKey:
    return VerifyingKey.from_spki(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def new_key(scheme: str) -> VerifyingKey:
    if scheme == "p256":
        return p256_public(ec.generate_private_key(ec.SECP256R1()))
    return VerifyingKey(Curve.SM2, Sm2Key.generate().public)


def subject(kind: Kind, name: str = "wang") -> Subject:
    return Subject(name, ("node.carrier.example",) if kind is Kind.SERVICE else ())


@dataclass(frozen=True)
class Office:
    """An authority and its member's directory."""

    directory: Path
    authority: Authority
    scheme: str

    @staticmethod
    def found(directory: Path, scheme: str, member: str = MEMBER, now: int = NOW) -> "Office":
        made = Authority.create(
            directory, scheme, PASSPHRASE, member, "远洋承运有限公司", now, "91310000MA1FL4B984"
        )
        return Office(directory, made, scheme)

    def issue(
        self, kind: Kind, now: int = NOW, days: int | None = None, name: str = "wang"
    ) -> Issued:
        return self.authority.issue(kind, subject(kind, name), new_key(self.scheme), now, days)

    def check(
        self,
        issued: Issued,
        kind: Kind,
        at: int = NOW,
        purpose: Purpose | None = None,
        named: Named | None = None,
    ):
        return check_path(
            read_chain([issued.certificate, issued.issuer]),
            load_trust(self.directory / "trust"),
            at,
            purpose or PURPOSES[kind],
            named,
        )
