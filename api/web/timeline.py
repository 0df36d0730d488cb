"""A title's page as values: who holds, what is offered, what was signed, refused, released."""

from dataclasses import dataclass
from typing import Any

from api.http.doors import Reader
from api.http.reads.events import event_json, events_of, objects_of_title
from api.http.reads.members import names_of
from api.http.reads.orders import find_order, order_json
from api.http.reads.refusals import by_contract
from api.http.reads.titles import find_title, legal_orders_of
from api.http.reads.wording import word
from api.http.routes.orders import numbers_by_tag
from api.http.routes.titles import title_of
from api.web.words import Both, say
from identity.acts.types import ACT_TYPES
from identity.acts.words import SurrenderPurpose
from node.store.projections import ACTED, FOLLOWED, LedgerEvent

SHORT = 10
_TO_SOMEBODY = ("Issue", "Offer", "ReturnFromPaper", "ProposeTransfer", "TransferRight")


@dataclass(frozen=True)
class Entry:
    """One line of the timeline; ``refused`` marks what did not take effect."""

    at: str | None
    block: int
    what: Both
    detail: str
    who: Both
    key: str
    refused: bool


def title_page(reader: Reader, title: str) -> dict[str, Any]:
    """Return what the page of a title shows.

    Raises: NothingHere, and what the vault raises.
    """
    row = find_title(reader.session, title)
    told = title_of(reader, row)
    rows = events_of(reader.session, objects_of_title(reader.session, title))
    order = None
    if told["order"] is not None:
        found = find_order(reader.session, told["order"])
        order = order_json(reader.session, found, numbers_by_tag(reader, found), reader.now)
    return {
        "title": told,
        "order": order,
        "legal_orders": legal_orders_of(reader.session, title),
        "entries": [_entry(reader, event) for event in rows if event.kind != FOLLOWED],
        "name": lambda member: name(reader, member),
        "held": reader.node.documents.holds(reader.session, row.root),
        "as_of": reader.as_of(),
    }


def name(reader: Reader, member: str | None) -> Both:
    """A member by its names; by its id where its profile is not here, a dash for nobody."""
    if member is None:
        return Both("—", "—")
    en, zh = names_of(reader.node, member)
    return Both(en or short(member), zh or "")


def short(value: str) -> str:
    """The beginning of an id, enough to compare by eye; the whole stands beside it."""
    return value[: 2 + SHORT] + "…"


def _entry(reader: Reader, event: LedgerEvent) -> Entry:
    told = event_json(event)
    refused = event.kind != ACTED or told["outcome"] == "recorded_refusal"
    if event.kind == ACTED:
        detail = say("Outcome", told["outcome"]).en if refused else _detail(reader, told)
    else:
        refusal = by_contract(event)
        detail = f"Refused: {refusal['sentence']}"
    return Entry(
        at=told["at"],
        block=event.block,
        what=say("Verb", told["verb"]),
        detail=detail,
        who=name(reader, told["principal"]),
        key=event.key,
        refused=refused,
    )


def _detail(reader: Reader, told: dict[str, Any]) -> str:
    """What an act adds to its verb: to whom, what for, under which order; nothing for most."""
    fields = (told["act"] or {}).get("fields", {})
    if told["verb"] in _TO_SOMEBODY:
        return f"to {name(reader, fields.get('to', fields.get('holder'))).en}"
    if told["verb"] == "Surrender":
        return say("SurrenderPurpose", word(SurrenderPurpose, fields["purpose"])).en
    if "order" in fields and ACT_TYPES[told["verb"]].signer == "authority":
        return f"under order {short(fields['order'])}"
    if told["verb"] == "SetCondition":
        return "met" if fields.get("met") == 1 else "not met"
    return ""
