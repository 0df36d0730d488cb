"""The companies of the model's network, their keys and where they are assigned; all of it fixed.

Keys come from names, so that a case found once can be played again.
"""

import hashlib
from dataclasses import dataclass

from identity.acts.words import KeyPurpose, Role
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.founding import Admission, Assignment
from node.chain.rpc import data

LOADING = 1
DISCHARGE = 2
ELSEWHERE = 3
GENESIS_TIME = 1_800_000_000  # UTC seconds
ENFORCEMENT_SECONDS = 7 * 86_400
TRANSFER_SECONDS = 3 * 86_400


def key_of(name: str, purpose: str = "act") -> SigningKey:
    """Return the secp256k1 key that ``name`` uses for ``purpose``."""
    return SigningKey(hashlib.sha256(f"{purpose} key of {name}".encode()).digest())


def hash_of(text: str) -> bytes:
    """Return 32 bytes that stand for ``text``: an id, a root, an order."""
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Company:
    """A member as it is admitted; ``places`` are its assignments: pairs of port and role."""

    name: str
    roles: Role
    places: tuple[tuple[int, Role], ...] = ()

    @property
    def id(self) -> bytes:
        """Its member id."""
        return hash_of(f"member {self.name}")

    def admission(self) -> Admission:
        """Return what the council admits."""
        purposes = {"act": KeyPurpose.ACT, "relay": KeyPurpose.RELAY}
        keys = (
            (data(key_id(key_of(self.name, word).address)), int(purpose))
            for word, purpose in purposes.items()
        )
        return Admission(data(self.id), int(self.roles), data(hash_of("a profile")), tuple(keys))

    def assignments(self) -> list[Assignment]:
        """Return what the council assigns it to."""
        return [Assignment(port, role, data(self.id)) for port, role in self.places]


_ALL = (
    Company("carrier", Role.CARRIER),
    Company("liner", Role.CARRIER),
    Company("shipper", Role.SHIPPER),
    Company("trader", Role.SHIPPER | Role.CONSIGNEE),
    Company("buyer", Role.CONSIGNEE),
    Company("bank", Role.BANK),
    Company("lender", Role.BANK),
    Company(
        "terminal",
        Role.TERMINAL,
        ((DISCHARGE, Role.TERMINAL), (ELSEWHERE, Role.TERMINAL)),
    ),
    Company("depot", Role.DEPOT, ((DISCHARGE, Role.DEPOT),)),
    Company("trucker", Role.TRUCK),
    Company("customs", Role.CUSTOMS, ((LOADING, Role.CUSTOMS), (DISCHARGE, Role.CUSTOMS))),
    Company("regulator", Role.REGULATOR, ((DISCHARGE, Role.REGULATOR),)),
    Company("inspector", Role.INSPECTION, ((LOADING, Role.INSPECTION),)),
    Company("foreign customs", Role.CUSTOMS, ((ELSEWHERE, Role.CUSTOMS),)),
)
COMPANIES = {company.name: company for company in _ALL}
NAMES = {company.id: company.name for company in _ALL}
SEATS = ("carrier", "bank", "terminal")
THRESHOLD = 2


@dataclass(frozen=True)
class FoundedLane:
    """A lane that is registered before a case begins."""

    name: str
    company: str
    port: int
    calibrated_until: int

    @property
    def id(self) -> bytes:
        """The device's id."""
        return hash_of(f"device {self.name}")

    @property
    def owner(self) -> bytes:
        """The member whose lane it is."""
        return COMPANIES[self.company].id

    @property
    def key(self) -> SigningKey:
        """The key in the lane."""
        return key_of(self.name, "lane")


LANES = (
    FoundedLane("gate 1", "terminal", DISCHARGE, GENESIS_TIME + 400 * 86_400),
    FoundedLane("old gate", "terminal", DISCHARGE, GENESIS_TIME + 86_400),
    FoundedLane("far gate", "terminal", ELSEWHERE, GENESIS_TIME + 400 * 86_400),
    FoundedLane("depot gate", "depot", DISCHARGE, GENESIS_TIME + 400 * 86_400),
)
