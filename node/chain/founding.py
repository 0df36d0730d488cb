"""Founds a network: contracts, then the council's motions, then network.json.

Each council seat signs for itself, so the steps are apart: ``deploy_network``, ``outstanding``
motions, ``Motion.act`` for each seat to sign, ``relay_motions``, ``with_witnesses``, and
``Network.signed_by``. ``found`` does all of it where the seats' keys are at hand. Every step reads
what is there first: run again after a kill, it goes on. It admits what it is given; whether these
are the right members and keys the council has decided before it signs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from identity.acts.objects import assignment_id
from identity.acts.typed import Act, Value, digest, encode
from identity.acts.words import KeyPurpose, MemberStatus, Outcome
from identity.keys.secp256k1 import SigningKey
from node.chain.deploy import deploy, predicted_addresses, send, wait_final
from node.chain.errors import FoundingRefused
from node.chain.events import ACTED_TOPIC, read_event
from node.chain.logs import logs_between
from node.chain.network import (
    DeployedContract,
    Network,
    Seat,
    WaitingTimes,
    Witness,
    code_hash,
    network_id,
)
from node.chain.profile import profile
from node.chain.reasons import read_reason
from node.chain.relaying import first_that_fit, gas_for, submit_calldata
from node.chain.rpc import Ledger, data, quantity, read_bytes
from node.chain.views import view
from node.store.projections import REFUSED


@dataclass(frozen=True)
class Admission:
    """A founding member: ``keys`` are pairs of the ledger's key id and its KeyPurpose."""

    member: str
    roles: int
    profile: str
    keys: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Assignment:
    """A founding authority: a member assigned to one role at one port."""

    port: int
    role: int
    member: str


@dataclass(frozen=True)
class Founding:
    """A founding's inputs, all public. Ids, hashes and addresses are ``0x`` and lower-case hex.

    Attributes:
        nonce: 32 random bytes, chosen once: two networks of the same council differ in it.
        founder: address of the founding account, which deploys, relays and then is not needed.
        rulebook: SHA-256 of the rulebook that every member accepts by its admission.
        waiting: its waiting times.
        engine_bundle: as in network.json.
    """

    nonce: str
    founder: str
    seats: tuple[Seat, ...]
    threshold: int
    rulebook: str
    waiting: WaitingTimes
    admissions: tuple[Admission, ...]
    assignments: tuple[Assignment, ...]
    engine: str
    operator: str | None = None
    engine_bundle: str | None = None


@dataclass(frozen=True)
class Motion:
    """What the council is asked: one act, still without the seat that assents."""

    name: str
    object: bytes
    counter: int
    fields: Mapping[str, Value]

    def act(self, seat: str, expires: int) -> Act:
        """Return the act that the seat of member ``seat`` signs; ``expires`` in UTC seconds."""
        header: dict[str, Value] = {
            "principal": read_bytes(seat),
            "delegation": bytes(32),
            "object": self.object,
            "counter": self.counter,
            "expires": expires,
            "companion": bytes(32),
        }
        return Act(self.name, header | dict(self.fields))


def found(
    ledger: Ledger,
    founding: Founding,
    founder: SigningKey,
    seat_keys: Mapping[str, SigningKey],
    expires: int,
) -> Network:
    """Do every step and return network.json, signed by the seats whose keys are given.

    Args:
        seat_keys: council key by seat member; at least the threshold.
        expires: UTC seconds until which the council's acts can be relayed.

    Raises:
        FoundingRefused, RpcRefused: correct the inputs. LedgerUnavailable: run it again.
    """
    network = deploy_network(ledger, founding, founder)
    domain = network.domain("Membership")
    wires = []
    for motion in outstanding(ledger, founding, network):
        for seat, key in list(seat_keys.items())[: founding.threshold]:
            act = motion.act(seat, expires)
            wires.append(encode(act, key.sign(digest(domain, act))))
    relay_motions(ledger, founding, network, founder, wires)
    network = with_witnesses(ledger, founding, network)
    for seat, key in seat_keys.items():
        network = network.signed_by(seat, key)
    return network


def deploy_network(ledger: Ledger, founding: Founding, founder: SigningKey) -> Network:
    """Deploy what is missing and describe it: network.json without witnesses and signatures.

    Raises:
        EngineUnknown: the founding's engine is none that this release knows.
        FoundingRefused: ``founder`` is not the founding account, or as in ``deploy``.
    """
    if data(founder.address) != founding.founder:
        raise FoundingRefused("This key is not the founding account's.", founder=founding.founder)
    engine = profile(founding.engine)
    chain_id = int(ledger.call("eth_chainId"), 16)
    genesis = str(ledger.call("eth_getBlockByNumber", quantity(0), False)["hash"])
    identity = network_id(founding.seats, founding.threshold, genesis, chain_id, founding.nonce)
    height = deploy(
        ledger,
        founder,
        chain_id,
        identity,
        founding.seats,
        founding.threshold,
        founding.rulebook,
        founding.waiting,
        engine,
    )
    addresses = predicted_addresses(founder.address)
    contracts = {
        name: DeployedContract(
            data(address),
            code_hash(read_bytes(ledger.call("eth_getCode", data(address), "latest"))),
        )
        for name, address in addresses.items()
    }
    return Network(
        chain_id=chain_id,
        network_id=identity,
        nonce=founding.nonce,
        genesis=genesis,
        engine=founding.engine,
        operator=founding.operator,
        engine_bundle=founding.engine_bundle,
        deployed_height=height,
        contracts=contracts,
        threshold=founding.threshold,
        seats=founding.seats,
        rulebook=founding.rulebook,
        waiting=founding.waiting,
        witnesses=(),
    )


def outstanding(ledger: Ledger, founding: Founding, network: Network) -> list[Motion]:
    """Return the motions that have not taken effect, in the order to relay them."""
    block = _head(ledger, network)
    motions = []
    for admission in founding.admissions:
        member = read_bytes(admission.member)
        known = view(ledger, network, "Membership", "memberOf", member, block=block)
        if known["status"] == MemberStatus.NONE:
            motions.append(_admission(founding, admission))
    counters: dict[bytes, int] = {}
    for given in founding.assignments:
        where = (given.port, given.role)
        asked = (*where, read_bytes(given.member))
        if view(ledger, network, "Membership", "assigned", *asked, block=block)["whether"]:
            continue
        place = assignment_id(*where)
        if place not in counters:
            answer = view(ledger, network, "Membership", "assignmentCounter", *where, block=block)
            counters[place] = answer["counter"]
        motions.append(_assignment(given, place, counters[place]))
        counters[place] += 1
    return motions


def relay_motions(
    ledger: Ledger,
    founding: Founding,
    network: Network,
    founder: SigningKey,
    wires: Sequence[bytes],
) -> None:
    """Relay the seats' signed acts, in order, and see that nothing of the founding is left.

    Raises:
        FoundingRefused: a motion did not take effect; facts give the contract's last reason.
    """
    block = _head(ledger, network)
    cap, engine = view(ledger, network, "Membership", "gasCap", block=block)["gas"], network.profile
    nonce = int(ledger.call("eth_getTransactionCount", data(founder.address), "pending"), 16)
    left, waiting = list(wires), []
    while left:
        count = first_that_fit(left, cap)
        part, left = left[:count], left[count:]
        membership, gas = network.address("Membership"), gas_for(part, cap)
        calldata = submit_calldata(part)
        unsent = (founder, network.chain_id, nonce, membership, calldata, gas)
        waiting.append(send(ledger, *unsent, engine))
        nonce += 1
    receipts = [wait_final(ledger, transaction, engine) for transaction in waiting]
    undone = outstanding(ledger, founding, network)
    if undone:
        raise FoundingRefused(
            f"{len(undone)} motions of the council did not take effect.",
            motions=[motion.name for motion in undone],
            **_last_refusal(receipts),
        )


def with_witnesses(ledger: Ledger, founding: Founding, network: Network) -> Network:
    """Return ``network`` with the members' witness keys, each from its admission's block on."""
    witnesses = []
    for admission in founding.admissions:
        keys = [key for key, purpose in admission.keys if purpose == KeyPurpose.WITNESS]
        if keys:
            height = _admitted_height(ledger, network, admission.member)
            witnesses += [Witness(admission.member, "0x" + key[-40:], height) for key in keys]
    return replace(network, witnesses=tuple(witnesses), signatures=())


def _admission(founding: Founding, admission: Admission) -> Motion:
    return Motion(
        "AdmitMember",
        read_bytes(admission.member),
        0,
        {
            "roles": admission.roles,
            "profile": read_bytes(admission.profile),
            "rulebook": read_bytes(founding.rulebook),
            "keys": [read_bytes(key) for key, _ in admission.keys],
            "purposes": [int(purpose) for _, purpose in admission.keys],
        },
    )


def _assignment(given: Assignment, place: bytes, counter: int) -> Motion:
    return Motion(
        "AssignAuthority",
        place,
        counter,
        {
            "port": given.port,
            "role": int(given.role),
            "member": read_bytes(given.member),
            "assigned": 1,
        },
    )


def _head(ledger: Ledger, network: Network) -> int:
    block = ledger.call("eth_getBlockByNumber", network.profile.final, False)
    return int(block["number"], 16)


def _admitted_height(ledger: Ledger, network: Network, member: str) -> int:
    query = {
        "address": network.contracts["Membership"].address,
        "topics": [ACTED_TOPIC, member],
    }
    first, last = network.deployed_height, _head(ledger, network)
    logs = logs_between(ledger, network.profile, query, first, last)
    events = [read_event(log, "Membership", 0) for log in logs]
    return next(
        event.block
        for event in events
        if event.verb == "AdmitMember" and event.outcome == Outcome.DONE
    )


def _last_refusal(receipts: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    events = [read_event(log, "Membership", 0) for receipt in receipts for log in receipt["logs"]]
    refused = [event for event in events if event.kind == REFUSED]
    if not refused:
        return {}
    reason = read_reason(read_bytes(refused[-1].reason))
    return {"error": reason.error, "reason": dict(reason.facts)}
