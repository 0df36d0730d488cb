"""A delivery order as it stands: its conditions, whether a lien is on the title, its rights."""

from typing import Any

from sqlmodel import Session, col, select

from api.http.errors import NothingHere
from api.http.reads.wording import moment, someone, word
from identity.acts.words import ConditionKind, OrderState, RightState, TitleState
from node.store.projections import (
    NOBODY,
    DeliveryOrder,
    OrderCondition,
    OrderHold,
    PickupRight,
    Title,
)

# A surrender ends the claims on a title; only one that lives again may be pledged.
UNBURDENED = (TitleState.SURRENDERED, TitleState.DELIVERED)


def find_order(session: Session, order: str) -> DeliveryOrder:
    """Return the order's row; raises NothingHere."""
    row = session.get(DeliveryOrder, order)
    if row is None:
        raise NothingHere("This node knows no delivery order of this id.", object=order)
    return row


def conditions_of(session: Session, order: str) -> list[OrderCondition]:
    """Return the order's conditions by kind."""
    query = select(OrderCondition).where(col(OrderCondition.order) == order)
    return list(session.exec(query.order_by(col(OrderCondition.kind))))


def rights_of(session: Session, order: str) -> list[PickupRight]:
    """Return the order's pickup rights, one a container, by id."""
    query = select(PickupRight).where(col(PickupRight.order) == order)
    return list(session.exec(query.order_by(col(PickupRight.id))))


def holds_of(session: Session, order: str) -> list[OrderHold]:
    """Return the authorities' holds of the order, the first first."""
    query = select(OrderHold).where(col(OrderHold.delivery_order) == order)
    return list(session.exec(query.order_by(col(OrderHold.held_block), col(OrderHold.order))))


def order_json(
    session: Session, row: DeliveryOrder, numbers: dict[str, str], now: int
) -> dict[str, Any]:
    """Return the order in words; ``now`` in UTC seconds.

    Args:
        numbers: container tag to number, for the containers whose salt this member holds.
    """
    title = session.get(Title, row.title)
    return {
        "id": row.id,
        "title": row.title,
        "state": word(OrderState, row.state),
        "counter": row.counter,
        "root": row.root,
        "carrier": row.carrier,
        "terminal": row.terminal,
        "conditions": [condition_json(given) for given in conditions_of(session, row.id)],
        "lien_free": title is not None and title.state in UNBURDENED,
        "holds": [_hold(hold) for hold in holds_of(session, row.id)],
        "cancellation": someone(row.cancellation),
        "rights": [right_json(right, numbers, now) for right in rights_of(session, row.id)],
    }


def condition_json(row: OrderCondition) -> dict[str, Any]:
    """Return one condition in words."""
    return {
        "id": row.id,
        "kind": word(ConditionKind, row.kind),
        "member": row.member,
        "met": row.met == 1,
        "reference": someone(row.reference),
        "counter": row.counter,
    }


def _hold(row: OrderHold) -> dict[str, Any]:
    return {
        "legal_order": row.order,
        "authority": row.member,
        "port": row.port,
        "stands": row.lifted_block is None,
    }


def right_json(row: PickupRight, numbers: dict[str, str], now: int) -> dict[str, Any]:
    """Return one pickup right in words; the number only where this member can know it."""
    return {
        "id": row.id,
        "container": numbers.get(row.container),
        "container_tag": row.container,
        "state": word(RightState, row.state),
        "counter": row.counter,
        "early_attempts": row.early_attempts,
        "used_lane": someone(row.used_lane),
        "used_at": moment(row.used_at),
        "used_reports": someone(row.used_reports),
        "returned_at": moment(row.returned_at),
        "owner": someone(row.owner),
        "offer": _offer(row, now),
        "reinstatement": someone(row.reinstatement),
        "interchange_out": _interchange(row.out_at, row.damage_out),
        "interchange_in": _interchange(row.in_at, row.damage_in),
    }


def _offer(row: PickupRight, now: int) -> dict[str, Any] | None:
    if row.offer == NOBODY:
        return None
    return {
        "digest": row.offer,
        "to": row.offered_to,
        "deadline": moment(row.deadline),
        "lapsed": now > row.deadline,
    }


def _interchange(at: int, damage: str) -> dict[str, Any] | None:
    return {"at": moment(at), "damage": damage} if at else None
