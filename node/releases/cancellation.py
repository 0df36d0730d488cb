"""Cancelling a delivery order of which nothing was picked up: carrier and holder together."""

from sqlmodel import Session, col, func, select

from identity.acts.words import RightState
from node.commands.bodies import NOBODY, Body, Id, to_bytes
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.releases.standing import Standing, order_at
from node.store.projections import PickupRight


class ProposeCancellationBody(Body):
    """Propose to cancel an order; ``reason`` is the hash of the carrier's own record."""

    order: Id
    reason: Id = NOBODY


class ConfirmCancellationBody(Body):
    """Confirm the cancellation that was proposed with this digest; the title lives again."""

    order: Id
    proposal: Id


def prepare_propose_cancellation(context: Context, body: ProposeCancellationBody) -> Prepared:
    """Propose it, as who answers for the carrier. Raises: ContractRefused."""
    standing = _cancellable(context, body.order)
    reason = to_bytes(body.reason)
    return Prepared(to_bytes(standing.order.id), standing.order.counter, {"reason": reason})


def prepare_confirm_cancellation(context: Context, body: ConfirmCancellationBody) -> Prepared:
    """Confirm it, as who surrendered the title. Raises: ContractRefused."""
    standing = _cancellable(context, body.order)
    standing.require_free()
    order = standing.order
    if order.cancellation == NOBODY or body.proposal != order.cancellation:
        raise refusal_named(
            "NotTheProposal", object=order.id, proposal=order.cancellation, given=body.proposal
        )
    return Prepared(to_bytes(order.id), order.counter, {"proposal": to_bytes(body.proposal)})


def _cancellable(context: Context, order_id: str) -> Standing:
    standing = order_at(context, order_id)
    standing.require_open()
    gone = _gone(context.session, order_id)
    if gone:
        raise refusal_named("ContainersGone", order=order_id, gone=gone)
    return standing


def _gone(session: Session, order_id: str) -> int:
    """Return how many of the order's rights were used."""
    used = select(func.count()).where(
        PickupRight.order == order_id, col(PickupRight.state) != int(RightState.READY)
    )
    return int(session.exec(used).one())
