"""The members' profiles: which are valid, and who a certificate or a key belongs to.

A profile lies in ``profiles/<member id>.json`` and is public. It counts only if its hash is the
one that Membership names for the member, so a file that was put there by somebody else, or that
is older than the member's last act about it, is as good as none.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select

from identity.acts.words import MemberStatus
from identity.errors import ProfileMalformed
from identity.profile.profile import MAX_BYTES, Profile
from node.exchange.errors import PeerNotActive, PeerUnknown, ProfileNotHeld
from node.store.database import Database
from node.store.projections import Member


@dataclass(frozen=True)
class Held:
    """A profile that was read and has the hash it is held under (0x hex)."""

    hash: str
    profile: Profile


class Directory:
    """Reads profiles from ``folder`` and their standing from the projections in ``database``.

    Safe to use from several threads; a profile is read from the disk once for each hash.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._lock = threading.Lock()  # guards _held
        self._held: dict[str, Held] = {}

    def profile(self, member: str) -> Profile:
        """Return the present profile of an active member (id in 0x hex).

        Raises: PeerUnknown, PeerNotActive, ProfileNotHeld.
        """
        return self.held(member).profile

    def held(self, member: str) -> Held:
        """Return the profile with its hash; raises as ``profile`` does."""
        with self._database.read() as session:
            row = session.get(Member, member)
        if row is None:
            raise PeerUnknown("The ledger knows no such member.", member=member[:66])
        if row.status != MemberStatus.ACTIVE:
            raise PeerNotActive("The member is not active.", member=member)
        held = self._read(row)
        if held is None:
            raise ProfileNotHeld("The member's present profile is not here.", member=member)
        return held

    def message_key(self, member: str, kid: str) -> Ed25519PublicKey:
        """Return the message key ``kid`` of an active member.

        Raises: PeerUnknown, PeerNotActive, ProfileNotHeld.
        """
        public = self.profile(member).message_keys.get(kid)
        if public is None:
            raise PeerUnknown("The member's profile names no such key.", member=member)
        return Ed25519PublicKey.from_public_bytes(public)

    def envelope_key(self, member: str) -> bytes:
        """Return the X25519 key (32 bytes) that ``member`` is sent documents under: its first.

        Raises: PeerUnknown, PeerNotActive, ProfileNotHeld.
        """
        return next(iter(self.profile(member).envelope_keys.values()))

    def numbering_modulus(self, member: str) -> bytes | None:
        """Return the modulus of the carrier's numbering key, whatever the member's status.

        A bill stays what it is when its carrier is suspended. None: unknown here, or no carrier.
        """
        with self._database.read() as session:
            row = session.get(Member, member)
        held = self._read(row) if row is not None else None
        if held is None or held.profile.numbering is None:
            return None
        return held.profile.numbering.modulus

    def is_named(self, member: str, name: str) -> bool:
        """Say whether ``name`` is one of the names in the member's profile, letter for letter."""
        with self._database.read() as session:
            row = session.get(Member, member)
        held = self._read(row) if row is not None else None
        return held is not None and name in {held.profile.name_en, held.profile.name_zh}

    def certificates(self) -> list[bytes]:
        """Return the TLS certificates (DER) of all active members whose profile is here."""
        return [
            certificate
            for row, held in self._all()
            if row.status == MemberStatus.ACTIVE
            for certificate in held.profile.tls_certificates
        ]

    def check_certificate(self, certificate: bytes) -> str:
        """Return the active member in whose profile a certificate (DER) stands.

        Raises: PeerUnknown, PeerNotActive.
        """
        digest = sha256(certificate).digest()
        rows = [row for row, held in self._all() if digest in held.profile.certificate_hashes]
        if not rows:
            raise PeerUnknown("The certificate stands in no member's profile.")
        active = [row.id for row in rows if row.status == MemberStatus.ACTIVE]
        if not active:
            raise PeerNotActive("The certificate's member is not active.", member=rows[0].id)
        return active[0]

    def _all(self) -> Sequence[tuple[Member, Held]]:
        with self._database.read() as session:
            rows = session.exec(select(Member)).all()
        found = [(row, self._read(row)) for row in rows]
        return [(row, held) for row, held in found if held is not None]

    def _read(self, row: Member) -> Held | None:
        with self._lock:
            held = self._held.get(row.id)
        if held is not None and held.hash == row.profile:
            return held
        try:
            with (self._folder / f"{row.id}.json").open("rb") as file:
                profile = Profile.parse(file.read(MAX_BYTES + 1))
        except (OSError, ProfileMalformed):
            return None
        digest = "0x" + profile.hash.hex()
        if digest != row.profile or "0x" + profile.member.hex() != row.id:
            return None
        held = Held(digest, profile)
        with self._lock:
            self._held[row.id] = held
        return held
