"""Acts as an evidence file tells them, read back from proved receipts, and what they add up to.

Nothing here asks a node or a ledger. Who was a member, which keys it had and which lane stood
where is replayed from the acts themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from identity.acts.typed import Act, digest, encode_words
from identity.acts.typed import decode as decode_wire
from identity.acts.words import KeyPurpose, Outcome
from identity.errors import IdentityError
from identity.keys import secp256k1
from node.chain.network import Network
from node.evidence.errors import (
    ActNotSigned,
    CouncilUnknown,
    EventNotProved,
    HistoryGap,
    KeyRevoked,
    KeyUnknown,
)
from node.evidence.receipts import Log

ACTED = keccak(b"Acted(bytes32,bytes32,bytes32,uint256,uint256,uint256,address,bytes)")
FOLLOWED = keccak(b"Followed(bytes32,bytes32,uint256,uint256)")


@dataclass(frozen=True, order=True)
class Place:
    """Where an event stands: block height, transaction's index, log's index in the receipt."""

    height: int
    index: int
    log: int


@dataclass(frozen=True)
class ProvedAct:
    """An act whose event stands in a proved receipt and whose signature was checked."""

    place: Place
    time: int
    act: Act
    digest: bytes
    key: bytes
    counter: int
    outcome: Outcome
    contract: str


@dataclass(frozen=True)
class ProvedFollow:
    """A change of another object that an act brought with it."""

    place: Place
    object: bytes
    cause: bytes
    counter: int
    state: int


def read_act(place: Place, time: int, log: Log, wire: bytes, network: Network) -> ProvedAct:
    """Return the act of ``log`` if ``wire`` is that act with its signature.

    Steps: (1) the event is Acted, of the contract that executes the verb; (2) the event's words,
    digest, object and principal are those of the act; (3) the signature recovers the event's key.

    Raises:
        EventNotProved: step 1 or 2 fails.
        ActNotSigned: step 3 fails, or the digest is not that of the act in this network.
    """
    try:
        act, signature = decode_wire(wire)
        verb, counter, outcome, key, words = decode(
            ["uint256", "uint256", "uint256", "address", "bytes"], log.data
        )
        told = Outcome(outcome)
    except (IdentityError, DecodingError, ValueError, OverflowError) as error:
        raise EventNotProved("An act or its event cannot be read.", height=place.height) from error
    expected = network.domain(act.type.contract)
    said = digest(expected, act)
    if len(log.topics) != 4 or log.topics[0] != ACTED or log.address != expected.verifying_contract:
        raise EventNotProved("An act's event is not of this network's contract.", **_at(place))
    if (verb, words) != (act.type.code, encode_words(act)) or log.topics[1:3] != (
        act.object,
        act.principal,
    ):
        raise EventNotProved("An act is not the one its event tells.", **_at(place))
    if log.topics[3] != said:
        raise ActNotSigned("An act's digest is not that of its content.", **_at(place))
    try:
        recovered = secp256k1.recover(said, signature)
    except IdentityError as error:
        raise ActNotSigned("An act carries no valid signature.", **_at(place)) from error
    if recovered != bytes.fromhex(key[2:]):
        raise ActNotSigned("An act is signed by another key than its event tells.", **_at(place))
    return ProvedAct(place, time, act, said, recovered, counter, told, act.type.contract)


def read_follow(place: Place, log: Log, network: Network) -> ProvedFollow:
    """Return the follow-up that ``log`` tells; raises EventNotProved when it is none."""
    ours = {network.address(name) for name in network.contracts}
    if len(log.topics) != 3 or log.topics[0] != FOLLOWED or log.address not in ours:
        raise EventNotProved("An event is no follow-up of this network.", **_at(place))
    try:
        counter, state = decode(["uint256", "uint256"], log.data)
    except (DecodingError, OverflowError) as error:
        raise EventNotProved("A follow-up cannot be read.", **_at(place)) from error
    return ProvedFollow(place, log.topics[1], log.topics[2], counter, state)


def last_counters(acts: Iterable[ProvedAct], follows: Iterable[ProvedFollow]) -> dict[bytes, int]:
    """Return each object's last counter; raises HistoryGap when one is missing or comes twice.

    An assent changes nothing: it carries the counter as it was.
    """
    last: dict[bytes, int] = {}
    told = [(a.place, a.act.object, a.counter, a.outcome is Outcome.ASSENTED) for a in acts]
    told += [(f.place, f.object, f.counter, False) for f in follows]
    for place, object_, counter, assent in sorted(told):
        before = last.setdefault(object_, 0)
        if counter != before + (0 if assent else 1):
            raise HistoryGap(
                "An act is missing: the object's counter jumps.",
                object="0x" + object_.hex(),
                expected=before + 1,
                given=counter,
                height=place.height,
            )
        last[object_] = counter
    return last


@dataclass
class _Key:
    """A key as its member's acts made it."""

    purpose: int
    valid_from: int
    valid_until: int
    revoked: bool = False


@dataclass
class Keys:
    """Who may sign for whom, replayed act by act in the ledger's order."""

    network: Network
    members: dict[bytes, dict[bytes, _Key]] = field(default_factory=dict)
    lanes: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    assents: dict[bytes, set[bytes]] = field(default_factory=dict)

    def follow(self, proved: ProvedAct) -> None:
        """Check who signed ``proved``, then let it change keys.

        Raises:
            CouncilUnknown, KeyUnknown, KeyRevoked.
        """
        checks = {"council": self._check_council, "lane": self._check_lane}
        checks.get(proved.act.type.signer, self._check_member)(proved)
        if proved.outcome is Outcome.DONE:
            self._apply(proved)

    def _check_council(self, proved: ProvedAct) -> None:
        seats = {s.member: s.key for s in self.network.seats}
        principal = "0x" + proved.act.principal.hex()
        if seats.get(principal) != "0x" + proved.key.hex():
            raise CouncilUnknown(
                "An act of the council is signed by a key that is none of its seats'.",
                seat=principal,
            )
        assents = self.assents.setdefault(_motion(proved.act), set())
        assents.add(proved.act.principal)
        if proved.outcome is Outcome.DONE and len(assents) < self.network.threshold:
            raise CouncilUnknown(
                "An act of the council took effect with too few seats.", seats=len(assents)
            )

    def _check_lane(self, proved: ProvedAct) -> None:
        lane = proved.act.fields["lane"]
        if self.lanes.get(_id(lane)) != (proved.act.principal, proved.key):
            raise KeyUnknown("A lane's act is signed by no registered lane.", **_at(proved.place))

    def _check_member(self, proved: ProvedAct) -> None:
        held = self.members.get(proved.act.principal, {})
        key = held.get(bytes(12) + proved.key)
        facts = {"member": "0x" + proved.act.principal.hex(), "key": "0x" + proved.key.hex()}
        if key is None or key.purpose != KeyPurpose.ACT:
            raise KeyUnknown("An act's key is not one its member has shown.", **facts)
        in_time = key.valid_from <= proved.time and (
            key.valid_until == 0 or proved.time <= key.valid_until
        )
        if key.revoked or not in_time:
            raise KeyRevoked("An act is signed by a key that did not count then.", **facts)

    def _apply(self, proved: ProvedAct) -> None:
        act = proved.act
        if act.name == "AdmitMember":
            keys, purposes = act.fields["keys"], act.fields["purposes"]
            if isinstance(keys, list | tuple) and isinstance(purposes, list | tuple):
                pairs = zip(keys, purposes, strict=True)
                self.members[act.object] = {_id(k): _Key(_integer(p), 0, 0) for k, p in pairs}
        elif act.name == "AddKey":
            purpose, start, end = (
                _integer(act.fields[name]) for name in ("purpose", "validFrom", "validUntil")
            )
            added = _Key(purpose, start, end)
            self.members.setdefault(act.principal, {})[_id(act.fields["key"])] = added
        elif act.name == "RevokeKey":
            key = self.members.get(act.principal, {}).get(_id(act.fields["key"]))
            if key is not None:
                key.revoked = True
        elif act.name == "RegisterLane":
            self.lanes[act.object] = (act.principal, _id(act.fields["key"]))


def _motion(act: Act) -> bytes:
    """A motion is one content: verb, object, counter and own fields, whoever signs it."""
    own = encode_words(act)[6 * 32 :]
    return keccak(bytes([act.type.code]) + act.object + act.counter.to_bytes(32, "big") + own)


def _id(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"a field of bytes holds {type(value)}")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a field of integers holds {type(value)}")
    return value


def _at(place: Place) -> Mapping[str, int]:
    return {"height": place.height, "index": place.index, "log": place.log}
