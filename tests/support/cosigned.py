"""Acts with SM2 co-signatures, and the authorities that certify the keys."""

from dataclasses import replace

from support.authorities import MEMBER, NOW
from support.paths import Path

from identity.acts.typed import Act, Domain
from identity.certificates.purposes import Kind, Purpose
from identity.companions.companion import Companion, cosign
from identity.signatures.sm2 import Sm2Key

DOMAIN = Domain(31337, b"\x33" * 20, b"\x22" * 32)
ZERO = bytes(32)


def offer(member: str = MEMBER, to: bytes = b"\x0b" * 32, title: bytes = b"\x07" * 32) -> Act:
    return Act(
        "Offer",
        {
            "principal": bytes.fromhex(member[2:]),
            "delegation": ZERO,
            "object": title,
            "counter": 3,
            "expires": NOW + 3600,
            "companion": ZERO,
            "to": to,
            "capacity": 1,
            "endorsement": 0,
            "deadline": NOW + 86400,
            "root": b"\x09" * 32,
        },
    )


def acts_path() -> Path:
    return Path("sm2", Kind.ACTS, Purpose.ACTS)


def cosigned(path: Path, act: Act, lists: bool = True) -> tuple[Act, Companion]:
    """Return the act with its companion's hash, and the companion under ``path``."""
    end, issuing = (each.der for each in path.chain())
    assert isinstance(path.end.private, Sm2Key)
    signed, companion = cosign(act, DOMAIN, path.end.private, end, [issuing])
    given = [each.der for each in path.lists()] if lists else []
    return signed, replace(companion, lists=tuple(given))
