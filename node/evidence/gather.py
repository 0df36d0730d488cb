"""What an evidence file is made of, from this member's own tables and the ledger's answers."""

from collections.abc import Iterable, Sequence
from typing import cast

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from sqlmodel import Session, col, or_, select

from identity.acts.objects import COUNCIL, VERSIONS
from identity.acts.typed import Act, decode_unsigned, unbatch
from identity.acts.types import LANE_VERBS
from identity.acts.words import Outcome
from identity.companions.companion import Companion
from identity.errors import IdentityError
from identity.keys import secp256k1
from node.chain.errors import RpcRefused
from node.chain.relaying import SUBMIT_SELECTOR
from node.chain.rpc import Ledger, quantity, read_bytes
from node.errors import LedgerUnavailable
from node.evidence.errors import NothingToProve
from node.evidence.history import CONTRACT_OF, Place
from node.evidence.receipts import ReceiptTree
from node.store.companions import CompanionRow
from node.store.council_projections import Delegation
from node.store.projections import (
    ACTED,
    FOLLOWED,
    NOBODY,
    DeliveryOrder,
    LedgerEvent,
    OrderCondition,
    PickupRight,
)

Proofs = dict[tuple[int, int], tuple[bytes, ...]]
_SIGNATURE_BYTES = 65


def objects_of(
    session: Session, title: str, order: str | None, exporter: str
) -> list[tuple[str, str]]:
    """Return (kind, id) of all that a file must speak of; raises NothingToProve.

    The title; the order with its conditions and pickup rights; the lanes that used these; every
    member that acted on one of them, itself or by a delegate, with the exporter; and where they
    changed since the founding, the council and the contracts in force.
    """
    own = [("title", title)]
    if order is not None:
        if session.get(DeliveryOrder, order) is None:
            raise NothingToProve("This node knows no such order.", order=order)
        conditions = select(OrderCondition.id).where(OrderCondition.order == order)
        rights = select(PickupRight.id).where(PickupRight.order == order)
        own.append(("order", order))
        own += [("condition", id_) for id_ in sorted(session.exec(conditions))]
        own += [("right", id_) for id_ in sorted(session.exec(rights))]
    lanes = {_lane(event) for event in _acted(session, own) if event.verb in LANE_VERBS}
    own += [("lane", lane) for lane in sorted(lanes)]
    acted = _acted(session, own)
    members = {event.principal for event in acted} | {exporter} | _delegates(session, acted)
    own += [("member", member) for member in sorted(members)]
    changed = [("council", "0x" + COUNCIL.hex()), ("versions", "0x" + VERSIONS.hex())]
    return own + [pair for pair in changed if _moved(session, pair)]


def _acted(session: Session, pairs: Sequence[tuple[str, str]]) -> list[LedgerEvent]:
    return [event for event in events_of(session, pairs) if event.kind == ACTED]


def _moved(session: Session, pair: tuple[str, str]) -> bool:
    return any(event.outcome == Outcome.DONE for event in _acted(session, [pair]))


def _delegates(session: Session, acted: Sequence[LedgerEvent]) -> set[str]:
    """Return who acted for others."""
    under = {"0x" + act_of(event).delegation.hex() for event in acted} - {NOBODY}
    given = select(Delegation.delegate).where(col(Delegation.id).in_(under))
    return set(session.exec(given))


def events_of(session: Session, pairs: Sequence[tuple[str, str]]) -> list[LedgerEvent]:
    """Return the acts on (kind, id) pairs and their follow-ups, in the ledger's order.

    An id counts in the contract of its kind alone: elsewhere somebody may have taken the same.
    """
    query = (
        select(LedgerEvent)
        .where(
            col(LedgerEvent.object).in_([id_ for _, id_ in pairs]),
            or_(LedgerEvent.kind == ACTED, LedgerEvent.kind == FOLLOWED),
        )
        .order_by(col(LedgerEvent.block), col(LedgerEvent.log_index))
    )
    wanted = {(CONTRACT_OF[kind], id_) for kind, id_ in pairs}
    return [e for e in session.exec(query) if (e.contract, e.object) in wanted]


def act_of(event: LedgerEvent) -> Act:
    """Return the act of an acted event, from the event's own bytes."""
    return decode_unsigned(read_bytes(event.act))


def prove_events(
    ledger: Ledger, events: Sequence[LedgerEvent]
) -> tuple[dict[tuple[int, int], Place], Proofs]:
    """Return each event's place by (block, log index), and the proofs of their receipts.

    Raises:
        LedgerUnavailable: the ledger does not give a block's receipts.
    """
    heights = sorted({event.block for event in events})
    found = ledger.batch([("eth_getBlockReceipts", [quantity(h)]) for h in heights])
    wanted = {(event.block, event.log_index) for event in events}
    places: dict[tuple[int, int], Place] = {}
    proofs: Proofs = {}
    for height, receipts in zip(heights, found, strict=True):
        if isinstance(receipts, RpcRefused) or receipts is None:
            raise LedgerUnavailable(f"The ledger does not give the receipts of block {height}.")
        tree = ReceiptTree(receipts)
        for receipt in receipts:
            index = int(receipt["transactionIndex"], 16)
            for position, log in enumerate(receipt["logs"]):
                at = (height, int(log["logIndex"], 16))
                if at in wanted:
                    places[at] = Place(height, index, position)
                    proofs[height, index] = tuple(tree.prove(index))
    if places.keys() != wanted:
        raise LedgerUnavailable("The ledger's receipts lack an event that this node saw.")
    return places, proofs


def wires_of(ledger: Ledger, events: Sequence[LedgerEvent]) -> dict[str, bytes]:
    """Return each act's wire bytes by digest, from its transaction.

    The signature is included; what is attached behind it is not signed, and left out.

    Raises:
        LedgerUnavailable: the ledger does not give a transaction, or another than its event's.
    """
    acted = [event for event in events if event.kind == ACTED]
    hashes = sorted({event.tx_hash for event in acted})
    found = ledger.batch([("eth_getTransactionByHash", [each]) for each in hashes])
    submitted: dict[str, list[bytes]] = {}
    for transaction, answer in zip(hashes, found, strict=True):
        if isinstance(answer, RpcRefused) or answer is None:
            raise LedgerUnavailable("The ledger does not give a transaction.")
        submitted[transaction] = _submitted(read_bytes(answer["input"]))
    return {event.digest: _signed_by(event, submitted[event.tx_hash]) for event in acted}


def _submitted(calldata: bytes) -> list[bytes]:
    if calldata[:4] != SUBMIT_SELECTOR:
        return []
    try:
        (batch,) = abi_decode(["bytes"], calldata[4:])
        return unbatch(batch)
    except (DecodingError, IdentityError):
        return []


def _signed_by(event: LedgerEvent, wires: Sequence[bytes]) -> bytes:
    """Two acts of the same verb and words differ in the signature: only one is the event's."""
    unsigned = read_bytes(event.act)
    for wire in wires:
        if not wire.startswith(unsigned):
            continue
        signature = wire[len(unsigned) : len(unsigned) + _SIGNATURE_BYTES]
        try:
            signer = secp256k1.recover(read_bytes(event.digest), signature)
        except IdentityError:
            continue
        if "0x" + signer.hex() == event.key:
            return unsigned + signature
    raise LedgerUnavailable(
        "A transaction does not hold the act that its event tells.", digest=event.digest
    )


def _lane(event: LedgerEvent) -> str:
    return "0x" + cast(bytes, act_of(event).fields["lane"]).hex()


def companions_of(session: Session, digests: Iterable[bytes]) -> dict[bytes, Companion]:
    """Return what this node keeps of these acts' co-signatures."""
    named = ["0x" + digest.hex() for digest in digests]
    rows = session.exec(select(CompanionRow).where(col(CompanionRow.digest).in_(named)))
    return {bytes.fromhex(r.digest[2:]): Companion.from_json(r.companion) for r in rows}
