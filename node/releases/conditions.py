"""Conditions of a delivery order: only the member named for one says whether it is met.

An authority's node says so only for a title of which it has been told what the rulebook entitles
it to: a disclosure of the very root that the title has.
"""

from typing import Literal

from identity.acts.objects import condition_id
from identity.acts.words import ConditionKind, OrderState, Role
from identity.policy.decide import Facts
from node.commands.bodies import NOBODY, Body, Id, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.store.projections import DeliveryOrder, OrderCondition, Title
from node.titles.rules import answering_for

KindName = Literal["freight", "customs", "terminal", "inspection", "quarantine", "verified_mass"]
AUTHORITIES = {
    ConditionKind.CUSTOMS: Role.CUSTOMS,
    ConditionKind.INSPECTION: Role.INSPECTION,
    ConditionKind.QUARANTINE: Role.QUARANTINE,
}


class SetConditionBody(Body):
    """Say whether a condition is met; ``reference`` is the hash of the member's own record."""

    order: Id
    kind: KindName
    met: bool = True
    reference: Id = NOBODY


def prepare_set_condition(context: Context, body: SetConditionBody) -> Prepared:
    """Set this member's condition of an order. Raises: ContractRefused, and what
    ``Statutory.require_disclosure`` raises."""
    order, condition = _find(context, body)
    if order.state != OrderState.OPEN:
        raise refusal_named("WrongState", object=order.id, state=order.state)
    if condition.kind in AUTHORITIES:
        title = context.session.get_one(Title, order.title)
        context.node.statutory.require_disclosure(context.session, title)
    return Prepared(
        to_bytes(condition.id),
        condition.counter,
        {
            "order": to_bytes(order.id),
            "met": int(body.met),
            "reference": to_bytes(body.reference),
        },
    )


def condition_facts(context: Context, body: SetConditionBody) -> Facts:
    """Return who may set the condition. Raises: ContractRefused (ObjectUnknown)."""
    _, condition = _find(context, body)
    named = condition.member
    if condition.kind == ConditionKind.FREIGHT:
        named = answering_for(context, named)
    return Facts(node=context.member, condition_member=named)


def _find(context: Context, body: SetConditionBody) -> tuple[DeliveryOrder, OrderCondition]:
    order = context.session.get(DeliveryOrder, body.order)
    if order is None:
        raise refusal_named("ObjectUnknown", object=body.order)
    kind = ConditionKind[body.kind.upper()]
    object_id = to_hex(condition_id(to_bytes(order.id), kind))
    condition = context.session.get(OrderCondition, object_id)
    if condition is None:
        raise refusal_named("ObjectUnknown", object=object_id)
    return order, condition
