"""What a title allows, read from its projection; the contract's rules, said sooner.

Who may act is the policy's question; what it is told is fetched here. Of the contract's other
rules those are repeated that a person can mend at once; the contract decides in any case.
"""

from typing import Protocol

from identity.acts.words import SurrenderPurpose, TitleState
from identity.policy.decide import Facts
from node.commands.preparing import Context
from node.commands.refusals import refusal_named
from node.store.projections import NOBODY, Member, Title


class OnTitle(Protocol):
    """A body that names a title."""

    @property
    def title(self) -> str: ...


def title_facts(context: Context, body: OnTitle) -> Facts:
    """Return who stands where to the title, for the policy.

    Raises: ContractRefused (ObjectUnknown).
    """
    title = context.title(body.title)
    answering = answering_for(context, title.carrier)
    return Facts(
        node=context.member,
        carrier=title.carrier,
        answering=answering,
        controller=title.controller,
        holder=title.holder,
        pledgee=title.pledgee,
        counterparty=answering if title.offer_purpose else title.counterparty,
        offerer=offerer_of(title),
    )


def answering_for(context: Context, carrier: str) -> str:
    """Return who answers for a carrier: itself, or the successor that the council named."""
    row = context.session.get(Member, carrier)
    return carrier if row is None or row.successor == NOBODY else row.successor


def offerer_of(title: Title) -> str:
    """Return who made the title's open offer, or would make one now.

    An amendment is asked for by the holder even where the title is pledged.
    """
    if title.holder == NOBODY:
        return title.carrier
    if title.pledgee == NOBODY or title.offer_purpose == SurrenderPurpose.AMENDMENT:
        return title.holder
    return title.pledgee


def answer_facts(context: Context, body: OnTitle) -> Facts:
    """Return the same for an answer to an offer, once there is one.

    Raises: ContractRefused (ObjectUnknown, NoOpenOffer).
    """
    require_offer(context.title(body.title))
    return title_facts(context, body)


def require_offer(title: Title) -> None:
    """Raise NoOpenOffer unless there is an offer that was neither answered nor withdrawn."""
    if title.counterparty == NOBODY:
        raise refusal_named("NoOpenOffer", title=title.id)


def require_same_offer(title: Title, offer: str) -> None:
    """Raise OfferMismatch unless the open offer's digest is ``offer``."""
    if title.offer != offer:
        raise refusal_named("OfferMismatch", title=title.id, offer=title.offer, given=offer)


def require_no_offer(title: Title, now: int) -> None:
    """Raise OfferOpen while another offer is open; a lapsed one is no hindrance."""
    if title.counterparty != NOBODY and now <= title.deadline:
        raise refusal_named("OfferOpen", title=title.id)


def require_state(title: Title, *states: TitleState) -> None:
    """Raise WrongState unless the title is in one of ``states``."""
    if title.state not in states:
        raise refusal_named("WrongState", object=title.id, state=title.state)


def require_movable(title: Title, member: str, now: int) -> None:
    """Raise TitleFrozen while a freeze stands; TitlePledged to all but an enforcing pledgee."""
    require_unfrozen(title)
    enforceable = title.pledgee == member and 0 < title.enforceable_from <= now
    if title.pledgee != NOBODY and not enforceable:
        raise refusal_named("TitlePledged", title=title.id)


def require_unfrozen(title: Title) -> None:
    """Raise TitleFrozen while an authority's freeze stands."""
    if title.freezes:
        raise refusal_named("TitleFrozen", title=title.id)


def require_no_default(title: Title) -> None:
    """Raise DefaultRecorded once the pledgor's default is recorded."""
    if title.enforceable_from:
        raise refusal_named("DefaultRecorded", title=title.id)


def require_in_time(title: Title, now: int) -> None:
    """Raise OfferLapsed once the open offer's deadline is over."""
    if now > title.deadline:
        raise refusal_named("OfferLapsed", title=title.id, deadline=title.deadline)


def require_root(title: Title, root: str) -> None:
    """Raise RootMismatch unless the title's document root is ``root``."""
    if title.root != root:
        raise refusal_named("RootMismatch", title=title.id, root=title.root, given=root)
