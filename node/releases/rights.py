"""Pickup rights: passed on to a truck company, and alive again after a misread used one."""

from identity.acts.typed import Value
from identity.acts.words import Direction, RightState, Role
from identity.policy.decide import Facts
from node.commands.bodies import (
    DEFAULT_DEADLINE_SECONDS,
    NOBODY,
    Body,
    DeadlineSeconds,
    Id,
    to_bytes,
)
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.releases.standing import require_right_state, right_at, right_facts
from node.store.projections import PickupRight


class TransferRightBody(Body):
    """Offer a pickup right to a truck company; a later offer takes the place of an earlier one."""

    right: Id
    to: Id
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS


class AcceptRightBody(Body):
    """Accept the pickup right that was offered with this digest."""

    right: Id
    offer: Id


class ProposeReinstatementBody(Body):
    """Name the misread that used a right: the hash of the reports with which it was used."""

    right: Id
    report: Id


class ConfirmReinstatementBody(Body):
    """Confirm the misread that the terminal named; ``proposal`` is its act's digest."""

    right: Id
    proposal: Id


def prepare_transfer_right(context: Context, body: TransferRightBody) -> Prepared:
    """Offer the right to a truck company. Raises: ContractRefused."""
    right, standing = right_at(context, body.right)
    standing.require_open()
    require_right_state(right, RightState.READY)
    standing.require_free()
    if body.to == context.member:
        raise refusal_named("OfferToOwner", right=right.id)
    context.active_member(body.to, Role.TRUCK)
    deadline = context.now + body.deadline_seconds
    return _on_right(right, {"to": to_bytes(body.to), "deadline": deadline})


def offered_facts(context: Context, body: AcceptRightBody) -> Facts:
    """Return whom the right was offered to. Raises: ContractRefused (also RightNotOffered)."""
    right, _ = right_at(context, body.right)
    if right.offered_to == NOBODY:
        raise refusal_named("RightNotOffered", right=right.id)
    return right_facts(context, body)


def prepare_accept_right(context: Context, body: AcceptRightBody) -> Prepared:
    """Accept the right. Raises: ContractRefused."""
    right, standing = right_at(context, body.right)
    standing.require_open()
    require_right_state(right, RightState.READY)
    if body.offer != right.offer:
        raise refusal_named(
            "RightOfferMismatch", right=right.id, offer=right.offer, given=body.offer
        )
    if context.now > right.deadline:
        raise refusal_named("RightOfferLapsed", right=right.id, deadline=right.deadline)
    standing.require_free()
    context.active_member(standing.owner_of(right))
    return _on_right(right, {"offer": to_bytes(body.offer)})


def prepare_propose_reinstatement(context: Context, body: ProposeReinstatementBody) -> Prepared:
    """Name the misread, as terminal. Raises: ContractRefused."""
    right = _used(context, body.right)
    if body.report != right.used_reports:
        raise refusal_named(
            "ReportsMismatch", right=right.id, reports=right.used_reports, given=body.report
        )
    return _on_right(right, {"report": to_bytes(body.report)})


def prepare_confirm_reinstatement(context: Context, body: ConfirmReinstatementBody) -> Prepared:
    """Let the right live again, as who answers for the carrier. Raises: ContractRefused."""
    right = _used(context, body.right)
    if right.reinstatement == NOBODY or body.proposal != right.reinstatement:
        raise refusal_named(
            "NotTheProposal", object=right.id, proposal=right.reinstatement, given=body.proposal
        )
    return _on_right(right, {"proposal": to_bytes(body.proposal)})


def _used(context: Context, right_id: str) -> PickupRight:
    """Return a right that was used, of an open order, whose container was not handed in again."""
    right, standing = right_at(context, right_id)
    standing.require_open()
    require_right_state(right, RightState.USED)
    if right.in_at:
        raise refusal_named("InterchangeRecorded", right=right.id, direction=int(Direction.IN))
    return right


def _on_right(right: PickupRight, fields: dict[str, Value]) -> Prepared:
    return Prepared(to_bytes(right.id), right.counter, fields)
