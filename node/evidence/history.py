"""Acts as an evidence file tells them, read back from proved receipts, without a gap.

Nothing here asks a node or a ledger. Who might sign is node/evidence/keys.py, what the acts add
up to is node/evidence/standing.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from identity.acts.effects import effect_of
from identity.acts.objects import VERSIONS
from identity.acts.typed import Act, Domain, digest, encode_unsigned
from identity.acts.typed import decode as decode_wire
from identity.acts.types import UNCOUNTED
from identity.acts.words import Outcome
from identity.errors import IdentityError
from identity.keys import secp256k1
from node.chain.network import SUCCEEDED_NAMES, Network
from node.chain.rpc import read_bytes
from node.evidence.errors import ActNotSigned, EventNotProved, HistoryGap
from node.evidence.receipts import Log

ACTED = keccak(b"Acted(bytes32,bytes32,bytes32,uint256,bytes)")
FOLLOWED = keccak(b"Followed(bytes32,bytes32,uint256,uint256)")
CONTRACT_OF: Mapping[str, str] = {
    "title": "Titles",
    "order": "Releases",
    "condition": "Releases",
    "right": "Releases",
    "lane": "Devices",
    "member": "Membership",
    "council": "Membership",
    "versions": "Network",
}
"""The contract that knows each kind of object."""
_FIRST = {VERSIONS: 1}
"""Counters at the founding that are not zero."""


@dataclass(frozen=True, order=True)
class Place:
    """Where an event stands: block height, transaction's index, log's index in the receipt."""

    height: int
    index: int
    log: int

    @property
    def facts(self) -> Mapping[str, int]:
        """The place as an error tells it."""
        return {"height": self.height, "index": self.index, "log": self.log}


@dataclass(frozen=True)
class ProvedAct:
    """An act whose event stands in a proved receipt and whose signature was checked.

    Attributes:
        time: of its block, UTC seconds.
        key: the address that signed, 20 bytes.
        counter: the object's, after the act.
        domain: of the contract that executed it.
    """

    place: Place
    time: int
    act: Act
    digest: bytes
    key: bytes
    counter: int
    outcome: Outcome
    domain: Domain


@dataclass(frozen=True)
class ProvedFollow:
    """A change of another object, of ``contract``, that the act with digest ``cause`` brought."""

    place: Place
    contract: str
    object: bytes
    cause: bytes
    counter: int
    state: int


class Contracts:
    """Where the network's contracts stand: those that network.json names, and their successors.

    A contract that was succeeded counts on: what it executed after it was closed is nothing.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._names = {read_bytes(each.address): name for name, each in network.contracts.items()}

    def domain_at(self, address: bytes, contract: str) -> Domain | None:
        """Return the domain of acts that ``contract`` executes at ``address``; None elsewhere."""
        if self._names.get(address) != contract:
            return None
        return replace(self.network.domain(contract), verifying_contract=address)

    def name_of(self, address: bytes) -> str | None:
        """Return which contract stands, or stood, at ``address``."""
        return self._names.get(address)

    def follow(self, proved: ProvedAct) -> None:
        """Learn the contracts that an act of the council put in force."""
        if proved.act.name == "ActivateVersion" and proved.outcome is Outcome.DONE:
            given = cast(list[bytes], proved.act.fields["contracts"])
            self._names |= dict(zip(given, SUCCEEDED_NAMES, strict=False))


def read_act(place: Place, time: int, log: Log, wire: bytes, contracts: Contracts) -> ProvedAct:
    """Return the act of ``log`` if ``wire`` is that act with its signature.

    Steps: (1) the event is Acted, of the contract that executes the verb; (2) the event's words,
    object, principal and counter are those of the act; (3) the digest is the act's in this
    network, and the signature recovers the event's key.

    Raises:
        EventNotProved: step 1 or 2 fails.
        ActNotSigned: step 3 fails.
    """
    try:
        act, signature, attached = decode_wire(wire)
        packed, unsigned = decode(["uint256", "bytes"], log.data)
        effect = effect_of(packed)
        told = Outcome(effect.outcome)
    except (IdentityError, DecodingError, ValueError, OverflowError) as error:
        raise EventNotProved("An act or its event cannot be read.", **place.facts) from error
    if attached:
        raise EventNotProved("An act carries what is not signed.", **place.facts)
    domain = contracts.domain_at(log.address, act.type.contract)
    if len(log.topics) != 4 or log.topics[0] != ACTED or domain is None:
        raise EventNotProved("An act's event is not of this network's contract.", **place.facts)
    after = (
        effect.counter if act.name in UNCOUNTED else act.counter + (told is not Outcome.ASSENTED)
    )
    said = (encode_unsigned(act), after, act.object, act.principal)
    if said != (unsigned, effect.counter, *log.topics[1:3]):
        raise EventNotProved("An act is not the one its event tells.", **place.facts)
    signed = digest(domain, act)
    if log.topics[3] != signed:
        raise ActNotSigned("An act's digest is not that of its content.", **place.facts)
    try:
        recovered = secp256k1.recover(signed, signature)
    except IdentityError as error:
        raise ActNotSigned("An act carries no valid signature.", **place.facts) from error
    if recovered != effect.key:
        raise ActNotSigned("An act is signed by another key than its event tells.", **place.facts)
    return ProvedAct(place, time, act, signed, recovered, effect.counter, told, domain)


def read_follow(place: Place, log: Log, contracts: Contracts) -> ProvedFollow:
    """Return the follow-up that ``log`` tells; raises EventNotProved when it is none."""
    contract = contracts.name_of(log.address)
    if len(log.topics) != 3 or log.topics[0] != FOLLOWED or contract is None:
        raise EventNotProved("An event is no follow-up of this network.", **place.facts)
    try:
        counter, state = decode(["uint256", "uint256"], log.data)
    except (DecodingError, OverflowError) as error:
        raise EventNotProved("A follow-up cannot be read.", **place.facts) from error
    return ProvedFollow(place, contract, log.topics[1], log.topics[2], counter, state)


def last_counters(
    acts: Iterable[ProvedAct], follows: Iterable[ProvedFollow]
) -> dict[tuple[str, bytes], int]:
    """Return the last counter of each (contract, object).

    An assent changes nothing: it carries the counter as it was.

    Raises:
        HistoryGap: a counter is missing or comes twice.
    """
    last: dict[tuple[str, bytes], int] = {}
    told = [
        (a.place, (a.act.type.contract, a.act.object), a.counter, a.outcome is Outcome.ASSENTED)
        for a in acts
    ]
    told += [(f.place, (f.contract, f.object), f.counter, False) for f in follows]
    for place, (contract, object_), counter, assent in sorted(told):
        before = last.setdefault((contract, object_), _FIRST.get(object_, 0))
        expected = before + (not assent)
        if counter != expected:
            raise HistoryGap(
                "An act is missing: the object's counter jumps.",
                object="0x" + object_.hex(),
                expected=expected,
                given=counter,
                height=place.height,
            )
        last[contract, object_] = counter
    return last
