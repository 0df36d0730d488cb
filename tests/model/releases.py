"""What the acts of Releases do to orders, and through them to titles."""

from collections.abc import Callable, Mapping

from model.gates import Gates
from model.members import NOBODY
from model.orders import Order, conditions_of, rights_of
from model.refusals import Refused, require
from model.release_store import (
    AUTHORITIES,
    Done,
    Fields,
    require_counter,
    require_open,
    require_proposal,
)
from model.rights import Rights
from model.titles import Title

from identity.acts.typed import Act
from identity.acts.words import ConditionKind, OrderState, Role, TitleState

ROLE_FOR = {
    ConditionKind.CUSTOMS: Role.CUSTOMS,
    ConditionKind.TERMINAL: Role.TERMINAL,
    ConditionKind.INSPECTION: Role.INSPECTION,
    ConditionKind.QUARANTINE: Role.QUARANTINE,
    ConditionKind.VERIFIED_MASS: Role.TERMINAL,
}


class Releases(Gates, Rights):
    """Every verb of Releases; an order's own are here."""

    def perform(self, act: Act, digest: bytes, key: bytes) -> Done:
        """Let the act take effect; the actor of a lane act is checked here, of others before."""
        by_lane: Mapping[str, Callable[[Act, bytes], Done]] = {
            "GateOut": self._gate_out,
            "ReturnEmpty": self._return_empty,
            "RecordInterchange": self._interchange,
        }
        by_member: Mapping[str, Callable[[Act, bytes], Done]] = {
            "OpenOrder": self._open_order,
            "SetCondition": self._set_condition,
            "HoldOrder": self._hold,
            "LiftHold": self._lift_hold,
            "ProposeCancellation": self._propose_cancellation,
            "ConfirmCancellation": self._confirm_cancellation,
            "TransferRight": self._transfer_right,
            "AcceptRight": self._accept_right,
            "ProposeReinstatement": self._propose_reinstatement,
            "ConfirmReinstatement": self._confirm_reinstatement,
        }
        if act.name in by_lane:
            return by_lane[act.name](act, key)
        return by_member[act.name](act, digest)

    def _open_order(self, act: Act, digest: bytes) -> Done:
        given: Fields = act.fields
        title = self.titles.get(given["title"])
        if title is None:
            raise Refused("ObjectUnknown", object=given["title"])
        self._require_carrier(act, title)
        surrendered = title.state == TitleState.SURRENDERED
        require(surrendered, "TitleNotSurrendered", title=title.id, state=title.state)
        require(act.object not in self.orders, "OrderExists", order=act.object)
        last = self.order_of.get(title.id)
        over = last is None or self.orders[last].state == OrderState.CANCELLED
        require(over, "OrderExists", order=last)
        require(act.object != NOBODY, "ActMalformed")
        require_counter(act, 0)
        self._require_assigned((title.discharge,), Role.TERMINAL, given["terminal"])
        kinds, members = given["kinds"], given["members"]
        require(len(kinds) == len(members) != 0, "ConditionsMalformed")
        for index, (kind, member) in enumerate(zip(kinds, members, strict=True)):
            require(0 < kind <= max(ConditionKind), "ConditionsMalformed")
            require(kind not in kinds[:index], "ConditionsMalformed")
            self._check_condition(act, title, kind, member)
        containers = given["containers"]
        distinct = len(set(containers)) == len(containers) != 0
        require(distinct, "ContainersMalformed")
        self.orders[act.object] = Order(
            act.object,
            title.id,
            given["root"],
            given["terminal"],
            title.loading,
            title.discharge,
            conditions_of(act.object, kinds, members),
            rights_of(act.object, containers),
        )
        self.order_of[title.id] = act.object
        return Done(1)

    def _check_condition(self, act: Act, title: Title, kind: int, member: bytes) -> None:
        if kind == ConditionKind.FREIGHT:
            require(member == act.principal, "ConditionsMalformed")
            return
        early = kind >= ConditionKind.INSPECTION
        ports = (title.discharge, title.loading) if early else (title.discharge,)
        self._require_assigned(ports, ROLE_FOR[ConditionKind(kind)], member)
        terminal = kind != ConditionKind.TERMINAL or member == act.fields["terminal"]
        require(terminal, "ConditionsMalformed")

    def _set_condition(self, act: Act, digest: bytes) -> Done:
        given: Fields = act.fields
        order = self.orders.get(given["order"])
        condition = order.conditions.get(act.object) if order else None
        if order is None or condition is None:
            raise Refused("ObjectUnknown", object=act.object)
        named = condition.member
        if condition.kind == ConditionKind.FREIGHT:
            named = self._answering(named)
        is_named = act.principal == named
        facts = {"condition": act.object, "principal": act.principal, "named": named}
        require(is_named, "NotTheConditionMember", **facts)
        require_open(order)
        require_counter(act, condition.counter)
        require(given["met"] <= 1, "ActMalformed")
        condition.met = given["met"] == 1
        condition.counter += 1
        return Done(condition.counter)

    def _hold(self, act: Act, digest: bytes) -> Done:
        order = self._order(act)
        require_open(order)
        self._require_authority(act, order)
        legal: bytes = act.fields["order"]  # type: ignore[assignment]
        require(legal not in order.holds, "LegalOrderUsed", order=act.object, legalOrder=legal)
        order.holds[legal] = act.principal
        order.counter += 1
        return Done(order.counter)

    def _lift_hold(self, act: Act, digest: bytes) -> Done:
        order = self._order(act)
        self._require_authority(act, order)
        legal: bytes = act.fields["order"]  # type: ignore[assignment]
        stands = legal in order.holds and legal not in order.lifted
        require(stands, "NotHeldUnder", order=order.id, legalOrder=legal)
        holder = order.holds[legal]
        own = holder == act.principal or not self._has_authority(order, holder)
        require(own, "NotTheHoldingAuthority", principal=act.principal, authority=holder)
        order.lifted.add(legal)
        order.counter += 1
        return Done(order.counter)

    def _propose_cancellation(self, act: Act, digest: bytes) -> Done:
        order = self._order(act)
        require_open(order)
        self._require_carrier(act, self.titles[order.title])
        require_counter(act, order.counter)
        require(order.gone == 0, "ContainersGone", order=order.id, gone=order.gone)
        order.cancellation = digest
        order.counter += 1
        return Done(order.counter)

    def _confirm_cancellation(self, act: Act, digest: bytes) -> Done:
        order = self._order(act)
        require_open(order)
        entitled = self._require_free(order)
        facts = {"title": order.title, "principal": act.principal, "holder": entitled}
        require(act.principal == entitled, "NotTheHolder", **facts)
        require_counter(act, order.counter)
        require_proposal(act, order.cancellation)
        require(order.gone == 0, "ContainersGone", order=order.id, gone=order.gone)
        order.counter += 1
        return Done(
            order.counter, followed=self._settle(order, OrderState.CANCELLED, TitleState.LIVE)
        )

    def _has_authority(self, order: Order, member: bytes) -> bool:
        ports = (order.loading, order.discharge)
        return any(self.members.assigned(port, AUTHORITIES, member) for port in ports)
