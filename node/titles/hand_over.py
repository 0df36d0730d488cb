"""Handing a title over: offer it, accept, decline, withdraw.

An offer is signed only after the other side's node has acknowledged the document, and accepted
only after this node has checked what it holds against the title ("deliver first").
"""

from collections.abc import Sequence
from typing import Literal

from identity.acts.typed import Value
from identity.acts.words import Capacity, Endorsement, Role, SurrenderPurpose, TitleState
from node.commands.bodies import (
    DEFAULT_DEADLINE_SECONDS,
    Body,
    DeadlineSeconds,
    Id,
    Stated,
    to_bytes,
)
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.store.projections import Title
from node.titles import rules


class OfferBody(Body):
    """Offer a title to a member: as its next holder, or as security for a bank."""

    title: Id
    to: Id
    capacity: Literal["holder", "pledgee"] = "holder"
    endorsement: Literal["none", "named", "blank"] = "none"
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS
    value: Stated | None = None


class AcceptBody(Body):
    """Accept the offer with this digest; ``root``, when given, must be the title's."""

    title: Id
    offer: Id
    root: Id | None = None
    value: Stated | None = None


class OfferAnswerBody(Body):
    """Decline or withdraw the offer with this digest."""

    title: Id
    offer: Id


def prepare_offer(context: Context, body: OfferBody) -> Prepared:
    """Offer the title; the document goes to ``to`` first.

    Raises: ContractRefused, and what DocumentService raises when the document is not held.
    """
    title = context.title(body.title)
    rules.require_state(title, TitleState.ISSUED, TitleState.LIVE)
    rules.require_movable(title, context.member, context.now)
    rules.require_no_offer(title, context.now)
    if body.to == context.member:
        raise refusal_named("OfferToSelf", title=title.id)
    context.active_member(body.to, Role.BANK if body.capacity == "pledgee" else None)
    delivery = context.deliver(title.root, body.to)
    return on_title(
        title,
        {
            "to": to_bytes(body.to),
            "capacity": int(Capacity[body.capacity.upper()]),
            "endorsement": int(Endorsement[body.endorsement.upper()]),
            "deadline": context.now + body.deadline_seconds,
            "root": to_bytes(title.root),
        },
        deliveries=[delivery],
    )


def check_document(context: Context, body: AcceptBody) -> str:
    """Check that the document held here is the title's; return the root that was checked.

    No check is made for a surrender: there the carrier takes back its own bill.

    Raises: what DocumentService.accept_check and Companions.require raise.
    """
    title = context.title(body.title)
    _require_acceptable(context, title, body)
    context.node.companions.require(context.session, title.offer_act)
    if not title.offer_purpose:
        context.node.documents.accept_check(context.session, title)
    return title.root


def prepare_accept(context: Context, body: AcceptBody, checked_root: str) -> Prepared:
    """Accept the offer, of the document that was checked. Raises: ContractRefused."""
    title = context.title(body.title)
    _require_acceptable(context, title, body)
    rules.require_root(title, checked_root)
    return on_title(title, {"offer": to_bytes(body.offer), "root": to_bytes(title.root)})


def _require_acceptable(context: Context, title: Title, body: AcceptBody) -> None:
    rules.require_same_offer(title, body.offer)
    if title.offer_purpose == SurrenderPurpose.AMENDMENT:
        raise refusal_named("PurposeUnknown", purpose=title.offer_purpose)
    rules.require_unfrozen(title)
    if body.root is not None:
        rules.require_root(title, body.root)
    rules.require_in_time(title, context.now)


def prepare_end(context: Context, body: OfferAnswerBody) -> Prepared:
    """Decline the offer, or take one's own back. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_same_offer(title, body.offer)
    return on_title(title, {"offer": to_bytes(body.offer)})


def on_title(title: Title, fields: dict[str, Value], deliveries: Sequence[int] = ()) -> Prepared:
    """Return an act on ``title`` as it stands now."""
    return Prepared(to_bytes(title.id), title.counter, fields, deliveries)
