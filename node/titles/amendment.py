"""Answering a surrender for amendment: the pledgee consents, the carrier amends.

Both name the root that the surrender named, and only after this node has checked the amended bill
that it holds against the title ("deliver first").
"""

from identity.acts.words import SurrenderPurpose
from node.commands.bodies import NOBODY, to_bytes
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.store.projections import Title
from node.titles import rules
from node.titles.hand_over import OfferAnswerBody, on_title


def check_amended(context: Context, body: OfferAnswerBody) -> str:
    """Check the amended bill that is held here; return its root.

    Raises: ContractRefused, and what ``DocumentService.accept_check`` and
    ``Companions.require`` raise.
    """
    title = _amendment(context, body)
    context.node.companions.require(context.session, title.offer_act)
    context.node.documents.accept_check(context.session, title, title.amended)
    return title.amended


def prepare_amend(context: Context, body: OfferAnswerBody, checked_root: str) -> Prepared:
    """Replace the title's document; holder and pledgee hold the new one, authorities are told.

    Raises: ContractRefused.
    """
    title = _amendment(context, body, checked_root)
    if title.pledgee != NOBODY and not title.consented:
        raise refusal_named("ConsentMissing", title=title.id)
    context.active_member(title.holder)
    readers = {title.holder, title.pledgee} - {context.member, NOBODY}
    deliveries = [context.deliver(title.amended, reader) for reader in sorted(readers)]
    context.node.statutory.tell(context.session, title.amended, title.discharge)
    offer, root = to_bytes(title.offer_act), to_bytes(title.amended)
    return on_title(title, {"offer": offer, "root": root}, deliveries)


def prepare_consent_amendment(
    context: Context, body: OfferAnswerBody, checked_root: str
) -> Prepared:
    """Consent, as pledgee, to the amendment. Raises: ContractRefused."""
    title = _amendment(context, body, checked_root)
    if title.consented:
        raise refusal_named("ConsentGiven", title=title.id)
    offer, amended = to_bytes(title.offer_act), to_bytes(title.amended)
    return on_title(title, {"offer": offer, "amended": amended})


def _amendment(context: Context, body: OfferAnswerBody, root: str | None = None) -> Title:
    """Return the title, while the named offer is an open amendment (to ``root``)."""
    title = context.title(body.title)
    rules.require_offer(title)
    if title.offer_purpose != SurrenderPurpose.AMENDMENT:
        raise refusal_named("PurposeUnknown", purpose=title.offer_purpose)
    rules.require_unfrozen(title)
    if body.offer != title.offer or (root is not None and root != title.amended):
        raise refusal_named(
            "AmendmentMismatch", title=title.id, offer=title.offer, given=body.offer
        )
    rules.require_in_time(title, context.now)
    return title
