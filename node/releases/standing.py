"""Who stands where to a delivery order and its pickup rights, and what keeps them from moving."""

from dataclasses import dataclass, replace
from typing import Protocol

from identity.acts.words import OrderState, RightState
from identity.policy.decide import Facts
from node.commands.preparing import RELEASE_AUTHORITIES, Context
from node.commands.refusals import refusal_named
from node.store.projections import NOBODY, DeliveryOrder, PickupRight, Title
from node.titles import rules


class OnOrder(Protocol):
    """A body that names a delivery order."""

    @property
    def order(self) -> str: ...


class OnRight(Protocol):
    """A body that names a pickup right."""

    @property
    def right(self) -> str: ...


@dataclass(frozen=True)
class Standing:
    """A delivery order and its title, as projected."""

    order: DeliveryOrder
    title: Title

    @property
    def entitled(self) -> str:
        """Who surrendered the title: its holder, or the pledgee that enforced."""
        return self.title.holder if self.title.pledgee == NOBODY else self.title.pledgee

    def owner_of(self, right: PickupRight) -> str:
        """Return who owns a right of the order: until it was transferred, who is entitled."""
        return self.entitled if right.owner == NOBODY else right.owner

    def require_open(self) -> None:
        """Raise WrongState unless the order is open."""
        if self.order.state != OrderState.OPEN:
            raise refusal_named("WrongState", object=self.order.id, state=self.order.state)

    def require_free(self) -> None:
        """Raise OrderHeld or TitleFrozen while an authority keeps it from moving."""
        if self.order.holds:
            raise refusal_named("OrderHeld", order=self.order.id)
        rules.require_unfrozen(self.title)


def order_at(context: Context, order_id: str) -> Standing:
    """Return an order with its title; raises ContractRefused (ObjectUnknown)."""
    order = context.session.get(DeliveryOrder, order_id)
    if order is None:
        raise refusal_named("ObjectUnknown", object=order_id)
    return Standing(order, context.session.get_one(Title, order.title))


def right_at(context: Context, right_id: str) -> tuple[PickupRight, Standing]:
    """Return a right with its order and title; raises ContractRefused (ObjectUnknown)."""
    right = context.session.get(PickupRight, right_id)
    if right is None:
        raise refusal_named("ObjectUnknown", object=right_id)
    return right, order_at(context, right.order)


def require_right_state(right: PickupRight, state: RightState) -> None:
    """Raise WrongState unless the right is in ``state``."""
    if right.state != state:
        raise refusal_named("WrongState", object=right.id, state=right.state)


def authority_port(context: Context, standing: Standing) -> int | None:
    """Return the port of the order at which this member may hold it, if there is one."""
    ports = (standing.title.discharge, standing.title.loading)
    return context.assigned_port(ports, RELEASE_AUTHORITIES)


def order_facts(context: Context, body: OnOrder) -> Facts:
    """Return who stands where to an order. Raises: ContractRefused (ObjectUnknown)."""
    return _facts(context, order_at(context, body.order))


def right_facts(context: Context, body: OnRight) -> Facts:
    """Return who stands where to a right. Raises: ContractRefused (ObjectUnknown)."""
    right, standing = right_at(context, body.right)
    return replace(
        _facts(context, standing),
        right_owner=standing.owner_of(right),
        counterparty=right.offered_to,
    )


def _facts(context: Context, standing: Standing) -> Facts:
    assigned = authority_port(context, standing) is not None
    return Facts(
        node=context.member,
        carrier=standing.title.carrier,
        answering=rules.answering_for(context, standing.title.carrier),
        authority=context.member if assigned else None,
        terminal=standing.order.terminal,
        entitled=standing.entitled,
    )
