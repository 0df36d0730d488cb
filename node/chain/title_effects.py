"""What acts of Titles do to the table of titles; field for field what Titles.titleOf answers."""

from typing import cast

from sqlmodel import col

from identity.acts.objects import RULEBOOK, amendment_id
from identity.acts.words import Capacity, Endorsement, SurrenderPurpose, TitleKind, TitleState
from node.chain.act_rows import missing, next_row, number, require_first, text
from node.chain.events import Event
from node.store.council_projections import RulebookInForce
from node.store.projections import NOBODY, Title
from node.store.rows import Row, Rows

NO_OFFER = {
    "counterparty": NOBODY,
    "offer": NOBODY,
    "offer_act": NOBODY,
    "offer_capacity": 0,
    "offer_endorsement": 0,
    "offer_purpose": 0,
    "deadline": 0,
    "amended": NOBODY,
    "consented": False,
}


def _issue(rows: Rows, event: Event) -> None:
    require_first(event)
    fields = event.fields
    rows.put(
        Title,
        id=event.object,
        state=int(TitleState.ISSUED),
        kind=number(fields, "kind"),
        counter=event.counter,
        version=1,
        carrier=event.principal,
        holder=NOBODY,
        pledgee=NOBODY,
        controller=event.principal,
        party=text(fields, "party"),
        counterparty=text(fields, "holder"),
        offer=event.digest,
        offer_act=event.digest,
        offer_capacity=int(Capacity.HOLDER),
        offer_endorsement=int(Endorsement.NONE),
        offer_purpose=0,
        deadline=number(fields, "deadline"),
        amended=NOBODY,
        consented=False,
        enforceable_from=0,
        freezes=0,
        loading=number(fields, "loading"),
        discharge=number(fields, "discharge"),
        root=text(fields, "root"),
        last_digest=event.digest,
        issued_block=event.block,
        last_block=event.block,
    )


def title_row(rows: Rows, event: Event) -> Row:
    """Return the row of the event's title, moved on by the event; raises EventMissing."""
    title = next_row(rows, event, Title)
    title.update(last_digest=event.digest, last_block=event.block)
    return title


def rulebook(rows: Rows, event: Event) -> Row:
    """Return the row of the rulebook in force at the event; raises EventMissing."""
    row = rows.get(RulebookInForce, "0x" + RULEBOOK.hex())
    if row is None:
        raise missing(event, None)
    return row


def _offer(rows: Rows, event: Event) -> None:
    fields = event.fields
    title_row(rows, event).update(
        NO_OFFER,
        counterparty=text(fields, "to"),
        offer=event.digest,
        offer_act=event.digest,
        offer_capacity=number(fields, "capacity"),
        offer_endorsement=number(fields, "endorsement"),
        deadline=number(fields, "deadline"),
    )


def _surrender(rows: Rows, event: Event) -> None:
    title = title_row(rows, event)
    offer, purpose = event.digest, number(event.fields, "purpose")
    if purpose == SurrenderPurpose.AMENDMENT:
        amended = cast(bytes, event.fields["amended"])
        offer = "0x" + amendment_id(bytes.fromhex(event.digest[2:]), amended).hex()
    title.update(
        NO_OFFER,
        counterparty=title["carrier"],
        offer=offer,
        offer_act=event.digest,
        offer_purpose=purpose,
        deadline=number(event.fields, "deadline"),
        amended=text(event.fields, "amended"),
    )


def _return_from_paper(rows: Rows, event: Event) -> None:
    title_row(rows, event).update(
        NO_OFFER,
        counterparty=text(event.fields, "holder"),
        offer=event.digest,
        offer_act=event.digest,
        offer_capacity=int(Capacity.HOLDER),
        deadline=number(event.fields, "deadline"),
    )


def _accept(rows: Rows, event: Event) -> None:
    title = title_row(rows, event)
    if title["offer_purpose"] == SurrenderPurpose.DELIVERY:
        title["state"] = int(TitleState.SURRENDERED)
    elif title["offer_purpose"] == SurrenderPurpose.PAPER:
        title.update(state=int(TitleState.PAPER), holder=NOBODY)
    elif title["offer_capacity"] == Capacity.PLEDGEE:
        title["pledgee"] = event.principal
    else:
        _hand_over(title, event.principal)
    title.update(NO_OFFER, controller=controller_of(title))


def _hand_over(title: Row, holder: str) -> None:
    """The holder accepted; a lien that was being enforced ends with the sale."""
    if title["state"] == TitleState.PAPER:
        if title["kind"] == TitleKind.ORDER:
            make_out_to(title, holder)
    elif title["offer_endorsement"] == Endorsement.NAMED:
        title["party"] = holder
    elif title["offer_endorsement"] == Endorsement.BLANK:
        title["party"] = NOBODY
    title.update(state=int(TitleState.LIVE), holder=holder, pledgee=NOBODY, enforceable_from=0)


def make_out_to(title: Row, holder: str) -> None:
    """A title that is made out to a member is made out to its new holder."""
    if title["party"] != NOBODY:
        title["party"] = holder


def _end_offer(rows: Rows, event: Event) -> None:
    title_row(rows, event).update(NO_OFFER)


def _release_pledge(rows: Rows, event: Event) -> None:
    title = title_row(rows, event)
    if title["offer_purpose"] != SurrenderPurpose.AMENDMENT:
        title.update(NO_OFFER)  # the pledgee's
    title.update(pledgee=NOBODY, enforceable_from=0)
    title["controller"] = controller_of(title)


def _record_default(rows: Rows, event: Event) -> None:
    enforceable_from = event.block_time + rulebook(rows, event)["enforcement_seconds"]
    title_row(rows, event).update(NO_OFFER, enforceable_from=enforceable_from)


def _amend(rows: Rows, event: Event) -> None:
    title = title_row(rows, event)
    title.update(NO_OFFER, version=title["version"] + 1, root=text(event.fields, "root"))


def _consent_amendment(rows: Rows, event: Event) -> None:
    title_row(rows, event)["consented"] = True


def _void_title(rows: Rows, event: Event) -> None:
    title_row(rows, event).update(NO_OFFER, state=int(TitleState.VOID), controller=NOBODY)


def title_followed(rows: Rows, event: Event) -> None:
    """The title's delivery order ended: it is delivered, or lives again as it was."""
    title = title_row(rows, event)
    title["state"] = event.state
    title["controller"] = controller_of(title)


def controller_of(title: Row) -> str:
    """Return who may act on the title now, as Titles.controllerOf answers."""
    if title["state"] == TitleState.LIVE:
        return str(title["holder"] if title["pledgee"] == NOBODY else title["pledgee"])
    if title["state"] in {TitleState.ISSUED, TitleState.SURRENDERED}:
        return str(title["carrier"])
    return NOBODY


def lapse_all_offers(rows: Rows) -> None:
    """Another version of Titles is in force: it carries titles over without their open offers."""
    for title in rows.change_where(Title, col(Title.counterparty) != NOBODY):
        title.update(NO_OFFER)


TITLE_EFFECTS = {
    "Issue": _issue,
    "Offer": _offer,
    "Accept": _accept,
    "Decline": _end_offer,
    "Withdraw": _end_offer,
    "ReleasePledge": _release_pledge,
    "Surrender": _surrender,
    "RecordDefault": _record_default,
    "Amend": _amend,
    "ConsentAmendment": _consent_amendment,
    "ReturnFromPaper": _return_from_paper,
    "VoidTitle": _void_title,
}
