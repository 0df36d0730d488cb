"""Who might sign, replayed act by act: council seats, members' keys, lanes.

The council is the trust file's. Everything else comes from the acts themselves, as the contract
Membership reads them (contracts/src/Membership.sol, ``actor``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from eth_hash.auto import keccak

from identity.acts.typed import Act, Value, encode_words
from identity.acts.words import KeyPurpose, Outcome
from identity.keys.secp256k1 import key_id
from node.chain.network import Network
from node.evidence.errors import (
    ActOutOfPlace,
    CouncilUnknown,
    EventNotProved,
    KeyRevoked,
    KeyUnknown,
)
from node.evidence.history import ProvedAct

_HEADER_BYTES = 6 * 32


@dataclass
class _Key:
    """A key as its member's acts made it; times as in AddKey."""

    purpose: int
    valid_from: int
    valid_until: int
    revoked_height: int | None = None


@dataclass
class Keys:
    """Who may sign for whom, as of the acts that ``follow`` has seen.

    Attributes:
        profiles: SHA-256 of each member's profile, as its acts name it.
    """

    network: Network
    profiles: dict[bytes, bytes] = field(default_factory=dict)
    _members: dict[bytes, dict[bytes, _Key]] = field(default_factory=dict)
    _lanes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    _assents: dict[bytes, set[bytes]] = field(default_factory=dict)

    def follow(self, proved: ProvedAct) -> None:
        """Check who signed ``proved``, then let it change keys.

        Raises:
            CouncilUnknown, KeyUnknown, KeyRevoked.
        """
        if proved.act.type.signer == "council":
            self._check_council(proved)
        elif proved.act.type.signer == "lane":
            self._check_lane(proved)
        else:
            self._check_member(proved)
        if proved.outcome is Outcome.DONE:
            self._apply(proved)

    @property
    def ended(self) -> dict[str, int]:
        """The height at which each revoked key (``0x`` hex of its last 20 bytes) was revoked."""
        return {
            "0x" + key_id_[-20:].hex(): key.revoked_height
            for keys in self._members.values()
            for key_id_, key in keys.items()
            if key.revoked_height is not None
        }

    def _check_council(self, proved: ProvedAct) -> None:
        seats = {seat.member: seat.key for seat in self.network.seats}
        principal = "0x" + proved.act.principal.hex()
        if seats.get(principal) != "0x" + proved.key.hex():
            raise CouncilUnknown(
                "An act of the council is signed by a key that is none of its seats'.",
                seat=principal,
            )
        assents = self._assents.setdefault(_motion(proved.act), set())
        assents.add(proved.act.principal)
        if proved.outcome is Outcome.DONE and len(assents) < self.network.threshold:
            raise CouncilUnknown(
                "An act of the council took effect with too few seats.", seats=len(assents)
            )

    def _check_lane(self, proved: ProvedAct) -> None:
        lane = self._lanes.get(cast(bytes, proved.act.fields["lane"]))
        if lane != (proved.act.principal, proved.key):
            raise KeyUnknown("A lane's act is signed by no registered lane.", **proved.place.facts)

    def _check_member(self, proved: ProvedAct) -> None:
        key = self._members.get(proved.act.principal, {}).get(key_id(proved.key))
        facts = {"member": "0x" + proved.act.principal.hex(), "key": "0x" + proved.key.hex()}
        if key is None or key.purpose != KeyPurpose.ACT:
            raise KeyUnknown("An act's key is not one that its member has registered.", **facts)
        in_time = key.valid_from <= proved.time and (
            key.valid_until == 0 or proved.time < key.valid_until
        )
        if key.revoked_height is not None or not in_time:
            raise KeyRevoked("An act is signed by a key that did not count then.", **facts)

    def _apply(self, proved: ProvedAct) -> None:
        act, fields = proved.act, proved.act.fields
        if act.name == "AdmitMember":
            self._admit(proved)
        elif act.name == "RegisterLane":
            self._lanes[act.object] = (act.principal, cast(bytes, fields["key"]))
        elif act.type.contract == "Membership" and act.type.signer == "member":
            if act.object != act.principal:
                raise ActOutOfPlace("A member's act changes another member.", **proved.place.facts)
            self._change_self(proved)

    def _admit(self, proved: ProvedAct) -> None:
        fields = proved.act.fields
        keys, purposes = cast(list[bytes], fields["keys"]), cast(list[int], fields["purposes"])
        if len(keys) != len(purposes):
            raise EventNotProved("An admission no contract executes.", **proved.place.facts)
        pairs = zip(keys, purposes, strict=True)
        self._members[proved.act.object] = {key: _Key(p, proved.time, 0) for key, p in pairs}
        self.profiles[proved.act.object] = cast(bytes, fields["profile"])

    def _change_self(self, proved: ProvedAct) -> None:
        """What ``_check_member`` let through: the member is known and has the key that signed."""
        member, fields = proved.act.object, proved.act.fields
        keys = self._members[member]
        if proved.act.name == "AddKey":
            limits = (cast(int, fields[name]) for name in ("purpose", "validFrom", "validUntil"))
            keys[cast(bytes, fields["key"])] = _Key(*limits)
        elif proved.act.name == "RevokeKey":
            revoked = keys.get(cast(bytes, fields["key"]))
            if revoked is None:
                raise KeyUnknown("A key is revoked that its member never had.", key=_hex(fields))
            revoked.revoked_height = proved.place.height
        elif proved.act.name == "UpdateProfile":
            self.profiles[member] = cast(bytes, fields["profile"])


def _hex(fields: Mapping[str, Value]) -> str:
    return "0x" + cast(bytes, fields["key"]).hex()


def _motion(act: Act) -> bytes:
    """A motion is one content: verb, object, counter and own fields, whoever signs it."""
    counter = act.counter.to_bytes(32, "big")
    return keccak(bytes([act.type.code]) + act.object + counter + encode_words(act)[_HEADER_BYTES:])
