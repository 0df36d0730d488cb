"""An authority holds a delivery order under a legal order, named by its hash, and lifts it."""

from typing import Protocol

from identity.acts.typed import Value
from identity.policy.decide import Facts
from node.commands.bodies import Body, Id, to_bytes
from node.commands.preparing import RELEASE_AUTHORITIES, Context, Prepared
from node.commands.refusals import refusal_named
from node.releases.standing import Standing, authority_port, order_at
from node.store.projections import OrderHold


class HoldBody(Body):
    """Hold the delivery order ``order`` under ``legal_order``, or lift that hold."""

    order: Id
    legal_order: Id


class UnderOrder(Protocol):
    """A body that names a delivery order and an authority's order."""

    @property
    def order(self) -> str: ...
    @property
    def legal_order(self) -> str: ...


def holder_facts(context: Context, body: UnderOrder) -> Facts:
    """Return who may lift the hold. Raises: ContractRefused (ObjectUnknown, NotHeldUnder)."""
    standing = order_at(context, body.order)
    hold = context.session.get(OrderHold, (standing.order.id, body.legal_order))
    if hold is None or hold.lifted_block is not None:
        raise refusal_named("NotHeldUnder", order=body.order, legalOrder=body.legal_order)
    ports = (standing.title.discharge, standing.title.loading)
    lifting = context.lifting(ports, RELEASE_AUTHORITIES, hold.member)
    return Facts(node=context.member, ordering_authority=lifting)


def prepare_hold_order(context: Context, body: HoldBody) -> Prepared:
    """Hold the release. Raises: ContractRefused."""
    standing = order_at(context, body.order)
    standing.require_open()
    if context.session.get(OrderHold, (standing.order.id, body.legal_order)) is not None:
        raise refusal_named("LegalOrderUsed", order=standing.order.id, legalOrder=body.legal_order)
    return _under(context, standing, body)


def prepare_lift_hold(context: Context, body: HoldBody) -> Prepared:
    """Lift this authority's hold. Raises: ContractRefused."""
    return _under(context, order_at(context, body.order), body)


def _under(context: Context, standing: Standing, body: UnderOrder) -> Prepared:
    """Return an act of authority: it names no counter of the delivery order."""
    port = authority_port(context, standing)
    if port is None:
        raise refusal_named(
            "NotAssigned",
            port=standing.title.discharge,
            role=int(RELEASE_AUTHORITIES),
            member=context.member,
        )
    fields: dict[str, Value] = {"port": port, "order": to_bytes(body.legal_order)}
    return Prepared(to_bytes(standing.order.id), 0, fields)
