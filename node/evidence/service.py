"""What the doors and the peers listener call: a container's history, and witnessing.

Everything is said from this member's own tables, vault and ledger.
"""

from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from identity.acts.objects import right_id
from node.documents.delivery_order import read_delivery_order
from node.evidence.errors import WitnessRequestMalformed
from node.evidence.witness import witness
from node.exchange.door import PeerMessage, PeerRoute
from node.store.projections import DeliveryOrder, OrderCondition
from privacy.canonical import JsonValue, parse_json
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

ANCHORS = "/peer/v1/anchors"
CONTENT_TYPE = "application/json"
MAX_REQUEST_BYTES = 64 * 1024


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
            salts = salts_of(node, session, order, number)
            found += ["0x" + right_id(bytes.fromhex(order.id[2:]), tag).hex() for tag, _ in salts]
    return found


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


def order_of(session: Session, title: str) -> DeliveryOrder | None:
    """Return the title's last order; earlier ones were cancelled."""
    query = select(DeliveryOrder).where(DeliveryOrder.title == title)
    return session.exec(query.order_by(col(DeliveryOrder.opened_block).desc())).first()


def salts_of(
    node: "Node", session: Session, order: DeliveryOrder, number: str
) -> list[tuple[bytes, bytes]]:
    """Return (tag, salt) of the container in an order whose document is here."""
    if not node.documents.holds(session, order.root):
        return []
    document = read_delivery_order(node.documents.read_document(session, order.root))
    return [(each.tag, each.salt) for each in document.containers if each.number == number]
