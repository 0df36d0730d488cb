"""Membership as the model has it: who may act for whom now, and by which key."""

from dataclasses import dataclass, field

from model.companies import COMPANIES, ENFORCEMENT_SECONDS, TRANSFER_SECONDS, key_of
from model.refusals import require

from identity.acts.words import KeyPurpose, MemberStatus, Role
from identity.keys.secp256k1 import key_id

NOBODY = bytes(32)


@dataclass
class Key:
    """A member's key on the ledger; times are UTC seconds, ``until`` 0 is without end."""

    owner: bytes
    purpose: int
    since: int
    until: int = 0
    revoked: bool = False
    recovered: bool = False  # its member got new keys in its stead

    def counts(self, now: int) -> bool:
        """Whether it is valid in a block of time ``now``."""
        return (
            not (self.revoked or self.recovered)
            and self.since <= now
            and (self.until == 0 or now < self.until)
        )


@dataclass
class Delegation:
    """What ``principal`` lets ``delegate`` do; ``verbs`` is a mask of wire codes."""

    principal: bytes
    delegate: bytes
    verbs: int
    title: bytes
    until: int
    ended: bool = False


@dataclass
class Member:
    """One member's record."""

    id: bytes
    number: int
    roles: int
    status: int = MemberStatus.ACTIVE
    counter: int = 1
    successor: bytes = NOBODY


@dataclass
class Members:
    """All members, keys, assignments and delegations, as of the founding until acts change them."""

    now: int
    members: dict[bytes, Member] = field(default_factory=dict)
    keys: dict[bytes, Key] = field(default_factory=dict)
    assignments: set[tuple[int, int, bytes]] = field(default_factory=set)
    delegations: dict[bytes, Delegation] = field(default_factory=dict)
    enforcement: int = ENFORCEMENT_SECONDS
    transfer: int = TRANSFER_SECONDS

    def __post_init__(self) -> None:
        for number, company in enumerate(COMPANIES.values(), 1):
            self.members[company.id] = Member(company.id, number, int(company.roles))
            for word, purpose in (("act", KeyPurpose.ACT), ("relay", KeyPurpose.RELAY)):
                key = key_id(key_of(company.name, word).address)
                self.keys[key] = Key(company.id, purpose, 0)
            for port, role in company.places:
                self.assignments.add((port, int(role), company.id))

    def is_active(self, member: bytes) -> bool:
        """Whether it is a member and active."""
        return member in self.members and self.members[member].status == MemberStatus.ACTIVE

    def known(self, member: bytes) -> Member:
        """Return the member's record, whatever its status."""
        require(member in self.members, "MemberUnknown", member=member)
        return self.members[member]

    def require_active(self, member: bytes) -> Member:
        """Return the active member; as Membership.activeMember refuses any other."""
        self.known(member)
        require(self.is_active(member), "MemberNotActive", member=member)
        return self.members[member]

    def actor(self, member: bytes, address: bytes) -> Member:
        """Return the member for whom the key at ``address`` acts now, as Membership.actor does."""
        self.known(member)
        self._require_act_key(member, address)
        return self.require_active(member)

    def delegated(
        self, member: bytes, address: bytes, delegation: bytes, verb: int, object_id: bytes
    ) -> Member:
        """Return the member for whom a delegate's key acts, as Membership.delegated does."""
        principal = self.require_active(member)
        given = self.delegations.get(delegation)
        known = given is not None and given.principal == member
        require(known, "DelegationUnknown", delegation=delegation)
        assert given is not None
        over = given.ended or self.now > given.until
        require(not over, "DelegationEnded", delegation=delegation)
        fits = (given.verbs >> verb) & 1 == 1 and given.title in (NOBODY, object_id)
        require(fits, "DelegationTooNarrow", delegation=delegation, verb=verb, object=object_id)
        self.actor(given.delegate, address)
        return principal

    def end_keys(self, member: bytes) -> None:
        """End the member's keys, but for numbering, and the delegations that it gave with them."""
        for key in self.keys.values():
            if key.owner == member and key.purpose != KeyPurpose.NUMBERING:
                key.recovered = True
        for delegation in self.delegations.values():
            delegation.ended |= delegation.principal == member

    def relays(self, address: bytes) -> bool:
        """Whether the account may relay."""
        key = self.keys.get(key_id(address))
        return (
            key is not None
            and key.purpose == KeyPurpose.RELAY
            and key.counts(self.now)
            and self.is_active(key.owner)
        )

    def answering(self, carrier: bytes) -> bytes:
        """Return who answers for the carrier, active or not: the successor where one is named."""
        successor = self.members[carrier].successor
        return carrier if successor == NOBODY else successor

    def assigned(self, port: int, roles: int, member: bytes) -> bool:
        """Whether the member is assigned at the port to one of ``roles`` that it still has."""
        held = self.members[member].roles if member in self.members else 0
        return any(
            (port, int(role), member) in self.assignments and role & roles & held for role in Role
        )

    def _require_act_key(self, member: bytes, address: bytes) -> None:
        key = self.keys.get(key_id(address))
        counts = (
            key is not None
            and key.owner == member
            and key.purpose == KeyPurpose.ACT
            and key.counts(self.now)
        )
        require(counts, "KeyNotValid", principal=member, key=key_id(address))
