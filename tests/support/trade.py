"""A small consortium on a real ledger, without nodes: its acts signed and relayed one by one.

Keys are derived from names, so that a test can speak of "the bank's witness key". Each member has
a database of its own, filled by the follower; a forger can build a second consortium of the same
names on a ledger of its own.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from support.ledgers import permit
from support.people import (
    BILL,
    CONTAINER,
    DISCHARGE,
    LOADING,
    OTHER_CONTAINER,
    ROLES,
    SEATS,
    founding_of,
    hexed,
    key_of,
    member_id,
    profile_of,
)

from identity.acts.objects import condition_id, right_id
from identity.acts.typed import Act, Value, decode, digest, encode
from identity.acts.types import ActType
from identity.acts.words import ConditionKind, Direction, KeyPurpose
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.deploy import deploy, send, wait_final
from node.chain.follower import Follower
from node.chain.founding import (
    found,
    outstanding,
    relay_motions,
    with_witnesses,
)
from node.chain.network import Network, Witness
from node.chain.relaying import gas_for, submit_calldata
from node.chain.rpc import Rpc
from node.documents.registry import TRANSPORT_DOCUMENT, schema_ref
from node.evidence.export import Exporter, Subject
from node.evidence.file import EvidenceFile
from node.evidence.statements import Body
from node.evidence.witness import witness
from node.store.database import Database
from node.store.schema import upgrade
from privacy.commitments import FieldTree, commit, paths_below
from privacy.containers import container_tag

GAS_CAP = 1_500_000
YEAR = 365 * 24 * 3600


@dataclass
class Trade:
    """One consortium on one ledger."""

    folder: Path
    rpc: Rpc
    network: Network
    realm: str = ""
    databases: dict[str, Database] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    counters: dict[bytes, int] = field(default_factory=dict)
    witness_keys: dict[str, SigningKey] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)  # guards databases
    title: bytes = b""
    order: bytes = b""
    tree: FieldTree | None = None
    salts: dict[str, bytes] = field(default_factory=dict)

    def key(self, name: str, purpose: str) -> SigningKey:
        """Return a member's key in this consortium."""
        return key_of(name, purpose, self.realm)

    def act(self, verb: str, by: str, object_: bytes, signer: str = "act", **own: Value) -> bytes:
        """Return a signed act in wire form, at the object's next counter."""
        return self.sign(verb, by, object_, self.key(by, signer), **own)

    def sign(self, verb: str, by: str, object_: bytes, signer: SigningKey, **own: Value) -> bytes:
        """As ``act``, with any key."""
        header: dict[str, Value] = {
            "principal": member_id(by),
            "delegation": bytes(32),
            "object": object_,
            "counter": self.counters.get(object_, 0),
            "expires": int(time.time()) + 250,
            "companion": bytes(32),
        }
        self.counters[object_] = self.counters.get(object_, 0) + 1
        act = Act(verb, header | own)
        domain = self.network.domain(ActType.by_name(verb).contract)
        return encode(act, signer.sign(digest(domain, act)))

    def digest(self, wire: bytes) -> bytes:
        """Return an act's digest from its wire form."""
        act, _, _ = decode(wire)
        return digest(self.network.domain(act.type.contract), act)

    def relay(self, *wires: bytes, by: str = "carrier") -> int:
        """Relay acts of one contract in one transaction; return the block's height."""
        contract = ActType.by_code(wires[0][0]).contract
        nonce = self.nonces.get(by, 0)
        self.nonces[by] = nonce + 1
        transaction = send(
            self.rpc,
            self.key(by, "relay"),
            self.network.chain_id,
            nonce,
            self.network.address(contract),
            submit_calldata(wires),
            gas_for(wires, GAS_CAP),
            self.network.profile,
        )
        return int(wait_final(self.rpc, transaction, self.network.profile)["blockNumber"], 16)

    def database(self, name: str) -> Database:
        """Return a member's database, filled up to the ledger's last final block."""
        with self.lock:
            if name not in self.databases:
                path = self.folder / f"{name}.sqlite"
                self.databases[name] = Database(f"sqlite:///{path}")
                upgrade(self.databases[name])
            follower = Follower(self.rpc, self.databases[name], self.network)
            while follower.step():
                pass
        return self.databases[name]

    def ask(self, member: str, request: Body) -> Body:
        """Ask a member's node, without the way there, for its witness signatures."""
        (name,) = [name for name in ROLES if hexed(member_id(name)) == member]
        with self.database(name).read() as session:
            return witness(session, self.rpc, self.network, self.witness_key(name), request)

    def witness_key(self, name: str) -> SigningKey:
        """Return a member's present witness key."""
        return self.witness_keys.get(name) or self.key(name, "witness")

    def exporter(self, name: str) -> Exporter:
        """Return a member's exporter."""
        profiles = {hexed(member_id(each)): profile_of(each) for each in ROLES}
        return Exporter(
            hexed(member_id(name)),
            self.network,
            self.rpc,
            self.database(name),
            self.witness_key(name),
            self.ask,
            lambda members: [profiles[member] for member in members],
        )

    def subject(self, container: str | None = CONTAINER) -> Subject:
        """Return what customs can show of the container: the bill's fields and the order's salt."""
        assert self.tree is not None
        paths = paths_below(
            self.tree.paths, {"transportDocumentReference", "utilizedTransportEquipments.0"}
        )
        return Subject(
            hexed(self.title),
            hexed(self.order) if self.order else None,
            container,
            (self.tree.disclose(paths),),
            ((container, self.salts[container]),) if container and self.salts else (),
        )

    def issue(self) -> None:
        """Issue the bill's title to the shipper, who accepts: in one block."""
        bill = json.loads(BILL.read_bytes())
        first = bill["utilizedTransportEquipments"][0]
        second = {
            **first,
            "equipment": {**first["equipment"], "equipmentReference": OTHER_CONTAINER},
        }
        bill["utilizedTransportEquipments"].append(second)
        seed = sha256(b"seed of the bill").digest()
        self.tree = commit(bill, schema_ref(TRANSPORT_DOCUMENT), seed)
        self.title = sha256(b"tag of the bill").digest()
        issue = self.act(
            "Issue", "carrier", self.title,
            kind=2, party=bytes(32), holder=member_id("shipper"), deadline=_soon(),
            loading=LOADING, discharge=DISCHARGE, root=self.tree.root,
        )  # fmt: skip
        self.relay(issue, self.accept("shipper", issue))

    def offer(self, by: str, to: str, capacity: int = 1) -> bytes:
        """Return a hand-over or pledge of the title."""
        assert self.tree is not None
        return self.act(
            "Offer", by, self.title,
            to=member_id(to), capacity=capacity, endorsement=0, deadline=_soon(),
            root=self.tree.root,
        )  # fmt: skip

    def accept(self, by: str, offer: bytes) -> bytes:
        """Return the acceptance of an offer."""
        assert self.tree is not None
        return self.act("Accept", by, self.title, offer=self.digest(offer), root=self.tree.root)

    def finance(self) -> None:
        """Offer and withdraw; pledge to the bank; release; hand over to the consignee."""
        assert self.tree is not None
        first = self.offer("shipper", "consignee")
        self.relay(first, self.act("Withdraw", "shipper", self.title, offer=self.digest(first)))
        pledge = self.offer("shipper", "bank", capacity=2)
        self.relay(pledge, by="shipper")
        self.relay(self.accept("bank", pledge), by="bank")
        release = self.act("ReleasePledge", "bank", self.title, root=self.tree.root)
        offer = self.offer("shipper", "consignee")
        self.relay(release, offer, self.accept("consignee", offer))

    def surrender(self) -> None:
        """Surrender the title for delivery; the carrier accepts."""
        assert self.tree is not None
        surrender = self.act(
            "Surrender", "consignee", self.title,
            purpose=1, root=self.tree.root, amended=bytes(32), deadline=_soon(),
        )  # fmt: skip
        self.relay(surrender, self.accept("carrier", surrender))

    def open_order(self, containers: Sequence[str] = (CONTAINER, OTHER_CONTAINER)) -> None:
        """Open the delivery order and register the terminal's lane."""
        self.order = sha256(b"order of the bill").digest()
        self.salts = {number: sha256(b"salt " + number.encode()).digest() for number in containers}
        tags = [container_tag(number, salt) for number, salt in self.salts.items()]
        self.relay(
            self.act(
                "OpenOrder", "carrier", self.order,
                title=self.title, root=sha256(b"order document").digest(),
                terminal=member_id("terminal"),
                kinds=[1, 2, 3],
                members=[member_id(name) for name in ("carrier", "customs", "terminal")],
                containers=tags,
            )
        )  # fmt: skip
        self.relay(
            self.act(
                "RegisterLane", "terminal", self.lane,
                key=self.key("terminal", "lane").address, kind=1, port=DISCHARGE,
                calibratedUntil=int(time.time()) + YEAR,
            )
        )  # fmt: skip

    @property
    def lane(self) -> bytes:
        """The lane's id."""
        return sha256(b"lane 1").digest()

    def condition(self, kind: ConditionKind) -> bytes:
        """Return the id of one of the order's conditions."""
        return condition_id(self.order, kind)

    def right(self, container: str = CONTAINER) -> bytes:
        """Return the id of a container's pickup right."""
        return right_id(self.order, container_tag(container, self.salts[container]))

    def set_condition(self, by: str, kind: ConditionKind) -> bytes:
        """Return the act that says a condition is met."""
        reference = sha256(f"record of {by}".encode()).digest()
        return self.act(
            "SetCondition", by, self.condition(kind), order=self.order, met=1, reference=reference
        )

    def pass_lane(self, verb: str, device_counter: int, container: str = CONTAINER) -> bytes:
        """Return a gate-out or an empty return."""
        return self.act(
            verb, "terminal", self.right(container), signer="lane",
            order=self.order, container=container_tag(container, self.salts[container]),
            lane=self.lane, deviceCounter=device_counter, time=int(time.time()),
            reports=sha256(b"reports").digest(),
        )  # fmt: skip

    def interchange(
        self, direction: Direction, device_counter: int, container: str = CONTAINER
    ) -> bytes:
        """Return the record of an equipment interchange."""
        return self.act(
            "RecordInterchange", "terminal", self.right(container), signer="lane",
            order=self.order, container=container_tag(container, self.salts[container]),
            lane=self.lane, deviceCounter=device_counter, time=int(time.time()),
            direction=int(direction), damage=sha256(b"damage record").digest(),
        )  # fmt: skip

    def release(self) -> None:
        """An early gate-out, the conditions; gate-outs and empty returns with interchanges."""
        self.relay(self.pass_lane("GateOut", 1))
        self.relay(
            self.set_condition("carrier", ConditionKind.FREIGHT),
            self.set_condition("customs", ConditionKind.CUSTOMS),
            self.set_condition("terminal", ConditionKind.TERMINAL),
            by="terminal",
        )
        self.relay(self.pass_lane("GateOut", 2))
        self.relay(
            self.pass_lane("GateOut", 3, OTHER_CONTAINER),
            self.interchange(Direction.OUT, 4),
            self.interchange(Direction.OUT, 5, OTHER_CONTAINER),
            self.pass_lane("ReturnEmpty", 6),
            self.pass_lane("ReturnEmpty", 7, OTHER_CONTAINER),
            self.interchange(Direction.IN, 8),
            self.interchange(Direction.IN, 9, OTHER_CONTAINER),
            by="terminal",
        )

    def rotate_keys(self) -> None:
        """The shipper ends its act key and the bank its witness key; the council says so."""
        acting, witnessing = self.key("shipper", "second act"), self.key("bank", "second witness")
        self.add_key("shipper", acting, KeyPurpose.ACT)
        self.revoke_key("shipper", self.key("shipper", "act"))
        self.add_key("bank", witnessing, KeyPurpose.WITNESS)
        height = self.revoke_key("bank", self.key("bank", "witness"))
        bank = hexed(member_id("bank"))
        ended = [
            replace(given, until_height=height - 1) if given.member == bank else given
            for given in self.network.witnesses
        ]
        added = Witness(bank, hexed(witnessing.address), height)
        network = replace(self.network, witnesses=(*ended, added), signatures=())
        for seat in SEATS:
            network = network.signed_by(hexed(member_id(seat)), self.key(seat, "council"))
        self.network = network
        self.witness_keys["bank"] = witnessing

    def add_key(self, by: str, key: SigningKey, purpose: KeyPurpose) -> int:
        """Add a key that counts from now on; return the block's height."""
        return self.relay(
            self.act(
                "AddKey", by, member_id(by),
                key=key_id(key.address), purpose=int(purpose), validFrom=0, validUntil=0,
            )
        )  # fmt: skip

    def revoke_key(self, by: str, key: SigningKey) -> int:
        """Revoke a key, with the first act key; return the block's height."""
        return self.relay(self.act("RevokeKey", by, member_id(by), key=key_id(key.address)))

    def close(self) -> None:
        """Close connections."""
        for database in self.databases.values():
            database.close()
        self.rpc.close()


@dataclass(frozen=True)
class Told:
    """The consortium after the story, and what customs exported then and half way.

    ``half_way`` is the title's file from before its surrender.
    """

    trade: Trade
    evidence: EvidenceFile
    half_way: EvidenceFile

    @property
    def file(self) -> bytes:
        """The container's file."""
        return self.evidence.to_bytes()


def found_trade(folder: Path, url: str, realm: str = "", pretended: Network | None = None) -> Trade:
    """Found the consortium on the ledger at ``url``.

    Args:
        realm: whose keys; a forger has none of the real ones.
        pretended: a network whose id and contract addresses the forger's ledger takes.
            The founding account alone is the real one: it stands for a ledger whose account
            nonces and addresses the forger makes up.
    """
    rpc, founder = Rpc(url), key_of("founder", "relay")
    seat_keys = {hexed(member_id(seat)): key_of(seat, "council", realm) for seat in SEATS}
    founding = founding_of(founder, seat_keys, realm)
    permit(url, founding)
    expires = int(time.time()) + 600
    folder.mkdir(parents=True, exist_ok=True)
    if pretended is None:
        network = found(rpc, founding, founder, seat_keys, expires)
    else:
        seats, chain = founding.seats, pretended.chain_id
        rules = founding.rulebook, founding.waiting
        deploy(rpc, founder, chain, pretended.network_id, seats, 2, *rules, pretended.profile)
        genesis = rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
        network = replace(pretended, genesis=genesis, seats=seats, witnesses=(), signatures=())
        wires = []
        for motion in outstanding(rpc, founding, network):
            for seat, key in list(seat_keys.items())[:2]:
                act = motion.act(seat, expires)
                wires.append(encode(act, key.sign(digest(network.domain("Membership"), act))))
        relay_motions(rpc, founding, network, founder, wires)
        network = with_witnesses(rpc, founding, network)
    trade = Trade(folder, rpc, network, realm)
    trade.counters |= {member_id(name): 1 for name in ROLES}
    return trade


def _soon() -> int:
    return int(time.time()) + 7 * 24 * 3600
