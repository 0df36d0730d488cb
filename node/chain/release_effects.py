"""What acts of Releases do to the tables of orders, conditions and pickup rights."""

from typing import cast

from identity.acts.objects import condition_id, right_id
from identity.acts.words import Direction, OrderState, RightState
from node.chain.act_rows import missing, next_row, number, numbers, require_first, text, words
from node.chain.device_effects import device_moved
from node.chain.events import Event
from node.store.projections import (
    NOBODY,
    DeliveryOrder,
    OrderCondition,
    OrderHold,
    PickupRight,
    Title,
)
from node.store.rows import Row, Rows


def _open_order(rows: Rows, event: Event) -> None:
    require_first(event)
    fields = event.fields
    title = rows.get(Title, text(fields, "title"))
    if title is None:
        raise missing(event, None)
    terminal = text(fields, "terminal")
    rows.put(
        DeliveryOrder,
        id=event.object,
        title=title["id"],
        state=int(OrderState.OPEN),
        counter=event.counter,
        root=text(fields, "root"),
        carrier=event.principal,
        terminal=terminal,
        port=title["discharge"],
        holds=0,
        cancellation=NOBODY,
        opened_block=event.block,
        last_block=event.block,
    )
    order = cast(bytes, fields["object"])
    kinds = numbers(fields, "kinds")
    members = words(fields, "members")
    for kind, member in zip(kinds, members, strict=True):
        rows.put(
            OrderCondition,
            id="0x" + condition_id(order, kind).hex(),
            order=event.object,
            kind=kind,
            member="0x" + member.hex(),
            met=False,
            reference=NOBODY,
            counter=0,
        )
    for container in words(fields, "containers"):
        _put_right(rows, event, order, container)


def _put_right(rows: Rows, event: Event, order: bytes, container: bytes) -> None:
    rows.put(
        PickupRight,
        id="0x" + right_id(order, container).hex(),
        order=event.object,
        container="0x" + container.hex(),
        terminal=text(event.fields, "terminal"),
        state=int(RightState.READY),
        counter=0,
        early_attempts=0,
        used_lane=NOBODY,
        used_at=0,
        used_reports=NOBODY,
        returned_lane=NOBODY,
        returned_at=0,
        owner=NOBODY,
        offered_to=NOBODY,
        offer=NOBODY,
        deadline=0,
        reinstatement=NOBODY,
        damage_out=NOBODY,
        out_at=0,
        damage_in=NOBODY,
        in_at=0,
    )


def _set_condition(rows: Rows, event: Event) -> None:
    next_row(rows, event, OrderCondition).update(
        met=bool(event.fields["met"]), reference=text(event.fields, "reference")
    )


def order_followed(rows: Rows, event: Event) -> None:
    """The last container's return or interchange closed the order."""
    _order(rows, event)["state"] = event.state


def _order(rows: Rows, event: Event) -> Row:
    order = next_row(rows, event, DeliveryOrder)
    order["last_block"] = event.block
    return order


def _hold_order(rows: Rows, event: Event) -> None:
    _order(rows, event)["holds"] += 1
    rows.put(
        OrderHold,
        delivery_order=event.object,
        order=text(event.fields, "order"),
        member=event.principal,
        port=number(event.fields, "port"),
        held_block=event.block,
        lifted_block=None,
    )


def _lift_hold(rows: Rows, event: Event) -> None:
    hold = rows.change(OrderHold, event.object, text(event.fields, "order"))
    if hold is None:
        raise missing(event, None)
    _order(rows, event)["holds"] -= 1
    hold["lifted_block"] = event.block


def _propose_cancellation(rows: Rows, event: Event) -> None:
    _order(rows, event)["cancellation"] = event.digest


def _confirm_cancellation(rows: Rows, event: Event) -> None:
    _order(rows, event)["state"] = int(OrderState.CANCELLED)


_NO_OFFER = {"offered_to": NOBODY, "offer": NOBODY, "deadline": 0}


def _gate_out(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(
        _NO_OFFER,
        state=int(RightState.USED),
        used_lane=device_moved(rows, event),
        used_at=number(event.fields, "time"),
        used_reports=text(event.fields, "reports"),
    )


def _gate_out_too_early(rows: Rows, event: Event) -> None:
    right = next_row(rows, event, PickupRight)
    right["early_attempts"] += 1
    device_moved(rows, event)


def _seen_in_vain(rows: Rows, event: Event) -> None:
    """A lane saw a container of a cancelled order: the act is kept, the right stays."""
    next_row(rows, event, PickupRight)
    device_moved(rows, event)


def _return_empty(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(
        state=int(RightState.RETURNED),
        returned_lane=device_moved(rows, event),
        returned_at=number(event.fields, "time"),
    )


def _record_interchange(rows: Rows, event: Event) -> None:
    right = next_row(rows, event, PickupRight)
    way = "out" if event.fields["direction"] == Direction.OUT else "in"
    right[f"damage_{way}"] = text(event.fields, "damage")
    right[f"{way}_at"] = number(event.fields, "time")
    device_moved(rows, event)


def _transfer_right(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(
        offered_to=text(event.fields, "to"),
        offer=event.digest,
        deadline=number(event.fields, "deadline"),
    )


def _accept_right(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(_NO_OFFER, owner=event.principal)


def _propose_reinstatement(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight)["reinstatement"] = event.digest


def _confirm_reinstatement(rows: Rows, event: Event) -> None:
    """The misread stays in the events; ``used_reports`` still names it."""
    next_row(rows, event, PickupRight).update(
        state=int(RightState.READY),
        used_lane=NOBODY,
        used_at=0,
        reinstatement=NOBODY,
        damage_out=NOBODY,
        out_at=0,
    )


RELEASE_EFFECTS = {
    "OpenOrder": _open_order,
    "SetCondition": _set_condition,
    "GateOut": _gate_out,
    "ReturnEmpty": _return_empty,
    "RecordInterchange": _record_interchange,
    "TransferRight": _transfer_right,
    "AcceptRight": _accept_right,
    "HoldOrder": _hold_order,
    "LiftHold": _lift_hold,
    "ProposeReinstatement": _propose_reinstatement,
    "ConfirmReinstatement": _confirm_reinstatement,
    "ProposeCancellation": _propose_cancellation,
    "ConfirmCancellation": _confirm_cancellation,
}

RECORDED_EFFECTS = {
    "GateOut": _gate_out_too_early,
    "ReturnEmpty": _seen_in_vain,
    "RecordInterchange": _seen_in_vain,
}
