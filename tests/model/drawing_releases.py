"""Draws acts of Releases on the orders of the titles that are surrendered."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from model.companies import COMPANIES, DISCHARGE, LANES, LOADING, hash_of
from model.drawing import DAY, ORDERS, Drawn, Fields, Pen
from model.members import NOBODY
from model.orders import Order, Right
from model.titles import Title

from identity.acts.typed import Act
from identity.acts.words import ConditionKind, OrderState, RightState, Role, TitleState

CONTAINERS = tuple(hash_of(f"container {number}") for number in range(2))
REPORTS = tuple(hash_of(f"reports {number}") for number in range(2))


def on_delivery(pen: Pen) -> Drawn | None:
    """Return an act that opens an order or moves one on; None where there is nothing to do."""
    world = pen.world
    orders = list(world.releases.orders.values())
    without = [title for title in world.titles.values() if _wants_order(pen, title)]
    if without and not (orders and pen.once_in(4)):
        return open_order(pen, pen.one_of(without))
    if not orders:
        return None
    order = pen.one_of(orders)
    if _unmet(order) and not pen.once_in(3):
        return _set_condition(pen, order)
    far = {right.state for right in order.rights.values()}
    usual = [name for name, states in _USUAL.items() if far & states]
    return _VERBS[pen.one_of(list(_VERBS) if not usual or pen.once_in(3) else usual)](pen, order)


def release_acts(pen: Pen, order: Order, verbs: Sequence[str]) -> Iterator[Drawn]:
    """Give acts that meet every condition of an order, and then use ``verbs`` on each right."""
    while _unmet(order):
        before = _unmet(order)
        yield _set_condition(pen, order)
        if _unmet(order) == before:
            return
    for verb in verbs:
        for _ in order.rights if verb in _USUAL else (1,):
            yield _VERBS[verb](pen, order)


def _unmet(order: Order) -> list[bytes]:
    return [id_ for id_, condition in order.conditions.items() if not condition.met]


def _wants_order(pen: Pen, title: Title) -> bool:
    last = pen.world.releases.orders.get(pen.world.releases.order_of.get(title.id, NOBODY))
    surrendered = title.state == TitleState.SURRENDERED
    return surrendered and (last is None or last.state == OrderState.CANCELLED)


def _answering(pen: Pen, order: Order) -> bytes:
    return pen.world.members.answering(pen.world.titles[order.title].carrier)


def _entitled(pen: Pen, order: Order) -> bytes:
    title = pen.world.titles[order.title]
    return title.holder if title.pledgee == NOBODY else title.pledgee


def open_order(pen: Pen, title: Title) -> Drawn:
    """Return an act that opens a delivery order of the title."""
    principal = pen.world.members.answering(title.carrier)
    terminal = COMPANIES["terminal"].id
    named = {
        ConditionKind.FREIGHT: principal,
        ConditionKind.CUSTOMS: COMPANIES["customs"].id,
        ConditionKind.TERMINAL: terminal,
        ConditionKind.INSPECTION: COMPANIES["inspector"].id,
    }
    kinds = list(named)[: pen.one_of((1, 2, 4))]
    return pen.act(
        "OpenOrder",
        principal,
        hash_of(f"delivery order {len(pen.world.releases.orders)}"),
        0,
        title=title.id,
        root=hash_of("delivery order document"),
        terminal=terminal,
        kinds=[int(kind) for kind in kinds],
        members=[named[kind] for kind in kinds],
        containers=list(CONTAINERS[: pen.one_of((1, 2))]),
    )


def _set_condition(pen: Pen, order: Order) -> Drawn:
    unmet = _unmet(order)
    id_ = unmet[0] if unmet else pen.one_of(list(order.conditions))
    condition = order.conditions[id_]
    freight = condition.kind == ConditionKind.FREIGHT
    named = pen.world.members.answering(condition.member) if freight else condition.member
    fields: Fields = {"order": order.id, "met": 1 if unmet else pen.one_of((1, 0))}
    fields["reference"] = hash_of("reference")
    return pen.act("SetCondition", named, id_, condition.counter, **fields)


def _lane_act(name: str, direction: int = 0) -> Callable[[Pen, Order], Drawn]:
    def draw(pen: Pen, order: Order) -> Drawn:
        behind = sorted(order.rights.items(), key=lambda item: item[1].counter)
        id_, right = pen.one_of(behind) if pen.once_in(8) else behind[0]
        known = pen.one_of(LANES) if pen.once_in(8) else LANES[0]
        lane = pen.world.releases.lanes[known.id]
        fields: Fields = {
            "principal": lane.owner,
            "delegation": NOBODY,
            "object": id_,
            "counter": right.counter,
            "expires": pen.world.now + 240,
            "companion": NOBODY,
            "order": order.id,
            "container": right.container,
            "lane": lane.id,
            "deviceCounter": lane.device_counter + 1,
            "time": pen.world.now,
        }
        if direction:
            fields |= {"direction": direction, "damage": hash_of("damage record")}
        else:
            fields["reports"] = pen.one_of(REPORTS)
        return Drawn(Act(name, fields), known.key)

    return draw


def _legal(pen: Pen, order: Order, name: str) -> Drawn:
    principal = pen.one_of(
        [COMPANIES[name].id for name in ("customs", "regulator", "inspector")]
        if name == "HoldOrder" or not order.holds
        else list(order.holds.values())
    )
    ports = [port for port, _, member in pen.world.members.assignments if member == principal]
    legal = pen.one_of(ORDERS if name == "HoldOrder" else list(order.holds) or ORDERS)
    port = pen.one_of(sorted(set(ports)) or [LOADING, DISCHARGE])
    return pen.act(name, principal, order.id, 0, port=port, order=legal)


def _propose_cancellation(pen: Pen, order: Order) -> Drawn:
    principal, reason = _answering(pen, order), hash_of("reason")
    return pen.act("ProposeCancellation", principal, order.id, order.counter, reason=reason)


def _confirm_cancellation(pen: Pen, order: Order) -> Drawn:
    principal, proposal = _entitled(pen, order), order.cancellation
    return pen.act("ConfirmCancellation", principal, order.id, order.counter, proposal=proposal)


def _transfer_right(pen: Pen, order: Order) -> Drawn:
    id_, right = pen.one_of(list(order.rights.items()))
    owner = _entitled(pen, order) if right.owner == NOBODY else right.owner
    to = pen.member(roles=Role.TRUCK)
    deadline = pen.world.now + pen.one_of((DAY, 4))
    return pen.act("TransferRight", owner, id_, right.counter, to=to, deadline=deadline)


def _accept_right(pen: Pen, order: Order) -> Drawn:
    id_, right = pen.one_of(list(order.rights.items()))
    to = right.to if right.to != NOBODY else pen.member(roles=Role.TRUCK)
    return pen.act("AcceptRight", to, id_, right.counter, offer=right.offer)


def _propose_reinstatement(pen: Pen, order: Order) -> Drawn:
    id_, right = pen.one_of(_used_first(order))
    principal, report = order.terminal, right.reports
    return pen.act("ProposeReinstatement", principal, id_, right.counter, report=report)


def _confirm_reinstatement(pen: Pen, order: Order) -> Drawn:
    id_, right = pen.one_of(_used_first(order))
    principal, proposal = _answering(pen, order), right.misread
    return pen.act("ConfirmReinstatement", principal, id_, right.counter, proposal=proposal)


def _used_first(order: Order) -> list[tuple[bytes, Right]]:
    return sorted(order.rights.items(), key=lambda item: item[1].state != RightState.USED)


_VERBS: Mapping[str, Callable[[Pen, Order], Drawn]] = {
    "GateOut": _lane_act("GateOut"),
    "InterchangeOut": _lane_act("RecordInterchange", 1),
    "ReturnEmpty": _lane_act("ReturnEmpty"),
    "InterchangeIn": _lane_act("RecordInterchange", 2),
    "ProposeCancellation": _propose_cancellation,
    "ConfirmCancellation": _confirm_cancellation,
    "HoldOrder": lambda pen, order: _legal(pen, order, "HoldOrder"),
    "LiftHold": lambda pen, order: _legal(pen, order, "LiftHold"),
    "TransferRight": _transfer_right,
    "AcceptRight": _accept_right,
    "ProposeReinstatement": _propose_reinstatement,
    "ConfirmReinstatement": _confirm_reinstatement,
    "SetCondition": _set_condition,
}
# The lane acts that do something to a right in each state.
_USUAL: Mapping[str, set[int]] = {
    "GateOut": {RightState.READY},
    "InterchangeOut": {RightState.USED},
    "ReturnEmpty": {RightState.USED},
    "InterchangeIn": {RightState.USED, RightState.RETURNED},
}
