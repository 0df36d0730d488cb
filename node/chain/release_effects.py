"""What acts of Releases and Devices do to the tables of orders, conditions, rights and lanes."""

from typing import cast

from identity.acts.objects import condition_id, right_id
from identity.acts.words import OrderState, RightState
from node.chain.act_rows import missing, next_row, number, numbers, require_first, text, words
from node.chain.events import Event
from node.store.projections import (
    NOBODY,
    DeliveryOrder,
    Lane,
    OrderCondition,
    PickupRight,
    Title,
)
from node.store.rows import Rows


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
        rows.put(
            PickupRight,
            id="0x" + right_id(order, container).hex(),
            order=event.object,
            container="0x" + container.hex(),
            terminal=terminal,
            state=int(RightState.READY),
            counter=0,
            early_attempts=0,
            used_lane=NOBODY,
            used_at=0,
            returned_lane=NOBODY,
            returned_at=0,
        )


def _set_condition(rows: Rows, event: Event) -> None:
    next_row(rows, event, OrderCondition).update(
        met=bool(event.fields["met"]), reference=text(event.fields, "reference")
    )


def order_followed(rows: Rows, event: Event) -> None:
    order = next_row(rows, event, DeliveryOrder)
    order.update(state=event.state, last_block=event.block)


def _lane_moved(rows: Rows, event: Event) -> str:
    lane_id = text(event.fields, "lane")
    lane = rows.change(Lane, lane_id)
    if lane is None:
        raise missing(event, None)
    lane["device_counter"] = number(event.fields, "deviceCounter")
    return lane_id


def _gate_out(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(
        state=int(RightState.USED),
        used_lane=_lane_moved(rows, event),
        used_at=number(event.fields, "time"),
    )


def _gate_out_too_early(rows: Rows, event: Event) -> None:
    right = next_row(rows, event, PickupRight)
    right["early_attempts"] += 1
    _lane_moved(rows, event)


def _return_empty(rows: Rows, event: Event) -> None:
    next_row(rows, event, PickupRight).update(
        state=int(RightState.RETURNED),
        returned_lane=_lane_moved(rows, event),
        returned_at=number(event.fields, "time"),
    )


def _register_lane(rows: Rows, event: Event) -> None:
    require_first(event)
    fields = event.fields
    rows.put(
        Lane,
        id=event.object,
        principal=event.principal,
        key=text(fields, "key"),
        kind=number(fields, "kind"),
        port=number(fields, "port"),
        calibrated_until=number(fields, "calibratedUntil"),
        in_service=True,
        counter=event.counter,
        device_counter=0,
    )


RELEASE_EFFECTS = {
    "OpenOrder": _open_order,
    "SetCondition": _set_condition,
    "GateOut": _gate_out,
    "ReturnEmpty": _return_empty,
    "RegisterLane": _register_lane,
}

RECORDED_EFFECTS = {"GateOut": _gate_out_too_early}
