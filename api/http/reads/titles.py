"""A title as it stands, as the ledger's tables hold it."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, Integer, Select, bindparam, union
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from api.http.errors import NothingHere
from api.http.reads.wording import moment, someone, word
from identity.acts.words import (
    Capacity,
    Endorsement,
    FreezeStage,
    SurrenderPurpose,
    TitleKind,
    TitleState,
)
from node.documents.errors import PortUnknown
from node.documents.rulebook import Rulebook
from node.store.projections import NOBODY, DeliveryOrder, Title, TitleFreeze
from node.store.rows import table_of
from node.titles.rules import offerer_of

MAX_TITLES = 200


def find_title(session: Session, title: str) -> Title:
    """Return the title's row; raises NothingHere."""
    row = session.get(Title, title)
    if row is None:
        raise NothingHere("This node knows no title of this id.", object=title)
    return row


def titles_of(session: Session, member: str, after: str, limit: int) -> Sequence[Title]:
    """Return titles in which ``member`` is carrier, holder, pledgee, controller or asked.

    Ordered by id, those after ``after``, at most ``limit``; plain rows of the table.
    """
    given = {"member": member, "after": after, "limit": limit}
    return cast(Sequence[Title], session.connection().execute(_TITLES_OF, given).all())


def _titles_of() -> Select[Any]:
    """Make the statement of ``titles_of``, once: that takes longer than running it."""
    title = table_of(Title)
    limit: BindParameter[int] = bindparam("limit", type_=Integer)
    # Each capacity has an index of its own; a condition over all of them would read every title.
    pages = [
        sql_select(title.c.id)
        .where(title.c[capacity] == bindparam("member"), title.c.id > bindparam("after"))
        .order_by(title.c.id)
        .limit(limit)
        .subquery()
        for capacity in ("carrier", "holder", "pledgee", "controller", "counterparty")
    ]
    found = union(*(sql_select(page.c.id) for page in pages)).subquery()
    return (
        sql_select(title)
        .where(title.c.id.in_(sql_select(found.c.id)))
        .order_by(title.c.id)
        .limit(limit)
    )


_TITLES_OF = _titles_of()


def orders_of(session: Session, titles: Sequence[str]) -> dict[str, str]:
    """Return the latest delivery order's id by title, for titles that have one."""
    query = (
        select(DeliveryOrder.title, DeliveryOrder.id)
        .where(col(DeliveryOrder.title).in_(titles))
        .order_by(col(DeliveryOrder.opened_block))
    )
    return dict(session.exec(query).all())


def title_json(row: Title, order: str | None, book: Rulebook, now: int) -> dict[str, Any]:
    """Return the title in words; ``now`` in UTC seconds tells a lapsed offer from an open one."""
    return {
        "id": row.id,
        "state": word(TitleState, row.state),
        "kind": word(TitleKind, row.kind),
        "controller": someone(row.controller),
        "holder": someone(row.holder),
        "pledgee": someone(row.pledgee),
        "party": someone(row.party),
        "carrier": row.carrier,
        "counter": row.counter,
        "version": row.version,
        "root": row.root,
        "ports": {"loading": row.loading, "discharge": row.discharge},
        "port_names": {
            "loading": port_name(book, row.loading),
            "discharge": port_name(book, row.discharge),
        },
        "offer": _offer(row, now),
        "enforceable_from": moment(row.enforceable_from),
        "frozen": row.freezes != 0,
        "order": order,
    }


def port_name(book: Rulebook, port: int) -> str:
    """Return the port's UN/LOCODE, or its number where the rulebook has no name for it."""
    try:
        return book.port_name(port)
    except PortUnknown:
        return str(port)


def _offer(row: Title, now: int) -> dict[str, Any] | None:
    if row.offer == NOBODY:
        return None
    surrender = row.offer_purpose != 0
    return {
        "digest": row.offer,
        "kind": "surrender" if surrender else "offer",
        "from": offerer_of(row),
        "to": row.counterparty,
        "capacity": None if surrender else word(Capacity, row.offer_capacity),
        "endorsement": None if surrender else word(Endorsement, row.offer_endorsement),
        "purpose": word(SurrenderPurpose, row.offer_purpose) if surrender else None,
        "deadline": moment(row.deadline),
        "lapsed": now > row.deadline,
        "amended": someone(row.amended),
        "consented": row.consented,
    }


def legal_orders_of(session: Session, title: str) -> list[dict[str, Any]]:
    """Return what authorities did to a title under their orders, the first freeze first."""
    query = select(TitleFreeze).where(col(TitleFreeze.title) == title)
    ordered = query.order_by(col(TitleFreeze.frozen_block), col(TitleFreeze.order))
    rows = session.exec(ordered)
    return [
        {
            "legal_order": row.order,
            "stage": word(FreezeStage, row.stage),
            "authority": row.member,
            "port": row.port,
            "transferable_from": moment(row.transferable_from),
            "proposal": someone(row.proposal),
            "proposed_by": someone(row.proposed_by),
            "proposed_to": someone(row.proposed_to),
            "ends_lien": row.ends_lien,
        }
        for row in rows
    ]
