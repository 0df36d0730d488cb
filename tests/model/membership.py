"""What the acts of Membership do: motions of the council, and what a member changes of itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from model.companies import COMPANIES, SEATS, THRESHOLD, hash_of, key_of
from model.members import NOBODY, Delegation, Key, Member, Members
from model.refusals import require

from identity.acts.objects import RULEBOOK, assignment_id
from identity.acts.typed import Act, own_words
from identity.acts.types import ACT_TYPES
from identity.acts.words import KeyPurpose, MemberStatus, Outcome, Role

DAY = 86_400
LONGEST_DELEGATION = 366 * DAY
LONGEST_WAIT = 366 * DAY
ALL_ROLES = sum(Role)
DELEGABLE = sum(1 << act_type.code for act_type in ACT_TYPES.values() if act_type.delegable)
SEAT_KEYS = {key_of(name, "council").address: COMPANIES[name].id for name in SEATS}

Fields = Mapping[str, Any]


@dataclass
class Motion:
    """The seats that assented to a content, and whether it took effect."""

    seats: set[bytes] = field(default_factory=set)
    carried: bool = False


@dataclass
class Membership:
    """Performs the acts of Membership; ``ties`` counts what keeps a member from leaving."""

    members: Members
    ties: Callable[[bytes], tuple[int, int]]
    motions: dict[bytes, Motion] = field(default_factory=dict)
    assignment_counters: dict[bytes, int] = field(default_factory=dict)
    rulebook: bytes = hash_of("the first rulebook")
    rulebook_version: int = 1

    def __post_init__(self) -> None:
        for port, role, _ in self.members.assignments:
            place = assignment_id(port, role)
            self.assignment_counters[place] = self.assignment_counters.get(place, 0) + 1

    def perform(self, act: Act, digest: bytes, key: bytes) -> tuple[int, int]:
        """Let the act take effect; return the object's counter after it and the outcome."""
        if act.type.signer == "member":
            return self._change_self(act, digest, key), Outcome.DONE
        seated = SEAT_KEYS.get(key) == act.principal
        require(seated, "NotACouncilSeat", principal=act.principal, key=key)
        return {
            "AssignAuthority": self._assign,
            "ChangeRulebook": self._change_rulebook,
        }.get(act.name, self._change_member)(act, key)

    # -- motions ------------------------------------------------------------------------------

    def _assent(self, act: Act, key: bytes) -> bool:
        """Count the seat; True when the motion takes effect now."""
        content = bytes([act.type.code]) + act.object + act.counter.to_bytes(32, "big")
        content += own_words(act)
        motion = self.motions.setdefault(content, Motion())
        require(not motion.carried, "MotionCarried")
        require(key not in motion.seats, "SeatAssented", seat=act.principal)
        motion.seats.add(key)
        motion.carried = len(motion.seats) >= THRESHOLD
        return motion.carried

    def _assign(self, act: Act, key: bytes) -> tuple[int, int]:
        given: Fields = act.fields
        port, role, member = given["port"], given["role"], given["member"]
        counter = self.assignment_counters.get(act.object, 0)
        require(act.object == assignment_id(port, role), "ObjectUnknown", object=act.object)
        _require_counter(act, counter)
        require(0 < port <= 0xFFFF, "PortUnknown", port=port)
        one = role != 0 and role & (role - 1) == 0 and role & ALL_ROLES == role
        require(one, "RoleUnknown", role=role)
        require(given["assigned"] <= 1, "ActMalformed")
        place = (port, role, member)
        if given["assigned"]:
            has = self.members.require_active(member).roles & role
            require(bool(has), "RoleMissing", member=member, role=role)
        else:
            assigned = place in self.members.assignments
            require(assigned, "NotAssigned", port=port, role=role, member=member)
        if not self._assent(act, key):
            return counter, Outcome.ASSENTED
        (self.members.assignments.add if given["assigned"] else self.members.assignments.discard)(
            place
        )
        self.assignment_counters[act.object] = counter + 1
        return counter + 1, Outcome.DONE

    def _change_rulebook(self, act: Act, key: bytes) -> tuple[int, int]:
        given: Fields = act.fields
        require(act.object == RULEBOOK, "ObjectUnknown", object=act.object)
        _require_counter(act, self.rulebook_version)
        for wait in (given["enforcementSeconds"], given["transferSeconds"]):
            require(0 < wait <= LONGEST_WAIT, "WaitOutOfRange", wait=wait)
        if not self._assent(act, key):
            return self.rulebook_version, Outcome.ASSENTED
        self.rulebook_version += 1
        self.rulebook = given["rulebook"]
        self.members.enforcement = given["enforcementSeconds"]
        self.members.transfer = given["transferSeconds"]
        return self.rulebook_version, Outcome.DONE

    def _change_member(self, act: Act, key: bytes) -> tuple[int, int]:
        member = self.members.known(act.object)
        _require_counter(act, 0)
        statuses = {"SuspendMember": (MemberStatus.ACTIVE,)}
        statuses["ReinstateMember"] = (MemberStatus.SUSPENDED,)
        fitting = statuses.get(act.name, (MemberStatus.ACTIVE, MemberStatus.SUSPENDED))
        require(member.status in fitting, "WrongState", object=act.object, state=member.status)
        self._check_change(act)
        if not self._assent(act, key):
            return member.counter, Outcome.ASSENTED
        self._carry_change(act, member)
        member.counter += 1
        return member.counter, Outcome.DONE

    def _check_change(self, act: Act) -> None:
        given: Fields = act.fields
        if act.name == "ChangeRoles":
            known = given["roles"] != 0 and given["roles"] & ~ALL_ROLES == 0
            require(known, "RoleUnknown", role=given["roles"])
        elif act.name == "ExitMember":
            titles, orders = self.ties(act.object)
            free = titles == orders == 0
            require(free, "MemberHasTies", member=act.object, titles=titles, orders=orders)
        elif act.name == "NameSuccessor" and given["successor"] != NOBODY:
            successor = given["successor"]
            require(successor != act.object, "SuccessorIsMember", member=act.object)
            roles = self.members.require_active(successor).roles
            carrier = bool(roles & Role.CARRIER)
            require(carrier, "RoleMissing", member=successor, role=int(Role.CARRIER))
        elif act.name == "RecoverKeys":
            self._check_recovery(act)

    def _check_recovery(self, act: Act) -> None:
        given: Fields = act.fields
        keys, purposes = given["keys"], given["purposes"]
        require(len(keys) == len(purposes) != 0, "ActMalformed")
        for index, key in enumerate(keys):
            self._check_key(key, purposes[index])
            require(key not in keys[:index], "KeyInUse", key=key)
        numbered = KeyPurpose.NUMBERING in purposes
        series = given["series"]
        require(numbered == (series != NOBODY), "SeriesMismatch", series=series)

    def _carry_change(self, act: Act, member: Member) -> None:
        given: Fields = act.fields
        if act.name == "ChangeRoles":
            member.roles = given["roles"]
        elif act.name == "SuspendMember":
            member.status = MemberStatus.SUSPENDED
        elif act.name == "ReinstateMember":
            member.status = MemberStatus.ACTIVE
        elif act.name == "ExitMember":
            member.status, member.roles = MemberStatus.LEFT, 0
        elif act.name == "NameSuccessor":
            member.successor = given["successor"]
        else:
            self.members.end_keys(member.id)
            for key, purpose in zip(given["keys"], given["purposes"], strict=True):
                self.members.keys[key] = Key(member.id, purpose, self.members.now)

    # -- a member's own record ----------------------------------------------------------------

    def _change_self(self, act: Act, digest: bytes, key: bytes) -> int:
        member = self.members.actor(act.principal, key)
        mine = act.object == act.principal
        require(mine, "NotTheMember", member=act.object, principal=act.principal)
        _require_counter(act, member.counter)
        {
            "AddKey": self._add_key,
            "RevokeKey": self._revoke_key,
            "Delegate": lambda act: self._delegate(act, digest),
            "EndDelegation": self._end_delegation,
        }[act.name](act)
        member.counter += 1
        return member.counter

    def _add_key(self, act: Act) -> None:
        given: Fields = act.fields
        key, since, until = given["key"], given["validFrom"], given["validUntil"]
        purpose = given["purpose"]
        numbers = purpose == KeyPurpose.NUMBERING
        require(not numbers, "NumberingKeyFixed", member=act.principal)
        self._check_key(key, purpose)
        sound = since < 2**48 and until < 2**48
        sound = sound and (until == 0 or (since < until and self.members.now < until))
        require(sound, "KeyPeriodMalformed", validFrom=since, validUntil=until)
        self.members.keys[key] = Key(act.principal, purpose, since, until)

    def _check_key(self, key: bytes, purpose: int) -> None:
        require(0 < purpose <= max(KeyPurpose), "PurposeUnknown", purpose=purpose)
        is_address = not any(key[:12])
        sound = key != NOBODY and (is_address or purpose == KeyPurpose.NUMBERING)
        require(sound, "KeyMalformed", key=key)
        taken = key in self.members.keys or (is_address and key[12:] in SEAT_KEYS)
        require(not taken, "KeyInUse", key=key)

    def _revoke_key(self, act: Act) -> None:
        id_: bytes = act.fields["key"]  # type: ignore[assignment]
        key = self.members.keys.get(id_)
        own = key is not None and key.owner == act.principal and not key.revoked
        require(own, "KeyNotValid", principal=act.principal, key=id_)
        assert key is not None
        key.revoked = True

    def _delegate(self, act: Act, digest: bytes) -> None:
        given: Fields = act.fields
        delegate, verbs, until = given["delegate"], given["verbs"], given["until"]
        require(delegate != act.principal, "DelegateIsPrincipal")
        self.members.require_active(delegate)
        known = verbs != 0 and verbs & ~DELEGABLE == 0
        require(known, "VerbsNotDelegable")
        now = self.members.now
        ahead = now < until <= now + LONGEST_DELEGATION
        require(ahead, "DelegationPeriodMalformed", until=until)
        self.members.delegations[digest] = Delegation(
            act.principal, delegate, verbs, given["title"], until
        )

    def _end_delegation(self, act: Act) -> None:
        id_: bytes = act.fields["given"]  # type: ignore[assignment]
        given = self.members.delegations.get(id_)
        own = given is not None and given.principal == act.principal
        require(own, "DelegationUnknown", delegation=id_)
        assert given is not None
        require(not given.ended, "DelegationEnded", delegation=id_)
        given.ended = True


def _require_counter(act: Act, counter: int) -> None:
    fits = act.counter == counter
    require(fits, "StaleCounter", object=act.object, expected=counter, given=act.counter)
