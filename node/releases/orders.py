"""Opening a delivery order: the document with its salts goes out first, then the act is signed.

Holder, terminal and every member named in a condition acknowledge the document before the order
opens, so that whoever must act on it knows which containers it is about.
"""

import secrets
from typing import Annotated

from pydantic import Field

from identity.acts.words import ConditionKind, Role, TitleState
from node.commands.bodies import Body, Id, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.documents.bill import read_bill
from node.documents.delivery_order import DeliveryOrder, build_delivery_order
from node.documents.registry import DELIVERY_ORDER
from node.documents.service import KeptDocument
from node.releases.conditions import AUTHORITIES, KindName
from node.store.projections import NOBODY, Title
from node.titles import rules


class NamedCondition(Body):
    """A condition and the one member that sets it."""

    kind: KindName
    member: Id


class OpenOrderBody(Body):
    """Open the delivery order of a title surrendered to this carrier."""

    title: Id
    terminal: Id
    conditions: Annotated[list[NamedCondition], Field(min_length=1, max_length=6)]


def keep_order(context: Context, body: OpenOrderBody) -> KeptDocument:
    """Make the delivery order document, with new salts, and put it into the vault.

    Raises: ContractRefused, DocumentNotHeld, and what ``build_delivery_order`` raises.
    """
    title = context.title(body.title)
    _require_members(context, title, body)
    bill = read_bill(context.node.documents.read_document(context.session, title.root))
    document = build_delivery_order(
        order_number=f"DO-{bill.number}",
        title=title.id,
        title_root=title.root,
        terminal=body.terminal,
        port=bill.port_of_discharge,
        conditions={given.kind: given.member for given in body.conditions},
        containers=bill.containers,
    )
    return context.node.documents.keep_own(document, DELIVERY_ORDER, title.id)


def prepare_open_order(context: Context, body: OpenOrderBody, kept: KeptDocument) -> Prepared:
    """Note the document, queue its deliveries, and state the act. Raises: ContractRefused."""
    title = context.title(body.title)
    _require_members(context, title, body)
    document = kept.content
    if not isinstance(document, DeliveryOrder):
        raise TypeError("a delivery order reads as one")
    rules.require_root(title, document.title_root)
    stored = context.node.documents.note_own(context.session, kept)
    conditions = document.conditions
    concerned = {title.holder, title.pledgee, body.terminal, *conditions.values()}
    readers = concerned - {context.member, NOBODY}
    order = secrets.token_bytes(32)
    return Prepared(
        order,
        0,
        {
            "title": to_bytes(title.id),
            "root": to_bytes(stored.root),
            "terminal": to_bytes(body.terminal),
            "kinds": [int(ConditionKind[kind.upper()]) for kind in conditions],
            "members": [to_bytes(member) for member in conditions.values()],
            "containers": [container.tag for container in document.containers],
        },
        deliveries=[context.deliver(stored.root, reader) for reader in sorted(readers)],
        result={"order": to_hex(order), "root": stored.root},
    )


def _require_members(context: Context, title: Title, body: OpenOrderBody) -> None:
    """Refuse members that the contract would not take, before anything is sent to them."""
    if title.state != TitleState.SURRENDERED:
        raise refusal_named("TitleNotSurrendered", title=title.id, state=title.state)
    context.require_assigned([title.discharge], Role.TERMINAL, body.terminal)
    if len({given.kind for given in body.conditions}) != len(body.conditions):
        raise refusal_named("ConditionsMalformed")
    for given in body.conditions:
        kind = ConditionKind[given.kind.upper()]
        if kind is ConditionKind.FREIGHT:
            named = context.member
        elif kind is ConditionKind.TERMINAL:
            named = body.terminal
        else:
            role = AUTHORITIES.get(kind, Role.TERMINAL)
            ports = [title.discharge] + [title.loading] * (kind >= ConditionKind.INSPECTION)
            context.require_assigned(ports, role, given.member)
            continue
        if given.member != named:
            raise refusal_named("ConditionsMalformed")
