"""Who might sign, replayed act by act: council seats, members' keys, delegations, lanes.

The founding council is the trust file's. Everything else comes from the acts themselves, as the
contracts Membership and Devices read them (contracts/src/Members.sol, Delegations.sol,
Council.sol, DevicesStore.sol).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from eth_hash.auto import keccak

from identity.acts.typed import Act, Value, own_words
from identity.acts.words import DeviceState, KeyPurpose, MemberStatus, Outcome
from identity.keys.secp256k1 import key_id
from node.chain.network import Network
from node.evidence.errors import (
    ActOutOfPlace,
    CouncilUnknown,
    DelegationNotProved,
    EventNotProved,
    KeyRevoked,
    KeyUnknown,
    LaneNotInService,
    MemberNotActing,
)
from node.evidence.history import ProvedAct

_NONE = bytes(32)


@dataclass
class _Key:
    """A key as its member's acts made it; times as in AddKey."""

    purpose: int
    valid_from: int
    valid_until: int
    revoked_height: int | None = None


@dataclass
class _Member:
    """A member's keys by id, and whether it may act."""

    keys: dict[bytes, _Key]
    status: MemberStatus = MemberStatus.ACTIVE


@dataclass
class _Delegation:
    """What one member lets another act for it; as in Delegate."""

    principal: bytes
    delegate: bytes
    verbs: int
    title: bytes
    until: int
    ended: bool = False


@dataclass
class _Lane:
    """A registered lane; ``calibrated_until`` is its last second in UTC."""

    owner: bytes
    key: bytes
    calibrated_until: int
    state: DeviceState = DeviceState.IN_SERVICE


_STATUS_AFTER = {
    "SuspendMember": MemberStatus.SUSPENDED,
    "ReinstateMember": MemberStatus.ACTIVE,
    "ExitMember": MemberStatus.LEFT,
}


@dataclass
class Keys:
    """Who may sign for whom, as of the acts that ``follow`` has seen.

    Attributes:
        profiles: SHA-256 of each member's profile, as its acts name it.
    """

    network: Network
    profiles: dict[bytes, bytes] = field(default_factory=dict)
    _threshold: int = field(init=False)
    _seats: dict[bytes, bytes] = field(init=False)  # council key → member
    _members: dict[bytes, _Member] = field(default_factory=dict)
    _delegations: dict[bytes, _Delegation] = field(default_factory=dict)
    _lanes: dict[bytes, _Lane] = field(default_factory=dict)
    _assents: dict[bytes, set[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._threshold = self.network.threshold
        self._seats = {
            bytes.fromhex(seat.key[2:]): bytes.fromhex(seat.member[2:])
            for seat in self.network.seats
        }

    def follow(self, proved: ProvedAct) -> None:
        """Check who signed ``proved``, then let it change keys.

        Raises:
            CouncilUnknown, KeyUnknown, KeyRevoked, MemberNotActing, DelegationNotProved,
            LaneNotInService: it might not sign.
        """
        act = proved.act
        if act.type.signer == "council":
            self._check_council(proved)
        elif act.type.signer == "lane":
            self._check_lane(proved)
        elif act.delegation != _NONE:
            self._check_delegate(proved)
        else:
            self._check_member(proved, act.principal)
        if proved.outcome is Outcome.DONE:
            self._apply(proved)

    @property
    def ended(self) -> dict[str, int]:
        """The height at which each revoked key (``0x`` hex of its last 20 bytes) was revoked."""
        return {
            "0x" + key_id_[-20:].hex(): key.revoked_height
            for member in self._members.values()
            for key_id_, key in member.keys.items()
            if key.revoked_height is not None
        }

    def _check_council(self, proved: ProvedAct) -> None:
        if self._seats.get(proved.key) != proved.act.principal:
            raise CouncilUnknown(
                "An act of the council is signed by a key that is none of its seats'.",
                seat="0x" + proved.act.principal.hex(),
            )
        assents = self._assents.setdefault(_motion(proved.act), set())
        assents.add(proved.key)
        if proved.outcome is Outcome.DONE and len(assents) < self._threshold:
            raise CouncilUnknown(
                "An act of the council took effect with too few seats.", seats=len(assents)
            )

    def _check_lane(self, proved: ProvedAct) -> None:
        lane = self._lanes.get(cast(bytes, proved.act.fields["lane"]))
        if lane is None or (lane.owner, lane.key) != (proved.act.principal, proved.key):
            raise KeyUnknown("A lane's act is signed by no registered lane.", **proved.place.facts)
        if lane.state is not DeviceState.IN_SERVICE or proved.time > lane.calibrated_until:
            raise LaneNotInService(
                "A lane acted while it was suspended or not calibrated.", **proved.place.facts
            )
        self._require_active(proved.act.principal)

    def _check_delegate(self, proved: ProvedAct) -> None:
        """The delegation stands in the file, reaches this act, and its delegate's key signed."""
        act = proved.act
        given = self._delegations.get(act.delegation)
        if given is None or given.principal != act.principal or not act.type.delegable:
            raise DelegationNotProved(
                "An act is made under a delegation that its member is not proved to have given.",
                **proved.place.facts,
            )
        reaches = given.verbs >> act.type.code & 1 and given.title in {_NONE, act.object}
        if given.ended or proved.time > given.until or not reaches:
            raise DelegationNotProved(
                "An act is made under a delegation that had ended or does not reach it.",
                **proved.place.facts,
            )
        self._require_active(act.principal)
        self._check_member(proved, given.delegate)

    def _check_member(self, proved: ProvedAct, member: bytes) -> None:
        known = self._members.get(member)
        key = known.keys.get(key_id(proved.key)) if known is not None else None
        facts = {"member": "0x" + member.hex(), "key": "0x" + proved.key.hex()}
        if key is None or key.purpose != KeyPurpose.ACT:
            raise KeyUnknown("An act's key is not one that its member has registered.", **facts)
        in_time = key.valid_from <= proved.time and (
            key.valid_until == 0 or proved.time < key.valid_until
        )
        if key.revoked_height is not None or not in_time:
            raise KeyRevoked("An act is signed by a key that did not count then.", **facts)
        self._require_active(member)

    def _require_active(self, member: bytes) -> None:
        known = self._members.get(member)
        if known is None or known.status is not MemberStatus.ACTIVE:
            raise MemberNotActing(
                "A member acted while it was not one, or suspended.", member="0x" + member.hex()
            )

    def _apply(self, proved: ProvedAct) -> None:
        contract = proved.act.type.contract
        if contract == "Devices":
            self._change_lane(proved)
        elif contract == "Membership" and proved.act.type.signer == "council":
            self._carry(proved)
        elif contract == "Membership":
            if proved.act.object != proved.act.principal:
                raise ActOutOfPlace("A member's act changes another member.", **proved.place.facts)
            self._change_self(proved)

    def _change_lane(self, proved: ProvedAct) -> None:
        act, fields = proved.act, proved.act.fields
        if act.name == "RegisterLane":
            until = cast(int, fields["calibratedUntil"])
            self._lanes[act.object] = _Lane(act.principal, cast(bytes, fields["key"]), until)
            return
        lane = self._lanes.get(act.object)
        if lane is None:
            raise ActOutOfPlace("An act is of a lane never registered.", **proved.place.facts)
        if act.name == "Calibrate":
            lane.calibrated_until = cast(int, fields["calibratedUntil"])
        else:
            lane.state = state_after(act, lane.owner, lane.state)

    def _carry(self, proved: ProvedAct) -> None:
        """What a motion of the council does to members, and to the council itself."""
        act, fields = proved.act, proved.act.fields
        if act.name == "AdmitMember":
            self._members[act.object] = _Member({})
            self._put_keys(proved)
            self.profiles[act.object] = cast(bytes, fields["profile"])
        elif act.name == "RotateCouncil":
            seats, keys = cast(list[bytes], fields["seats"]), cast(list[bytes], fields["keys"])
            if len(seats) != len(keys):
                raise EventNotProved("A rotation no contract executes.", **proved.place.facts)
            self._seats = {key[-20:]: seat for seat, key in zip(seats, keys, strict=True)}
            self._threshold = cast(int, fields["threshold"])
            self._assents.clear()  # what the council before had not carried counts no more
        elif act.object in self._members:
            member = self._members[act.object]
            member.status = _STATUS_AFTER.get(act.name, member.status)
            if act.name == "RecoverKeys":
                self._recover(proved, member)

    def _recover(self, proved: ProvedAct, member: _Member) -> None:
        """Every earlier key ends but numbering keys, and what was delegated under them."""
        for key in member.keys.values():
            if key.purpose != KeyPurpose.NUMBERING and key.revoked_height is None:
                key.revoked_height = proved.place.height
        for given in self._delegations.values():
            given.ended = given.ended or given.principal == proved.act.object
        self._put_keys(proved)

    def _put_keys(self, proved: ProvedAct) -> None:
        fields = proved.act.fields
        keys, purposes = cast(list[bytes], fields["keys"]), cast(list[int], fields["purposes"])
        if len(keys) != len(purposes):
            raise EventNotProved("An act about keys no contract executes.", **proved.place.facts)
        pairs = zip(keys, purposes, strict=True)
        self._members[proved.act.object].keys |= {key: _Key(p, proved.time, 0) for key, p in pairs}

    def _change_self(self, proved: ProvedAct) -> None:
        """What ``_check_member`` let through: the member is known and has the key that signed."""
        act, fields = proved.act, proved.act.fields
        keys = self._members[act.object].keys
        if act.name == "AddKey":
            limits = (cast(int, fields[name]) for name in ("purpose", "validFrom", "validUntil"))
            keys[cast(bytes, fields["key"])] = _Key(*limits)
        elif act.name == "RevokeKey":
            revoked = keys.get(cast(bytes, fields["key"]))
            if revoked is None:
                raise KeyUnknown("A key is revoked that its member never had.", key=_hex(fields))
            revoked.revoked_height = proved.place.height
        elif act.name == "UpdateProfile":
            self.profiles[act.object] = cast(bytes, fields["profile"])
        elif act.name == "Delegate":
            self._delegations[proved.digest] = _Delegation(
                act.object,
                cast(bytes, fields["delegate"]),
                cast(int, fields["verbs"]),
                cast(bytes, fields["title"]),
                cast(int, fields["until"]),
            )
        elif act.name == "EndDelegation":
            ended = self._delegations.get(cast(bytes, fields["given"]))
            if ended is not None:
                ended.ended = True


def state_after(act: Act, owner: bytes, state: DeviceState) -> DeviceState:
    """Return a lane's state after an act on it, as Devices sets it."""
    if act.name == "SuspendDevice":
        by_owner = act.principal == owner
        return DeviceState.SUSPENDED_BY_OWNER if by_owner else DeviceState.SUSPENDED_BY_AUTHORITY
    after = {"ResumeDevice": DeviceState.IN_SERVICE, "ProveEquivocation": DeviceState.EQUIVOCATED}
    return after.get(act.name, state)


def _hex(fields: Mapping[str, Value]) -> str:
    return "0x" + cast(bytes, fields["key"]).hex()


def _motion(act: Act) -> bytes:
    """A motion is one content: verb, object, counter and own fields, whoever signs it."""
    counter = act.counter.to_bytes(32, "big")
    return keccak(bytes([act.type.code]) + act.object + counter + own_words(act))
