"""A member's own two-tier authority: a root, and below it the authority that issues.

Its directory is ``ca/<scheme>`` in the member's, one for P-256 and one for SM2: the root's and the
issuing authority's key stores apart, so that the root's can be taken away, their certificates, and
``register.json``: what was issued and what is revoked. One writer at a time. Every change writes
the register first and then new revocation lists into ``trust/lists``, where this member's
processes look.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from identity.certificates import assembling
from identity.certificates.assembling import Draft, Revoked, Signatory, key_identifier
from identity.certificates.certificate import Certificate, read, read_pem
from identity.certificates.errors import AuthorityRefused, AuthorityUnavailable
from identity.certificates.naming import Subject, authority_name
from identity.certificates.purposes import (
    ISSUES,
    OF_AUTHORITIES,
    Kind,
    Purpose,
    key_usage,
)
from identity.certificates.register import Register
from identity.certificates.roots import add_list, add_root
from identity.errors import IdentityError
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.private_files import write_private
from identity.signatures.algorithms import Curve, VerifyingKey
from identity.signatures.verify import PrivateKey

DAY = 24 * 3600
ROOT_DAYS, ISSUING_DAYS = 20 * 365, 5 * 365
ROOT_LIST_DAYS, ISSUING_LIST_DAYS = 90, 7
# Other members' clocks may be behind.
CLOCKS_SECONDS = 300
ROOT, ISSUING = "root", "issuing"
SCHEMES = {"p256": (Curve.P256, KeyKind.P256), "sm2": (Curve.SM2, KeyKind.SM2)}
_SM2_KINDS = {Kind.ACTS, Kind.ENCRYPTION}


@dataclass(frozen=True)
class Issued:
    """A certificate and the issuing authority's, DER each."""

    certificate: bytes
    issuer: bytes

    @property
    def serial(self) -> int:
        """The certificate's number."""
        return read(self.certificate).serial

    @property
    def pem(self) -> bytes:
        """The two as PEM, the certificate first."""
        return b"".join(
            x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
            for der in (self.certificate, self.issuer)
        )


class Authority:
    """A member's authority of one scheme; ``create`` and ``open`` make one.

    Args:
        member_directory: the member's, which holds ``ca`` and ``trust``.
        scheme: ``p256`` or ``sm2``.
        passphrase: opens its key stores.
    """

    def __init__(self, member_directory: Path, scheme: str, passphrase: str) -> None:
        if scheme not in SCHEMES:
            raise AuthorityRefused("An authority's scheme is p256 or sm2.")
        self._scheme = scheme
        self._curve, self._kind = SCHEMES[scheme]
        self._directory = member_directory / "ca" / scheme
        self._trust = member_directory / "trust"
        self._passphrase = passphrase
        self._stores: dict[str, Keystore] = {}

    @staticmethod
    def create(
        member_directory: Path,
        scheme: str,
        passphrase: str,
        member: str,
        organisation: str,
        now: int,
        credit_code: str | None = None,
    ) -> "Authority":
        """Make root and issuing authority, trust the root for this member, and write lists.

        Args:
            member: the member's id, ``0x`` hex.
            organisation: its name, as it stands in every certificate.
            now: UTC seconds.
            credit_code: the unified social credit code, if it has one.

        Raises:
            AuthorityRefused: there is one already.
            KeystoreUnavailable: the directory cannot be written.
        """
        made = Authority(member_directory, scheme, passphrase)
        directory = made._directory
        if (directory / "register.json").exists():
            raise AuthorityRefused(f"There is an authority in {directory}.")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for tier in (ROOT, ISSUING):
            store = directory / f"{tier}.keys.json"
            if not store.exists():  # a creation that was cut short goes on
                Keystore.create(store, passphrase)
            if not made._store(tier).entries():
                made._store(tier).add(tier, made._kind, "certificates")
        register = Register.new(member, organisation, credit_code)
        made._certify_authorities(register, now)
        write_private(directory / "register.json", register.to_json())
        pem = (directory / "root.pem").read_bytes()
        with contextlib.suppress(AuthorityRefused):
            add_root(made._trust, pem, member, made._vouches())
        made.refresh(now, root=True)
        return made

    def _vouches(self) -> list[Purpose]:
        kinds = [Purpose.ACTS, Purpose.ENCRYPTION]
        if self._curve is Curve.SM2:
            return kinds
        return [each for each in Purpose if each not in kinds]

    def issue(
        self, kind: Kind, subject: Subject, key: VerifyingKey, now: int, days: int | None = None
    ) -> Issued:
        """Certify ``key`` for ``subject``; the certificate stands in the register before.

        Args:
            days: how long it lasts; at most what the kind allows, which is the default.

        Raises:
            AuthorityRefused: the scheme does not certify this kind, key or time.
            AuthorityUnavailable: the authority's files or issuing key are not there.
        """
        with self._changing() as register:
            return self._issue(register, kind, subject, key, now, days)

    def renew(
        self, serial: int, now: int, key: VerifyingKey | None = None, days: int | None = None
    ) -> Issued:
        """Certify the same subject again, for the same key or another; the old one still counts.

        Raises:
            AuthorityRefused: it was not issued here, or is revoked.
        """
        with self._changing() as register:
            old = register.find(serial)
            if serial in register.revoked:
                raise AuthorityRefused("A revoked certificate is not renewed; issue another.")
            known = key or read((self._directory / old.file).read_bytes()).key
            return self._issue(register, old.kind, old.subject, known, now, days)

    def revoke(self, serial: int, reason: x509.ReasonFlags, now: int) -> None:
        """Revoke a certificate, for good, and write the list that says so.

        Raises:
            AuthorityRefused: it was not issued here, or is revoked.
        """
        with self._changing() as register:
            register.revoke(serial, reason, now)
            self._save(register)
            self._write_list(register, ISSUING, ISSUING_LIST_DAYS, now)

    def refresh(self, now: int, root: bool = False) -> None:
        """Write a new revocation list of the issuing authority, and of the root if asked.

        The list holds for seven days, the root's for ninety: whoever runs the authority writes
        new ones in time, or nothing of it is accepted any more.
        """
        with self._changing() as register:
            if root:
                self._write_list(register, ROOT, ROOT_LIST_DAYS, now)
            self._write_list(register, ISSUING, ISSUING_LIST_DAYS, now)

    def register(self) -> Register:
        """Return what was issued and revoked; raises AuthorityUnavailable."""
        try:
            return Register.read((self._directory / "register.json").read_bytes())
        except OSError as error:
            raise AuthorityUnavailable(f"There is no authority in {self._directory}.") from error

    def certificate(self, tier: str) -> Certificate:
        """Return the certificate of ``root`` or ``issuing``; raises AuthorityUnavailable."""
        try:
            (found,) = read_pem((self._directory / f"{tier}.pem").read_bytes())
        except (OSError, ValueError, IdentityError) as error:
            raise AuthorityUnavailable(f"{self._directory} has no {tier}.pem.") from error
        return found

    def _issue(
        self,
        register: Register,
        kind: Kind,
        subject: Subject,
        key: VerifyingKey,
        now: int,
        days: int | None,
    ) -> Issued:
        rule, issuer = ISSUES[kind], self.certificate(ISSUING)
        if (kind in _SM2_KINDS) != (self._curve is Curve.SM2):
            raise AuthorityRefused(f"A {self._scheme} authority certifies no {kind} keys.")
        if kind in _SM2_KINDS and key.curve is not Curve.SM2:
            raise AuthorityRefused(f"A {kind} certificate is for an SM2 key.")
        asked = rule.days if days is None else days
        if not 1 <= asked <= rule.days:
            raise AuthorityRefused(f"A {kind} certificate lasts 1 to {rule.days} days.")
        draft = Draft(
            serial=x509.random_serial_number(),
            subject=subject.name(register.organisation, register.credit_code),
            key=key,
            valid_from=now - CLOCKS_SECONDS,
            valid_until=min(now + asked * DAY, issuer.valid_until),
            extensions=[
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (key_usage(rule.usages), True),
                (x509.ExtendedKeyUsage(rule.extended), False),
                (subject.alternative_names(kind, register.member), False),
                (x509.SubjectKeyIdentifier(key_identifier(key)), False),
                (x509.AuthorityKeyIdentifier(key_identifier(issuer.key), None, None), False),
            ],
        )
        der = assembling.certificate(draft, self._signatory(ISSUING))
        register.add(kind, subject, draft.serial, draft.valid_until)
        (self._directory / "issued").mkdir(mode=0o700, exist_ok=True)
        write_private(self._directory / register.find(draft.serial).file, der)
        self._save(register)
        return Issued(der, issuer.der)

    def _certify_authorities(self, register: Register, now: int) -> None:
        """Write root.pem and issuing.pem."""
        root_key, issuing_key = self._public(ROOT), self._public(ISSUING)
        root_name = self._name(register, ROOT)
        root = Signatory(root_name, root_key, self._private(ROOT))
        for tier, name, key, days, below in (
            (ROOT, root_name, root_key, ROOT_DAYS, 1),
            (
                ISSUING,
                self._name(register, ISSUING),
                issuing_key,
                ISSUING_DAYS,
                0,
            ),
        ):
            draft = Draft(
                serial=x509.random_serial_number(),
                subject=name,
                key=key,
                valid_from=now - CLOCKS_SECONDS,
                valid_until=now + days * DAY,
                extensions=[
                    (x509.BasicConstraints(ca=True, path_length=below), True),
                    (key_usage(OF_AUTHORITIES), True),
                    (x509.SubjectKeyIdentifier(key_identifier(key)), False),
                    (x509.AuthorityKeyIdentifier(key_identifier(root_key), None, None), False),
                ],
            )
            der = assembling.certificate(draft, root)
            pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
            write_private(self._directory / f"{tier}.pem", pem)

    def _write_list(self, register: Register, tier: str, days: int, now: int) -> None:
        number = register.next_list(tier)
        revoked = register.revoked if tier == ISSUING else {}
        entries = {s: Revoked(each.at, each.reason) for s, each in revoked.items()}
        der = assembling.revocation_list(
            number, now - CLOCKS_SECONDS, now + days * DAY, entries, self._signatory(tier)
        )
        self._save(register)
        add_list(self._trust, f"own-{self._scheme}-{tier}", der)

    def _name(self, register: Register, tier: str) -> bytes:
        given = register.organisation, register.credit_code
        return authority_name(*given, tier, str(self._curve))

    def _signatory(self, tier: str) -> Signatory:
        certificate = self.certificate(tier)
        return Signatory(certificate.subject, certificate.key, self._private(tier))

    def _private(self, tier: str) -> PrivateKey:
        store = self._store(tier)
        return store.p256_key(tier) if self._curve is Curve.P256 else store.sm2_key(tier)

    def _public(self, tier: str) -> VerifyingKey:
        return VerifyingKey(self._curve, self._store(tier).entry(tier).public)

    def _store(self, tier: str) -> Keystore:
        """Return a key store, opened once: that costs a tenth of a second."""
        if tier not in self._stores:
            path = self._directory / f"{tier}.keys.json"
            self._stores[tier] = Keystore.open(path, self._passphrase)
        return self._stores[tier]

    def _save(self, register: Register) -> None:
        write_private(self._directory / "register.json", register.to_json())

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Register]:
        """Hold the authority's lock while its register is changed."""
        if not self._directory.is_dir():
            raise AuthorityUnavailable(f"There is no authority in {self._directory}.")
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.register()
        except OSError as error:
            raise AuthorityUnavailable(f"{self._directory} cannot be written.") from error
        finally:
            os.close(lock)
