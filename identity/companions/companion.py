"""An act's companion: its SM2 co-signature with the certificate, whose hash the act carries.

The SM2 key signs the act's digest as it is with companion 0; the secp256k1 key then signs the act
with the companion's hash in it, so that neither can be taken off or changed.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import rfc8785

from identity.acts.typed import ZERO_WORD, Act, Domain, digest
from identity.certificates.errors import CertificateMalformed, CertificateRefused
from identity.certificates.path import CheckedCertificate, Named, check_path, read_chain
from identity.certificates.purposes import Purpose
from identity.certificates.revocation import RevocationList, read_list
from identity.certificates.roots import Trust
from identity.companions.errors import CompanionMalformed, CompanionRefused
from identity.errors import SignatureInvalid
from identity.signatures.algorithms import Algorithm
from identity.signatures.sm2 import DEFAULT_USER_ID, Sm2Key
from identity.signatures.verify import sign, verify

FORMAT = 1
MAX_ISSUERS, MAX_LISTS = 3, 4
MAX_PART_CHARACTERS = 512 * 1024
_PREFIX = b"lading/companion/1\x00"
_NAMES = {"companion", "user_id", "signature", "certificate", "issuers", "lists"}


@dataclass(frozen=True)
class Companion:
    """A co-signature with all that is needed to check it but a root.

    Attributes:
        signature: SM2, r ‖ s of 64 bytes, over the act's digest with companion 0.
        certificate: the SM2 key's, DER.
        issuers: DER of the authorities above it, the root left out; not hashed.
        lists: DER of these authorities' revocation lists; not hashed: newer ones may be added.
        user_id: what the key signed as.
    """

    signature: bytes
    certificate: bytes
    issuers: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    user_id: str = field(default=DEFAULT_USER_ID.decode())

    @property
    def hash(self) -> bytes:
        """What the act carries, 32 bytes.

        SHA-256 of ``lading/companion/1`` ‖ 0x00 ‖ RFC 8785 of ``companion``, ``user_id``,
        ``signature`` and ``certificate``.
        """
        return hashlib.sha256(_PREFIX + rfc8785.dumps(self._hashed())).digest()

    def _hashed(self) -> dict[str, Any]:
        return {
            "companion": FORMAT,
            "user_id": self.user_id,
            "signature": "0x" + self.signature.hex(),
            "certificate": _base64(self.certificate),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the companion with issuers and lists, as members send it."""
        issuers, lists = ([_base64(each) for each in part] for part in (self.issuers, self.lists))
        return {**self._hashed(), "issuers": issuers, "lists": lists}

    @staticmethod
    def from_json(data: object) -> "Companion":
        """Read what ``to_json`` wrote; raises CompanionMalformed."""
        if not isinstance(data, dict) or set(data) != _NAMES or data["companion"] != FORMAT:
            raise CompanionMalformed("A companion has other fields, or is of another format.")
        user_id, signature = data["user_id"], data["signature"]
        if not isinstance(user_id, str) or not 1 <= len(user_id) <= 64 or not user_id.isascii():
            raise CompanionMalformed("A companion's user id is 1 to 64 ASCII characters.")
        try:
            raw = bytes.fromhex(signature[2:])
        except (TypeError, ValueError) as error:
            raise CompanionMalformed("A companion's signature is 0x and 128 digits.") from error
        if len(raw) != 64 or signature != "0x" + raw.hex():
            raise CompanionMalformed("A companion's signature is 0x and 128 digits.")
        return Companion(
            raw,
            _der(data["certificate"]),
            _ders(data["issuers"], MAX_ISSUERS),
            _ders(data["lists"], MAX_LISTS),
            user_id,
        )

    def with_lists(self, lists: Iterable[bytes]) -> "Companion":
        """Return the same companion with these revocation lists."""
        return replace(self, lists=tuple(lists)[:MAX_LISTS])

    def read_lists(self) -> list[RevocationList]:
        """Return its revocation lists; raises CertificateMalformed."""
        return [read_list(each) for each in self.lists]


def cosign(
    act: Act, domain: Domain, key: Sm2Key, certificate: bytes, issuers: Sequence[bytes]
) -> tuple[Act, Companion]:
    """Return the act with its companion's hash, and the companion, without lists.

    Raises:
        ActMalformed: as ``digest`` raises it.
    """
    bare = digest(domain, _bare(act))
    companion = Companion(sign(Algorithm.SM2, key, bare), certificate, tuple(issuers))
    return Act(act.name, {**act.fields, "companion": companion.hash}), companion


def check_companion(
    companion: Companion,
    act: Act,
    domain: Domain,
    trust: Trust,
    at: int,
    lists: Iterable[RevocationList] = (),
) -> CheckedCertificate:
    """Return the certificate that a member's act was co-signed under, if that counts at ``at``.

    Args:
        trust: roots that vouch for the act's principal.
        at: UTC seconds.
        lists: revocation lists beside the companion's own and those of ``trust``.

    Raises:
        CompanionRefused: the act carries another hash, the certificate does not count or is not
            of the act's principal, or the signature is of another act; ``reason`` is for the log.
        RevocationUnknown: no list in force says how the certificate stands.
    """
    # 1. The act carries this companion.
    if act.fields["companion"] != companion.hash:
        raise CompanionRefused("the act carries another companion, or none")
    # 2. The certificate is the principal's, for acts, and counts.
    try:
        chain = read_chain([companion.certificate, *companion.issuers])
        given = [*companion.read_lists(), *lists]
        named = Named(member="0x" + act.principal.hex())
        checked = check_path(chain, trust, at, Purpose.ACTS, named, given)
    except CertificateRefused as error:
        raise CompanionRefused(f"certificate: {error.reason}") from error
    except CertificateMalformed as error:
        raise CompanionRefused("certificate or list malformed") from error
    # 3. Its key signed this act, as it is without a companion.
    try:
        verify(
            Algorithm.SM2,
            checked,
            digest(domain, _bare(act)),
            companion.signature,
            at,
            user_id=companion.user_id.encode(),
        )
    except SignatureInvalid as error:
        raise CompanionRefused("the signature is not of this act") from error
    return checked


def _bare(act: Act) -> Act:
    return Act(act.name, {**act.fields, "companion": ZERO_WORD})


def _base64(der: bytes) -> str:
    return base64.b64encode(der).decode()


def _der(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > MAX_PART_CHARACTERS:
        raise CompanionMalformed("A companion's certificates and lists are base64 of DER.")
    try:
        der = base64.b64decode(value, validate=True)
    except ValueError as error:
        raise CompanionMalformed("A companion's parts are base64.") from error
    if _base64(der) != value:
        raise CompanionMalformed("A companion's base64 has one form.")
    return der


def _ders(values: object, most: int) -> tuple[bytes, ...]:
    if not isinstance(values, list) or len(values) > most:
        raise CompanionMalformed(f"A companion has at most {most} of these.")
    return tuple(_der(value) for value in values)
