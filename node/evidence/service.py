"""What the doors and the peers listener call: a container's history, evidence, and witnessing.

Everything is said from this member's own tables, vault and ledger; only the witnesses' signatures
come from other members' nodes.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from identity.acts.objects import right_id
from identity.profile.profile import Profile
from node.documents.delivery_order import read_delivery_order
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import tree_of
from node.errors import NodeError, Unavailable
from node.evidence.errors import NothingToProve, WitnessRequestMalformed
from node.evidence.export import Exporter, Subject
from node.evidence.file import EvidenceFile
from node.evidence.statements import Body
from node.evidence.witness import witness
from node.exchange.door import PeerMessage, PeerRoute
from node.store.projections import DeliveryOrder, OrderCondition, Title
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.disclosures import Disclosure
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

ANCHORS = "/peer/v1/anchors"
CONTENT_TYPE = "application/json"
MAX_REQUEST_BYTES = 64 * 1024
WITNESS_SECONDS = 5.0
_PAUSE_SECONDS = 0.2


def objects_of_container(node: "Node", session: Session, number: str) -> list[str]:
    """Return the ids whose acts are a container's history, as far as this member was told.

    The titles that name it in what was sent here; their orders and conditions; and of the pickup
    rights its own, where the order's document is here to tell which that is.

    Raises: ContainerNumberMalformed, ContainerCheckDigitWrong, and what the vault raises.
    """
    found: list[str] = []
    for title in node.statutory.titles_of_container(session, number):
        found.append(title)
        for order in session.exec(select(DeliveryOrder).where(DeliveryOrder.title == title)):
            found.append(order.id)
            conditions = select(OrderCondition.id).where(OrderCondition.order == order.id)
            found += sorted(session.exec(conditions))
            salts = _salts(node, session, order, number)
            found += ["0x" + right_id(bytes.fromhex(order.id[2:]), tag).hex() for tag, _ in salts]
    return found


def export_container(node: "Node", number: str) -> EvidenceFile:
    """Return the evidence of a container's newest title.

    It shows what this member was sent of the bill: an authority its statutory fields, another
    holder of the bill the one field with the container's number; and the container's salt.

    Raises:
        NothingToProve: no title that this member was told of names the container.
        WitnessesMissing, LedgerUnavailable, and what the vault raises.
    """
    with node.db.read() as session:
        titles = [
            row
            for title in node.statutory.titles_of_container(session, number)
            if (row := session.get(Title, title)) is not None
        ]
        if not titles:
            raise NothingToProve("This node was told of no title with that container.")
        title = max(titles, key=lambda row: row.issued_block)
        subject = _subject(node, session, title, number)
    return exporter(node).export(subject)


def export_title(node: "Node", title: str) -> EvidenceFile:
    """Return the evidence of a title and its order; it shows nothing of any document.

    Raises: as ``export_container``.
    """
    with node.db.read() as session:
        order = _order_of(session, title)
    return exporter(node).export(Subject(title, order.id if order is not None else None))


def exporter(node: "Node") -> Exporter:
    """Return the exporter of this member's node."""

    def profiles(members: Sequence[str]) -> list[Profile]:
        held: list[Profile] = []
        for member in members:
            with suppress(NodeError):  # a name that is not at hand is left out
                held.append(node.directory.profile(member))
        return held

    return Exporter(
        node.settings.member,
        node.network,
        node.rpc,
        node.db,
        node.keys.signing_key("witness"),
        lambda member, request: ask_witness(node, member, request),
        profiles,
    )


def ask_witness(node: "Node", member: str, request: Body) -> Body:
    """Ask another member's node for its signatures; a moment of patience if it is behind.

    Raises: PeerUnavailable, PeerRefused, PeerUnknown, PeerNotActive, ProfileNotHeld.
    """
    body = canonical_json(request)
    deadline = time.monotonic() + WITNESS_SECONDS
    while True:
        try:
            answer: Any = node.exchange.client.post(member, ANCHORS, body, CONTENT_TYPE)
            return dict(answer)
        except Unavailable as error:
            behind = error.facts.get("peer_code") == "WITNESS_BEHIND"
            if not behind or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def witness_route(node: "Node") -> PeerRoute:
    """Return the peers listener's route on which any active member may ask for signatures."""

    def handle(message: PeerMessage) -> JsonValue:
        try:
            request = parse_json(message.body, max_bytes=MAX_REQUEST_BYTES)
        except PrivacyError as error:
            raise WitnessRequestMalformed("The request is not JSON.") from error
        key = node.keys.signing_key("witness")
        with node.db.read() as session:
            return witness(session, node.rpc, node.network, key, request)

    return PeerRoute(ANCHORS, CONTENT_TYPE, MAX_REQUEST_BYTES, handle)


def _subject(node: "Node", session: Session, title: Title, number: str) -> Subject:
    order = _order_of(session, title.id)
    salts = _salts(node, session, order, number) if order is not None else []
    return Subject(
        title=title.id,
        order=order.id if order is not None else None,
        container=number,
        disclosures=_disclosures(node, session, title, number),
        containers=tuple((number, salt) for _, salt in salts),
    )


def _disclosures(
    node: "Node", session: Session, title: Title, number: str
) -> tuple[Disclosure, ...]:
    told = node.statutory.told(session, title)
    if told is not None:
        return (told,)
    if not node.documents.holds(session, title.root):
        return ()
    package = node.documents.package(session, title.root)
    if package.schema_id != TRANSPORT_DOCUMENT:
        return ()
    tree = tree_of(package)
    return (tree.disclose(path for path, value in tree.fields.items() if value == number),)


def _order_of(session: Session, title: str) -> DeliveryOrder | None:
    """Return the title's last order; earlier ones were cancelled."""
    query = select(DeliveryOrder).where(DeliveryOrder.title == title)
    return session.exec(query.order_by(col(DeliveryOrder.opened_block).desc())).first()


def _salts(
    node: "Node", session: Session, order: DeliveryOrder, number: str
) -> list[tuple[bytes, bytes]]:
    """Return (tag, salt) of the container in an order whose document is here."""
    if not node.documents.holds(session, order.root):
        return []
    document = read_delivery_order(node.documents.read_document(session, order.root))
    return [(each.tag, each.salt) for each in document.containers if each.number == number]
