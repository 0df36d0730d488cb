"""Acts as an evidence file tells them, read back from proved receipts, without a gap.

Nothing here asks a node or a ledger. Who might sign is node/evidence/keys.py, what the acts add
up to is node/evidence/standing.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from identity.acts.typed import Act, digest, encode_words
from identity.acts.typed import decode as decode_wire
from identity.acts.words import Outcome
from identity.errors import IdentityError
from identity.keys import secp256k1
from node.chain.network import Network
from node.evidence.errors import ActNotSigned, EventNotProved, HistoryGap
from node.evidence.receipts import Log

ACTED = keccak(b"Acted(bytes32,bytes32,bytes32,uint256,uint256,uint256,address,bytes)")
FOLLOWED = keccak(b"Followed(bytes32,bytes32,uint256,uint256)")


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
    """

    place: Place
    time: int
    act: Act
    digest: bytes
    key: bytes
    counter: int
    outcome: Outcome


@dataclass(frozen=True)
class ProvedFollow:
    """A change of another object that the act with digest ``cause`` brought with it."""

    place: Place
    object: bytes
    cause: bytes
    counter: int
    state: int


def read_act(place: Place, time: int, log: Log, wire: bytes, network: Network) -> ProvedAct:
    """Return the act of ``log`` if ``wire`` is that act with its signature.

    Steps: (1) the event is Acted, of the contract that executes the verb; (2) the event's words,
    object, principal and counter are those of the act; (3) the digest is the act's in this
    network, and the signature recovers the event's key.

    Raises:
        EventNotProved: step 1 or 2 fails.
        ActNotSigned: step 3 fails.
    """
    try:
        act, signature = decode_wire(wire)
        verb, counter, outcome, key, words = decode(
            ["uint256", "uint256", "uint256", "address", "bytes"], log.data
        )
        told = Outcome(outcome)
    except (IdentityError, DecodingError, ValueError, OverflowError) as error:
        raise EventNotProved("An act or its event cannot be read.", **place.facts) from error
    domain = network.domain(act.type.contract)
    if len(log.topics) != 4 or log.topics[0] != ACTED or log.address != domain.verifying_contract:
        raise EventNotProved("An act's event is not of this network's contract.", **place.facts)
    after = act.counter + (told is not Outcome.ASSENTED)
    said = (act.type.code, encode_words(act), after, act.object, act.principal)
    if said != (verb, words, counter, *log.topics[1:3]):
        raise EventNotProved("An act is not the one its event tells.", **place.facts)
    signed = digest(domain, act)
    if log.topics[3] != signed:
        raise ActNotSigned("An act's digest is not that of its content.", **place.facts)
    try:
        recovered = secp256k1.recover(signed, signature)
    except IdentityError as error:
        raise ActNotSigned("An act carries no valid signature.", **place.facts) from error
    if recovered != bytes.fromhex(key[2:]):
        raise ActNotSigned("An act is signed by another key than its event tells.", **place.facts)
    return ProvedAct(place, time, act, signed, recovered, counter, told)


def read_follow(place: Place, log: Log, network: Network) -> ProvedFollow:
    """Return the follow-up that ``log`` tells; raises EventNotProved when it is none."""
    releases = network.address("Releases")  # the one contract that emits follow-ups
    if len(log.topics) != 3 or log.topics[0] != FOLLOWED or log.address != releases:
        raise EventNotProved("An event is no follow-up of this network.", **place.facts)
    try:
        counter, state = decode(["uint256", "uint256"], log.data)
    except (DecodingError, OverflowError) as error:
        raise EventNotProved("A follow-up cannot be read.", **place.facts) from error
    return ProvedFollow(place, log.topics[1], log.topics[2], counter, state)


def last_counters(acts: Iterable[ProvedAct], follows: Iterable[ProvedFollow]) -> dict[bytes, int]:
    """Return each object's last counter; raises HistoryGap when one is missing or comes twice.

    An assent changes nothing: it carries the counter as it was.
    """
    last: dict[bytes, int] = {}
    told = [(a.place, a.act.object, a.counter, a.outcome is Outcome.ASSENTED) for a in acts]
    told += [(f.place, f.object, f.counter, False) for f in follows]
    for place, object_, counter, assent in sorted(told):
        expected = last.setdefault(object_, 0) + (not assent)
        if counter != expected:
            raise HistoryGap(
                "An act is missing: the object's counter jumps.",
                object="0x" + object_.hex(),
                expected=expected,
                given=counter,
                height=place.height,
            )
        last[object_] = counter
    return last
