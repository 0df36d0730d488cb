"""Step 8 of verify: SM2 co-signatures in a file are those of its acts, under their members' roots.

A root counts because it stands in a profile whose hash the member's own acts name; revocation
lists in the file say how the certificate stood when the act was executed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from identity.certificates.roots import Trust
from identity.companions.companion import Companion, check_companion
from identity.companions.profiled import roots_of
from identity.errors import IdentityError
from identity.profile.profile import Profile
from node.evidence.errors import CompanionNotProved, EvidenceMalformed
from node.evidence.history import ProvedAct


@dataclass(frozen=True)
class CoSigned:
    """A co-signature that holds.

    Attributes:
        member: whose SM2 key made it, ``0x`` hex.
        key: SHA-256 of the key's SubjectPublicKeyInfo, ``0x`` hex.
        valid_until: UTC seconds after which its certificate, or one above it, ends.
        revocation: how revocation was known when the act was executed.
    """

    member: str
    key: str
    valid_until: int
    revocation: str


def check_companions(
    given: Iterable[tuple[bytes, Companion]],
    acts: Iterable[ProvedAct],
    profiles: Iterable[Profile],
) -> Mapping[bytes, CoSigned]:
    """Return what each act's co-signature shows, by the act's digest.

    Args:
        given: (digest of an act, its companion).
        profiles: those that the members' acts name.

    Raises:
        CompanionNotProved: one is of no act in the file, or does not count at that act's block.
        EvidenceMalformed: an act has two.
    """
    known = {proved.digest: proved for proved in acts}
    trust = Trust([root for profile in profiles for root in roots_of(profile)])
    shown: dict[bytes, CoSigned] = {}
    for digest, companion in given:
        if digest in shown:
            raise EvidenceMalformed("A co-signature stands in the file twice.")
        proved = known.get(digest)
        if proved is None:
            raise CompanionNotProved("A co-signature is of no act in the file.")
        shown[digest] = _checked(companion, proved, trust)
    return shown


def _checked(companion: Companion, proved: ProvedAct, trust: Trust) -> CoSigned:
    try:
        checked = check_companion(companion, proved.act, proved.domain, trust, proved.time)
    except IdentityError as error:
        raise CompanionNotProved(
            "An SM2 co-signature does not count.", act="0x" + proved.digest.hex(), code=error.code
        ) from error
    return CoSigned(
        member="0x" + proved.act.principal.hex(),
        key="0x" + checked.key.id.hex(),
        valid_until=checked.valid_until,
        revocation=checked.revocation,
    )
