"""What a command is about, as limits and approvals ask: operation, ports, value, what was done.

Read only where the member's authority file asks for it. The value is the one that the carrier's
document declares (``declaredValue``); it stays in this node and never reaches the ledger.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from sqlmodel import col, select

from identity.acts.words import Capacity
from identity.policy.mandate import PLEDGE, TAKE_PLEDGE, Mandate, Money, Terms
from node.commands.bodies import Body, Stated
from node.commands.preparing import Context
from node.documents.errors import DocumentNotHeld, PortUnknown
from node.store.commands import EXPIRED, REFUSED, Command
from node.store.device_projections import Device
from node.store.projections import DeliveryOrder, OrderCondition, PickupRight, Title


def terms_of(context: Context, verb: str, body: Body, mandate: Mandate, subject: str) -> Terms:
    """Return the terms of a command that ``subject`` asks for; the document is read if needed."""
    title = _title(context, body)
    operation = _operation(verb, body, title)
    asks_value = mandate.asks_value(operation)
    return Terms(
        operation=operation,
        at=context.now,
        ports=_ports(context, body, title),
        value=_declared(context, body, title) if asks_value else None,
        stated=_stated(getattr(body, "value", None)),
        done=_done(context, body, title, subject) if mandate.apart.get(verb) else frozenset(),
    )


def terms_to_json(terms: Terms, asked_by: str) -> dict[str, Any]:
    """Return what an approver is shown, and signs with the act: never put on the ledger."""
    return {
        "asked_by": asked_by,
        "operation": terms.operation,
        "ports": None if terms.ports is None else sorted(terms.ports),
        "value": None if terms.value is None else terms.value.to_json(),
        "stated": None if terms.stated is None else terms.stated.to_json(),
    }


def _operation(verb: str, body: Body, title: Title | None) -> str:
    if verb == "Offer" and getattr(body, "capacity", None) == "pledgee":
        return PLEDGE
    if verb == "Accept" and title is not None and not title.offer_purpose:
        return TAKE_PLEDGE if title.offer_capacity == Capacity.PLEDGEE else verb
    return verb


def _title(context: Context, body: Body) -> Title | None:
    """Return the title that the body is about, by itself, its order or its right."""
    order = getattr(body, "order", None)
    right = getattr(body, "right", None)
    if right is not None and hasattr(body, "wrong"):
        return None  # a corrected report's hash, no pickup right
    if right is not None:
        found = context.get(PickupRight, right)
        order = None if found is None else found.order
    if order is not None:
        standing = context.get(DeliveryOrder, order)
        return None if standing is None else context.get(Title, standing.title)
    title = getattr(body, "title", None)
    return None if title is None else context.get(Title, title)


def _ports(context: Context, body: Body, title: Title | None) -> frozenset[str] | None:
    numbers: list[int] = []
    if title is not None:
        numbers = [title.loading, title.discharge]
    elif isinstance(getattr(body, "port", None), int):
        numbers = [cast("Any", body).port]
    elif (device := _device(context, body)) is not None:
        numbers = [device.port]
    elif isinstance(document := getattr(body, "document", None), dict):
        return _ports_of(document)
    names = frozenset(_names(context, numbers))
    return names or None


def _names(context: Context, numbers: list[int]) -> Iterator[str]:
    for number in numbers:
        try:
            yield context.node.rulebook.port_name(number)
        except PortUnknown:
            continue


def _device(context: Context, body: Body) -> Device | None:
    about = getattr(body, "device", None) or getattr(body, "lane", None)
    return context.get(Device, about) if isinstance(about, str) else None


def _ports_of(document: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the ports of a bill that is not issued yet; its check follows."""
    transports = document.get("transports")
    places = transports if isinstance(transports, dict) else {}
    found = [places.get(name) for name in ("portOfLoading", "portOfDischarge")]
    codes = [place.get("UNLocationCode") for place in found if isinstance(place, dict)]
    return frozenset(code for code in codes if isinstance(code, str)) or None


def _declared(context: Context, body: Body, title: Title | None) -> Money | None:
    document: Any = getattr(body, "document", None)
    if title is not None:
        try:
            document = context.node.documents.read_document(context.session, title.root)
        except DocumentNotHeld:
            return None
    if not isinstance(document, dict):
        return None
    amount, currency = document.get("declaredValue"), document.get("declaredValueCurrency")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return None
    # JSON's number, as its shortest decimal text says it.
    if not isinstance(currency, str) or not 0 <= amount < 10**18:
        return None
    return Money(Decimal(repr(amount)), currency)


def _stated(value: Stated | None) -> Money | None:
    return None if value is None else Money.of(value.amount, value.currency)


def _done(context: Context, body: Body, title: Title | None, subject: str) -> frozenset[str]:
    """Return the acts that the subject has had done on the same title with all below it."""
    session = context.session
    if title is not None:
        orders = session.exec(select(DeliveryOrder.id).where(DeliveryOrder.title == title.id)).all()
        below = [
            *session.exec(select(PickupRight.id).where(col(PickupRight.order).in_(orders))),
            *session.exec(select(OrderCondition.id).where(col(OrderCondition.order).in_(orders))),
        ]
        objects = [title.id, *orders, *below]
    else:
        device = _device(context, body)
        objects = [] if device is None else [device.id]
    query = select(Command.verb).where(
        Command.subject == subject,
        col(Command.object).in_(objects),
        col(Command.state).not_in((REFUSED, EXPIRED)),
    )
    return frozenset(session.exec(query))
