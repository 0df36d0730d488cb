"""What happened to an object, in the ledger's order: who signed what, in which block."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from api.http.reads.wording import moment, someone, word
from identity.acts.typed import Act, act_to_json, decode_unsigned
from identity.acts.types import ACT_TYPES
from identity.acts.wording import describe
from identity.acts.words import Outcome
from identity.errors import ActMalformed
from node.store.projections import (
    ACTED,
    REFUSED,
    DeliveryOrder,
    LedgerEvent,
    OrderCondition,
    PickupRight,
)

MAX_REFUSALS = 200


def objects_of_title(session: Session, title: str) -> list[str]:
    """Return the ids whose events make up a title's story: it, its orders, what belongs to them."""
    query = select(DeliveryOrder.id).where(col(DeliveryOrder.title) == title)
    return [title, *objects_of_order(session, session.exec(query).all())]


def objects_of_order(session: Session, orders: Sequence[str]) -> list[str]:
    """Return the orders' ids and those of their conditions and pickup rights."""
    conditions = select(OrderCondition.id).where(col(OrderCondition.order).in_(orders))
    rights = select(PickupRight.id).where(col(PickupRight.order).in_(orders))
    return [*orders, *session.exec(conditions), *session.exec(rights)]


def events_of(session: Session, objects: Iterable[str]) -> list[LedgerEvent]:
    """Return the objects' events in the ledger's order: every act, and the last 200 refusals.

    A refused act only claims its object, so whoever relays many must not crowd out the acts.
    """
    about = select(LedgerEvent).where(col(LedgerEvent.object).in_(list(objects)))
    took_place = session.exec(about.where(col(LedgerEvent.kind) != REFUSED)).all()
    latest = (col(LedgerEvent.block).desc(), col(LedgerEvent.log_index).desc())
    refused = about.where(col(LedgerEvent.kind) == REFUSED).order_by(*latest)
    events = [*took_place, *session.exec(refused.limit(MAX_REFUSALS))]
    return sorted(events, key=lambda event: (event.block, event.log_index))


def event_json(row: LedgerEvent) -> dict[str, Any]:
    """Return one event in words; ``act`` is what was signed, read from the event's own words."""
    act = _act(row)
    return {
        "kind": row.kind,
        "object": row.object,
        "verb": row.verb or None,
        "principal": someone(row.principal),
        "key": row.key or None,
        "counter": row.counter if row.kind != REFUSED else None,
        "outcome": word(Outcome, row.outcome) if row.kind == ACTED else None,
        "refusal": row.refusal or None,
        "act": act_to_json(act) if act else None,
        "says": describe(act) if act else _verb_says(row.verb),
        "digest": row.digest,
        "block": row.block,
        "log_index": row.log_index,
        "block_hash": row.block_hash,
        "tx_hash": row.tx_hash,
        "at": moment(row.block_time),
    }


def _act(row: LedgerEvent) -> Act | None:
    """The act an event carries; None for other events and for words this release cannot read."""
    if row.kind != ACTED or row.verb not in ACT_TYPES:
        return None
    try:
        return decode_unsigned(bytes.fromhex(row.act.removeprefix("0x")))
    except ActMalformed:
        return None


def _verb_says(verb: str) -> str | None:
    return ACT_TYPES[verb].says if verb in ACT_TYPES else None
