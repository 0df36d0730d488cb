"""What acts of Titles do to the table of titles; field for field what Titles.titleOf answers."""

from identity.acts.words import Capacity, Endorsement, SurrenderPurpose, TitleState
from node.chain.act_rows import next_row, number, require_first, text
from node.chain.events import Event
from node.store.projections import NOBODY, Title
from node.store.rows import Row, Rows

_NO_OFFER = {
    "counterparty": NOBODY,
    "offer": NOBODY,
    "offer_capacity": 0,
    "offer_endorsement": 0,
    "offer_purpose": 0,
    "deadline": 0,
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
        offer_capacity=int(Capacity.HOLDER),
        offer_endorsement=int(Endorsement.NONE),
        offer_purpose=0,
        deadline=number(fields, "deadline"),
        loading=number(fields, "loading"),
        discharge=number(fields, "discharge"),
        root=text(fields, "root"),
        last_digest=event.digest,
        issued_block=event.block,
        last_block=event.block,
    )


def _title(rows: Rows, event: Event) -> Row:
    title = next_row(rows, event, Title)
    title.update(last_digest=event.digest, last_block=event.block)
    return title


def _offer(rows: Rows, event: Event) -> None:
    fields = event.fields
    _title(rows, event).update(
        counterparty=text(fields, "to"),
        offer=event.digest,
        offer_capacity=number(fields, "capacity"),
        offer_endorsement=number(fields, "endorsement"),
        offer_purpose=0,
        deadline=number(fields, "deadline"),
    )


def _surrender(rows: Rows, event: Event) -> None:
    title = _title(rows, event)
    title.update(
        counterparty=title["carrier"],
        offer=event.digest,
        offer_capacity=0,
        offer_endorsement=0,
        offer_purpose=number(event.fields, "purpose"),
        deadline=number(event.fields, "deadline"),
    )


def _accept(rows: Rows, event: Event) -> None:
    title = _title(rows, event)
    if title["offer_purpose"] == SurrenderPurpose.DELIVERY:
        title.update(state=int(TitleState.SURRENDERED), controller=title["carrier"])
    elif title["offer_capacity"] == Capacity.PLEDGEE:
        title.update(pledgee=event.principal, controller=event.principal)
    else:
        title.update(state=int(TitleState.LIVE), holder=event.principal, controller=event.principal)
        if title["offer_endorsement"] == Endorsement.NAMED:
            title["party"] = event.principal
        elif title["offer_endorsement"] == Endorsement.BLANK:
            title["party"] = NOBODY
    title.update(_NO_OFFER)


def _end_offer(rows: Rows, event: Event) -> None:
    _title(rows, event).update(_NO_OFFER)


def _release_pledge(rows: Rows, event: Event) -> None:
    title = _title(rows, event)
    title.update(pledgee=NOBODY, controller=title["holder"])


def _void_title(rows: Rows, event: Event) -> None:
    _title(rows, event).update(_NO_OFFER, state=int(TitleState.VOID), controller=NOBODY)


TITLE_EFFECTS = {
    "Issue": _issue,
    "Offer": _offer,
    "Accept": _accept,
    "Decline": _end_offer,
    "Withdraw": _end_offer,
    "ReleasePledge": _release_pledge,
    "Surrender": _surrender,
    "VoidTitle": _void_title,
}
