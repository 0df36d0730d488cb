"""What authorities do to a title under an order: freeze, lift, and a transfer by two of them.

An order is named by its hash. The port is the first of the title's, discharge before loading, at
which this member is assigned as such an authority.
"""

from typing import Protocol

from identity.acts.typed import Value
from identity.acts.words import FreezeStage, TitleState
from identity.policy.decide import Facts
from node.commands.bodies import Body, Id, to_bytes
from node.commands.preparing import TITLE_AUTHORITIES, Context, Prepared
from node.commands.refusals import refusal_named
from node.store.projections import Title, TitleFreeze
from node.titles import rules


class TitleOrderBody(Body):
    """Freeze a title under ``legal_order``, an order's hash, or lift that freeze."""

    title: Id
    legal_order: Id


class ProposeTransferBody(Body):
    """Propose, under the order that froze it, that the title passes to ``to``."""

    title: Id
    legal_order: Id
    to: Id
    ends_lien: bool


class ConfirmTransferBody(Body):
    """Confirm the transfer that another authority proposed; ``proposal`` is its digest."""

    title: Id
    legal_order: Id
    proposal: Id


class UnderOrder(Protocol):
    """A body that names a title and an order."""

    @property
    def title(self) -> str: ...
    @property
    def legal_order(self) -> str: ...


def authority_facts(context: Context, body: UnderOrder) -> Facts:
    """Return who is an authority for the title. Raises: ContractRefused (ObjectUnknown)."""
    assigned = _port(context, context.title(body.title)) is not None
    return Facts(node=context.member, authority=context.member if assigned else None)


def freezer_facts(context: Context, body: UnderOrder) -> Facts:
    """Return who may lift the freeze. Raises: ContractRefused (also NotFrozenUnder)."""
    title = context.title(body.title)
    freeze = _standing(context, title, body.legal_order)
    lifting = context.lifting((title.discharge, title.loading), TITLE_AUTHORITIES, freeze.member)
    return Facts(node=context.member, ordering_authority=lifting)


def second_facts(context: Context, body: UnderOrder) -> Facts:
    """Return who may confirm a transfer. Raises: ContractRefused (also NotFrozenUnder)."""
    title = context.title(body.title)
    freeze = _standing(context, title, body.legal_order)
    second = _port(context, title) is not None and freeze.proposed_by != context.member
    return Facts(node=context.member, second_authority=context.member if second else None)


def prepare_freeze(context: Context, body: TitleOrderBody) -> Prepared:
    """Freeze the title. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.ISSUED, TitleState.LIVE, TitleState.SURRENDERED)
    if context.session.get(TitleFreeze, (title.id, body.legal_order)) is not None:
        raise refusal_named("OrderUsed", title=title.id, order=body.legal_order)
    return _under(context, title, body)


def prepare_lift(context: Context, body: TitleOrderBody) -> Prepared:
    """Lift this authority's freeze. Raises: ContractRefused."""
    title = context.title(body.title)
    _standing(context, title, body.legal_order)
    return _under(context, title, body)


def prepare_propose_transfer(context: Context, body: ProposeTransferBody) -> Prepared:
    """Propose a transfer once the freeze has stood its time. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.LIVE)
    freeze = _standing(context, title, body.legal_order)
    if freeze.stage != FreezeStage.FROZEN:
        raise refusal_named("OrderUsed", title=title.id, order=body.legal_order)
    if context.now < freeze.transferable_from:
        raise refusal_named("TooEarly", title=title.id, time=freeze.transferable_from)
    _require_receiver(context, title, body.to)
    return _under(context, title, body, to=to_bytes(body.to), endsLien=int(body.ends_lien))


def prepare_confirm_transfer(context: Context, body: ConfirmTransferBody) -> Prepared:
    """Confirm the proposed transfer, as the second authority. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.LIVE)
    freeze = _standing(context, title, body.legal_order)
    if freeze.stage != FreezeStage.PROPOSED or freeze.proposal != body.proposal:
        raise refusal_named(
            "ProposalMismatch", title=title.id, order=body.legal_order, given=body.proposal
        )
    _require_receiver(context, title, freeze.proposed_to)
    context.node.companions.require(context.session, body.proposal)
    return _under(context, title, body, proposal=to_bytes(body.proposal))


def _require_receiver(context: Context, title: Title, to: str) -> None:
    context.active_member(to)
    if to == title.pledgee:
        raise refusal_named("PledgeeNeverHolds", title=title.id, pledgee=to)


def _standing(context: Context, title: Title, order: str) -> TitleFreeze:
    freeze = context.session.get(TitleFreeze, (title.id, order))
    if freeze is None or freeze.stage == FreezeStage.LIFTED:
        raise refusal_named("NotFrozenUnder", title=title.id, order=order)
    return freeze


def _port(context: Context, title: Title) -> int | None:
    return context.assigned_port((title.discharge, title.loading), TITLE_AUTHORITIES)


def _under(context: Context, title: Title, body: UnderOrder, **fields: Value) -> Prepared:
    """Return an act of authority: it names no counter of the title."""
    port = _port(context, title)
    if port is None:
        raise refusal_named(
            "NotAssigned", port=title.discharge, role=int(TITLE_AUTHORITIES), member=context.member
        )
    terms: dict[str, Value] = {"port": port, "order": to_bytes(body.legal_order)}
    return Prepared(to_bytes(title.id), 0, terms | fields)
