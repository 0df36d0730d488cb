"""What the model of Releases keeps, and the checks that its verbs share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model.members import NOBODY, Members
from model.orders import Lane, Order, Right
from model.refusals import Refused, require
from model.titles import Title

from identity.acts.typed import Act
from identity.acts.words import OrderState, Outcome, Role

AUTHORITIES = int(Role.CUSTOMS | Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE)

Fields = Mapping[str, Any]
Settled = list[tuple[str, bytes, int, int]]  # contract, object, counter, state


@dataclass(frozen=True)
class Done:
    """The object's counter, the outcome, and what followed in other objects."""

    counter: int
    outcome: int = Outcome.DONE
    followed: Settled = field(default_factory=list)


@dataclass
class ReleasesStore:
    """Orders of ``titles``, and lanes at their gates."""

    members: Members
    titles: dict[bytes, Title]
    lanes: dict[bytes, Lane]
    orders: dict[bytes, Order] = field(default_factory=dict)
    order_of: dict[bytes, bytes] = field(default_factory=dict)

    def ties(self, member: bytes) -> int:
        """In how many open orders the member is the terminal."""
        return sum(
            order.state == OrderState.OPEN and order.terminal == member
            for order in self.orders.values()
        )

    def _order(self, act: Act) -> Order:
        require(act.object in self.orders, "ObjectUnknown", object=act.object)
        return self.orders[act.object]

    def _right(self, act: Act, state: int) -> tuple[Order, Right]:
        for order in self.orders.values():
            right = order.rights.get(act.object)
            if right is not None:
                require_open(order)
                fits = right.state == state
                require(fits, "WrongState", object=act.object, state=right.state)
                return order, right
        raise Refused("ObjectUnknown", object=act.object)

    def _movable_by(self, order: Order, right: Right) -> bytes:
        entitled = self._require_free(order)
        return entitled if right.owner == NOBODY else right.owner

    def _require_free(self, order: Order) -> bytes:
        """Return who is entitled to the title, which nothing keeps."""
        title = self.titles[order.title]
        require(not order.held, "OrderHeld", order=order.id)
        require(title.freezes == 0, "TitleFrozen", title=title.id)
        return title.holder if title.pledgee == NOBODY else title.pledgee

    def _answering(self, carrier: bytes) -> bytes:
        return self.members.require_active(self.members.answering(carrier)).id

    def _require_carrier(self, act: Act, title: Title) -> None:
        answering = self._answering(title.carrier)
        facts = {"title": title.id, "principal": act.principal, "carrier": answering}
        require(act.principal == answering, "NotTheCarrier", **facts)

    def _require_assigned(self, ports: tuple[int, ...], role: int, member: bytes) -> None:
        self.members.require_active(member)
        assigned = any(self.members.assigned(port, role, member) for port in ports)
        require(assigned, "NotAssigned", port=ports[0], role=int(role), member=member)

    def _require_authority(self, act: Act, order: Order) -> None:
        port: int = act.fields["port"]  # type: ignore[assignment]
        require(port in (order.loading, order.discharge), "PortUnknown", port=port)
        assigned = self.members.assigned(port, AUTHORITIES, act.principal)
        require(assigned, "NotAssigned", port=port, role=AUTHORITIES, member=act.principal)

    def _settle(self, order: Order, state: int, title_state: int) -> Settled:
        title = self.titles[order.title]
        order.state = state
        title.state = title_state
        title.counter += 1
        return [("Titles", title.id, title.counter, int(title_state))]


def require_open(order: Order) -> None:
    """Refuse an order that is not open."""
    is_open = order.state == OrderState.OPEN
    require(is_open, "WrongState", object=order.id, state=order.state)


def require_counter(act: Act, counter: int) -> None:
    """Refuse an act that names another counter."""
    fits = act.counter == counter
    require(fits, "StaleCounter", object=act.object, expected=counter, given=act.counter)


def require_proposal(act: Act, proposal: bytes) -> None:
    """Refuse an act that does not name the open proposal."""
    given = act.fields["proposal"]
    named = proposal != NOBODY and given == proposal
    require(named, "NotTheProposal", object=act.object, proposal=proposal, given=given)
