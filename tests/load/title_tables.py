"""Fills a node's tables with many titles, as the follower would leave them, for benchmarks."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from node.store.database import Database
from node.store.events import EventRow, StreamHead
from node.store.projections import (
    NOBODY,
    ChainCursor,
    DeliveryOrder,
    LedgerEvent,
    Member,
    OrderCondition,
    PickupRight,
    Title,
)
from node.store.rows import table_of

MEMBERS = 200
EVENTS_PER_TITLE = 4
CONDITIONS, RIGHTS = 3, 2
CHUNK_ROWS = 5_000
T0 = 1_700_000_000
DEADLINE = 2**33
VERBS = ("Issue", "Accept", "Offer", "Accept")
ACT = "0x" + "00" * 250


def fill(database: Database, own: str, titles: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Store so many titles, all of carrier ``own``, and orders for half of them; return the ids."""
    draw = random.Random(seed)
    members = [own, *(_id(draw) for _ in range(MEMBERS - 1))]
    ids = [_id(draw) for _ in range(titles)]
    orders = {title: _id(draw) for title in ids[::2]}
    tables: list[tuple[type[SQLModel], Iterator[dict[str, Any]]]] = [
        (Member, (_member(n, id_) for n, id_ in enumerate(members, 1))),
        (Title, (_title(draw, id_, members, n) for n, id_ in enumerate(ids))),
        (LedgerEvent, (_event(id_, n, at) for n, id_ in enumerate(ids) for at in range(4))),
        (EventRow, (_streamed(id_, n, at) for n, id_ in enumerate(ids) for at in range(4))),
        (DeliveryOrder, (_order(title, id_, members) for title, id_ in orders.items())),
        (
            OrderCondition,
            (_condition(draw, o, k, members) for o in orders.values() for k in range(CONDITIONS)),
        ),
        (PickupRight, (_right(draw, o, members) for o in orders.values() for _ in range(RIGHTS))),
    ]
    for model, rows in tables:
        while chunk := list(islice(rows, CHUNK_ROWS)):
            _store(database, model, chunk)
    last = EVENTS_PER_TITLE * titles
    with database.begin() as session:
        session.merge(StreamHead(id=1, position=last))
        session.merge(ChainCursor(id=1, block=last, block_hash=NOBODY, block_time=T0 + last))
    _settle(database)
    return ids, list(orders.values())


def _settle(database: Database) -> None:
    """Leave the tables as they are after years, not after minutes: nothing is left to tidy up."""
    statements = ["VACUUM ANALYZE", "CHECKPOINT"] if database.is_postgresql else ["ANALYZE"]
    alone = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _store(database: Database, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    with database.begin() as session:
        session.connection().execute(insert(table_of(model)), list(rows))


def _id(draw: random.Random) -> str:
    return f"0x{draw.getrandbits(256):064x}"


def _member(number: int, id_: str) -> dict[str, Any]:
    return {
        "id": id_, "number": number, "roles": 1, "status": 1, "counter": 1, "profile": NOBODY,
        "rulebook": NOBODY, "successor": NOBODY, "admitted_block": 1,
    }  # fmt: skip


def _title(draw: random.Random, id_: str, members: Sequence[str], n: int) -> dict[str, Any]:
    holder, asked = draw.choice(members), draw.choice(members)
    is_open = n % 10 == 0
    return {
        "id": id_, "state": 2, "kind": 2, "counter": EVENTS_PER_TITLE, "version": 1,
        "carrier": members[0], "holder": holder, "pledgee": NOBODY, "controller": holder,
        "party": NOBODY, "counterparty": asked if is_open else NOBODY,
        "offer": id_ if is_open else NOBODY, "offer_act": id_ if is_open else NOBODY,
        "offer_capacity": 1, "offer_endorsement": 2, "offer_purpose": 0,
        "deadline": DEADLINE if is_open else 0, "amended": NOBODY, "consented": False,
        "enforceable_from": 0, "freezes": 0, "loading": 1, "discharge": 2, "root": id_,
        "last_digest": id_, "issued_block": n + 1, "last_block": n + 1,
    }  # fmt: skip


def _event(title: str, n: int, at: int) -> dict[str, Any]:
    return {
        "block": n + 1, "log_index": at, "tx_hash": title, "block_hash": NOBODY,
        "block_time": T0 + n, "contract": "Titles", "kind": "acted", "object": title,
        "principal": title, "digest": f"0x{n:032x}{at:032x}", "verb": VERBS[at],
        "counter": at + 1, "outcome": 0, "state": 0, "key": "0x" + "00" * 20, "act": ACT,
        "reason": "", "refusal": "",
    }  # fmt: skip


def _streamed(title: str, n: int, at: int) -> dict[str, Any]:
    return {
        "position": n * EVENTS_PER_TITLE + at + 1, "at": T0 + n, "kind": "acted",
        "verb": VERBS[at], "object": title, "title": title, "container": None, "member": title,
        "members": f" 1 {n % MEMBERS + 1} ", "state": "live", "code": None, "command": None,
        "block": n + 1, "log_index": at,
    }  # fmt: skip


def _order(title: str, id_: str, members: Sequence[str]) -> dict[str, Any]:
    return {
        "id": id_, "title": title, "state": 1, "counter": 1, "root": id_, "carrier": members[0],
        "terminal": members[1], "port": 2, "holds": 0, "cancellation": NOBODY, "opened_block": 9,
        "last_block": 9,
    }  # fmt: skip


def _condition(
    draw: random.Random, order: str, kind: int, members: Sequence[str]
) -> dict[str, Any]:
    return {
        "id": _id(draw), "order": order, "kind": kind + 1, "member": members[kind], "met": False,
        "reference": NOBODY, "counter": 0,
    }  # fmt: skip


def _right(draw: random.Random, order: str, members: Sequence[str]) -> dict[str, Any]:
    nobody = ("used_lane", "used_reports", "returned_lane", "owner", "offered_to", "offer")
    nobody += ("reinstatement", "damage_out", "damage_in")
    zero = ("counter", "early_attempts", "used_at", "returned_at", "deadline", "out_at", "in_at")
    given = {"id": _id(draw), "order": order, "container": _id(draw), "terminal": members[1]}
    return given | {"state": 1} | dict.fromkeys(nobody, NOBODY) | dict.fromkeys(zero, 0)
