"""Make an evidence file: gather what this member's node knows, prove it, have it witnessed.

The exporter discloses only what it holds: fields that were disclosed to it, and containers of
orders whose document it was given. Everything else in the file stands on the ledger.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, or_, select

from identity.acts.objects import assignment_id
from identity.acts.typed import decode, unbatch
from identity.acts.words import ConditionKind, Role
from identity.errors import IdentityError
from identity.keys.secp256k1 import SigningKey
from identity.signatures.statements import recover_statement
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.relaying import batch_of
from node.chain.rpc import Ledger, quantity, read_bytes
from node.errors import LedgerUnavailable, NodeError
from node.evidence.errors import NothingToProve, WitnessesMissing
from node.evidence.file import EvidenceFile
from node.evidence.history import Place
from node.evidence.receipts import ReceiptTree
from node.evidence.statements import (
    ANCHOR,
    DEFAULT_WITNESSES,
    EXPORT,
    STATUS,
    Body,
    Signed,
    sign,
)
from node.evidence.witness import anchor_bodies, status_bodies
from node.store.projections import (
    ACTED,
    FOLLOWED,
    ChainCursor,
    DeliveryOrder,
    LedgerEvent,
    OrderCondition,
    PickupRight,
)
from privacy.disclosures import Disclosure

AskWitness = Callable[[str, Body], Body]
"""Asks the member's node for its witness signatures; raises NodeError when it does not answer."""


@dataclass(frozen=True)
class Subject:
    """What a file is about; ``disclosures`` and ``containers`` are what the exporter shows."""

    title: str
    order: str | None = None
    container: str | None = None
    disclosures: tuple[Disclosure, ...] = ()
    containers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Exporter:
    """A member's node as it makes evidence."""

    member: str
    network: Network
    ledger: Ledger
    key: SigningKey
    ask: AskWitness

    def export(self, session: Session, subject: Subject) -> EvidenceFile:
        """Return the evidence of ``subject`` as of the last block this node has seen final.

        Raises:
            NothingToProve: this node knows no act of the title.
            WitnessesMissing: too few other members' nodes answered.
            LedgerUnavailable: the ledger does not answer.
        """
        cursor = session.get(ChainCursor, 1)
        objects = dict(_objects(session, subject))
        events = _events(session, objects)
        if cursor is None or not any(event.object == subject.title for event in events):
            raise NothingToProve("This node knows no act of that title.", title=subject.title)
        heights = sorted({event.block for event in events} | {cursor.block})
        blocks = anchor_bodies(session, self.ledger, self.network, heights)
        pairs = [(kind, object_) for object_, kind in objects.items()]
        statuses = status_bodies(session, self.ledger, self.network, pairs, blocks[-1])
        places, receipts = self._prove(events)
        wires = self._wires(events)
        signed_blocks, signed_statuses = self._witnessed(blocks, statuses, pairs)
        return EvidenceFile(
            network=self.network,
            export=self._signed_export(subject, blocks[-1]),
            blocks=signed_blocks,
            receipts=receipts,
            acts=tuple(
                (places[e.block, e.log_index], wires[e.digest]) for e in events if e.kind == ACTED
            ),
            follows=tuple(places[e.block, e.log_index] for e in events if e.kind == FOLLOWED),
            statuses=signed_statuses,
            disclosures=subject.disclosures,
            containers=subject.containers,
        )

    def _signed_export(self, subject: Subject, last: Body) -> Signed:
        body: Body = {
            "exporter": self.member,
            "title": subject.title,
            "order": subject.order,
            "container": subject.container,
            "height": last["height"],
            "block_hash": last["block_hash"],
            "at": int(time.time()),
        }
        return Signed(body, {self.member: sign(EXPORT, body, self.key)})

    def _prove(
        self, events: list[LedgerEvent]
    ) -> tuple[dict[tuple[int, int], Place], dict[tuple[int, int], tuple[bytes, ...]]]:
        """Return each event's place by (block, log index), and the receipts' proofs."""
        heights = sorted({event.block for event in events})
        found = self.ledger.batch([("eth_getBlockReceipts", [quantity(h)]) for h in heights])
        wanted = {(event.block, event.log_index) for event in events}
        places: dict[tuple[int, int], Place] = {}
        proofs: dict[tuple[int, int], tuple[bytes, ...]] = {}
        for height, receipts in zip(heights, found, strict=True):
            if isinstance(receipts, RpcRefused) or receipts is None:
                raise LedgerUnavailable(f"The ledger does not give the receipts of {height}.")
            tree = ReceiptTree(receipts)
            for receipt in receipts:
                index = int(receipt["transactionIndex"], 16)
                for position, log in enumerate(receipt["logs"]):
                    at = (height, int(log["logIndex"], 16))
                    if at in wanted:
                        places[at] = Place(height, index, position)
                        proofs[height, index] = tuple(tree.prove(index))
        return places, proofs

    def _wires(self, events: list[LedgerEvent]) -> dict[str, bytes]:
        """Return each act's wire bytes, signature included, by digest, from its transaction."""
        acted = [event for event in events if event.kind == ACTED]
        hashes = sorted({event.tx_hash for event in acted})
        found = self.ledger.batch([("eth_getTransactionByHash", [h]) for h in hashes])
        by_words: dict[str, list[bytes]] = {}
        for answer in found:
            if isinstance(answer, RpcRefused) or answer is None:
                raise LedgerUnavailable("The ledger does not give a transaction.")
            for wire in unbatch(batch_of(read_bytes(answer["input"]))):
                by_words.setdefault("0x" + wire[1:-65].hex(), []).append(wire)
        return {event.digest: self._signed_by(event, by_words[event.words]) for event in acted}

    def _signed_by(self, event: LedgerEvent, wires: list[bytes]) -> bytes:
        """Two signers of one content (or a signature gone wrong) differ only in the signature."""
        for wire in wires:
            if _signer(wire, event.digest) == event.key:
                return wire
        raise LedgerUnavailable("A transaction does not hold the act that its event tells.")

    def _witnessed(
        self, blocks: list[Body], statuses: list[Body], pairs: list[tuple[str, str]]
    ) -> tuple[tuple[Signed, ...], tuple[Signed, ...]]:
        last = blocks[-1]["height"]
        request: Body = {
            "heights": [block["height"] for block in blocks],
            "objects": [{"kind": kind, "object": object_} for kind, object_ in pairs],
            "height": last,
        }
        keys = {m: k for k, m in self.network.witnesses_at(last).items() if m != self.member}
        answered: dict[str, Body] = {}
        silent: list[str] = []
        with ThreadPoolExecutor(8) as peers:
            asked = {member: peers.submit(self.ask, member, request) for member in keys}
            for member, answer in asked.items():
                try:
                    answered[member] = _checked(answer.result(), blocks, statuses, keys[member])
                except NodeError:
                    silent.append(member)
        if len(answered) < DEFAULT_WITNESSES:
            raise WitnessesMissing(
                f"{len(answered)} other members have witnessed; {DEFAULT_WITNESSES} are needed.",
                silent=silent,
            )
        return (
            _sign_all(ANCHOR, blocks, "anchors", answered, self.member, self.key),
            _sign_all(STATUS, statuses, "statuses", answered, self.member, self.key),
        )


def _sign_all(
    kind: str,
    bodies: list[Body],
    name: str,
    answered: dict[str, Body],
    member: str,
    key: SigningKey,
) -> tuple[Signed, ...]:
    return tuple(
        Signed(
            body,
            {member: sign(kind, body, key)}
            | {witness: answer[name][i] for witness, answer in answered.items()},
        )
        for i, body in enumerate(bodies)
    )


def _checked(answer: Body, blocks: list[Body], statuses: list[Body], key: str) -> Body:
    """Return a witness's answer if every signature is its own over what we say."""
    for kind, name, bodies in ((ANCHOR, "anchors", blocks), (STATUS, "statuses", statuses)):
        given = answer.get(name)
        if not isinstance(given, list) or len(given) != len(bodies):
            raise WitnessesMissing("A witness answered in another form.")
        for body, signature in zip(bodies, given, strict=True):
            try:
                address = recover_statement(kind, body, signature)
            except IdentityError as error:
                raise WitnessesMissing("A witness gave no signature.") from error
            if "0x" + address.hex() != key:
                raise WitnessesMissing("A witness saw something else than this node.", kind=kind)
    return answer


def _objects(session: Session, subject: Subject) -> Iterable[tuple[str, str]]:
    """Yield (object, kind) for all that the subject's acts rest on, members last."""
    yield subject.title, "title"
    own = {subject.title}
    if subject.order is not None:
        order = session.get(DeliveryOrder, subject.order)
        if order is None:
            raise NothingToProve("This node knows no such order.", order=subject.order)
        yield order.id, "order"
        own.add(order.id)
        for condition in session.exec(
            select(OrderCondition).where(OrderCondition.order == order.id)
        ):
            yield condition.id, "condition"
            own.add(condition.id)
        lanes = set[str]()
        for right in session.exec(select(PickupRight).where(PickupRight.order == order.id)):
            yield right.id, "right"
            own.add(right.id)
            lanes |= _lanes_of(session, right.id)
        for lane in sorted(lanes):
            yield lane, "lane"
        for role in (Role.TERMINAL, *_roles(session, order.id)):
            yield "0x" + assignment_id(order.port, role).hex(), "assignment"
    principals = select(LedgerEvent.principal).where(
        col(LedgerEvent.object).in_(sorted(own)), LedgerEvent.kind == ACTED
    )
    for member in sorted(set(session.exec(principals).all())):
        yield member, "member"


def _roles(session: Session, order: str) -> set[int]:
    named = {ConditionKind.CUSTOMS: Role.CUSTOMS, ConditionKind.INSPECTION: Role.INSPECTION}
    named[ConditionKind.QUARANTINE] = Role.QUARANTINE
    kinds = session.exec(select(OrderCondition.kind).where(OrderCondition.order == order)).all()
    return {int(named[ConditionKind(kind)]) for kind in kinds if ConditionKind(kind) in named}


def _lanes_of(session: Session, right: str) -> set[str]:
    lanes = set()
    for event in session.exec(
        select(LedgerEvent).where(LedgerEvent.object == right, LedgerEvent.kind == ACTED)
    ):
        act: Any = _act(event)
        lanes.add("0x" + act.fields["lane"].hex())
    return lanes


def _act(event: LedgerEvent) -> Any:
    from identity.acts.typed import decode_words
    from identity.acts.types import ActType

    return decode_words(ActType.by_name(event.verb).code, read_bytes(event.words))


def _events(session: Session, objects: dict[str, str]) -> list[LedgerEvent]:
    query = (
        select(LedgerEvent)
        .where(
            col(LedgerEvent.object).in_(sorted(objects)),
            or_(LedgerEvent.kind == ACTED, LedgerEvent.kind == FOLLOWED),
        )
        .order_by(col(LedgerEvent.block), col(LedgerEvent.log_index))
    )
    return list(session.exec(query))


def _signer(wire: bytes, digest: str) -> str:
    from identity.keys import secp256k1

    _, signature = decode(wire)
    try:
        return "0x" + secp256k1.recover(read_bytes(digest), signature).hex()
    except IdentityError:
        return ""
