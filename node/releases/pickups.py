"""What a terminal knows of a container that stands at its gate: which order, which right, and
whether it may go. Read from delivery orders that carriers sent and from the ledger's tables."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

from identity.acts.objects import right_id
from identity.acts.words import ConditionKind, OrderState, RightState, TitleState
from node.commands.bodies import to_bytes, to_hex
from node.documents.delivery_order import read_delivery_order
from node.store.documents import OrderedContainerRow
from node.store.projections import DeliveryOrder, OrderCondition, PickupRight, Title
from privacy.containers import check_container_number

if TYPE_CHECKING:
    from node.node import Node


@dataclass(frozen=True)
class Pickup:
    """One pickup right of a container, as a gateway needs it to build its act.

    ``conditions`` says of each kind whether it is met; ``lien_free`` is computed from the title;
    ``held`` says that an authority's hold or freeze stands. ``interchanges`` are the directions
    whose equipment interchange is recorded.
    """

    container: str
    salt: str
    tag: str
    order: str
    right: str
    counter: int
    state: str
    terminal: str
    conditions: dict[str, bool]
    lien_free: bool
    held: bool
    interchanges: tuple[str, ...]

    @property
    def released(self) -> bool:
        """Whether a lane may use the right now."""
        free = self.lien_free and not self.held
        return self.state == "ready" and free and all(self.conditions.values())

    def to_json(self) -> dict[str, Any]:
        """Return the pickup as the API gives it."""
        return {**vars(self), "released": self.released}


def find_pickups(node: "Node", session: Session, number: str) -> list[Pickup]:
    """Return the pickup rights of a container at this terminal, those of open orders first.

    Raises: ContainerNumberMalformed, ContainerCheckDigitWrong.
    """
    check_container_number(number)
    query = (
        select(OrderedContainerRow, DeliveryOrder)
        .where(OrderedContainerRow.number == number)
        .where(OrderedContainerRow.root == DeliveryOrder.root)
        .where(DeliveryOrder.terminal == node.settings.member)
    )
    found = [_pickup(node, session, number, order) for _, order in session.exec(query)]
    pickups = [pickup for pickup in found if pickup is not None]
    return sorted(pickups, key=lambda pickup: (pickup.state != "ready", pickup.order))


def _pickup(node: "Node", session: Session, number: str, order: DeliveryOrder) -> Pickup | None:
    document = read_delivery_order(node.documents.read_document(session, order.root))
    container = next((c for c in document.containers if c.number == number), None)
    if container is None or document.title != order.title:
        return None
    right = session.get(PickupRight, to_hex(right_id(to_bytes(order.id), container.tag)))
    title = session.get(Title, order.title)
    if right is None or title is None:
        return None
    conditions = session.exec(select(OrderCondition).where(OrderCondition.order == order.id))
    return Pickup(
        container=number,
        salt=to_hex(container.salt),
        tag=to_hex(container.tag),
        order=order.id,
        right=right.id,
        counter=right.counter,
        state=RightState(right.state).name.lower(),
        terminal=order.terminal,
        conditions={ConditionKind(row.kind).name.lower(): bool(row.met) for row in conditions},
        lien_free=title.state == TitleState.SURRENDERED and order.state == OrderState.OPEN,
        held=bool(order.holds or title.freezes),
        interchanges=interchanges_of(right),
    )


def interchanges_of(right: PickupRight) -> tuple[str, ...]:
    """Return the directions in which the equipment's interchange is recorded: out, in."""
    recorded = {"out": right.out_at, "in": right.in_at}
    return tuple(direction for direction, at in recorded.items() if at)
