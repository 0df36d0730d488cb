"""Many rows with one statement hold what one by one would have held, on both engines."""

import time
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

import node.node  # noqa: F401 - brings every table
from node.store.commands import Command, OutboxRow, RelayTransaction
from node.store.database import Database
from node.store.events import EventRow
from node.store.many import insert_many, put_many, read_many, update_many
from node.store.rows import table_of

ODD = "ü 中 \\ \" ' % %s \u2028"


def command(number: int, **given: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "id": f"{number:032x}", "subject": ODD, "role": "clerk", "key": str(number),
        "request": "00", "verb": "Offer", "contract": "Titles", "object": None, "claim": None,
        "state": "accepted", "act": {"odd": ODD, "list": [1, None]}, "batch_limit": 0,
        "expires": 2**40, "relay_after": 0, "relays": 0, "result": {}, "refusal": None,
        "created_at": now, "updated_at": now,
    } | given  # fmt: skip


def stored(database: Database) -> list[Command]:
    with database.read() as session:
        return list(session.exec(select(Command).order_by("number")))


def test_rows_are_inserted_in_order_with_nulls_documents_and_odd_characters(
    node_database: Database,
) -> None:
    given = [command(number) for number in range(3)]
    with node_database.begin() as session:
        insert_many(session.connection(), table_of(Command), given)
        insert_many(session.connection(), table_of(Command), [])
    rows = stored(node_database)
    assert [row.id for row in rows] == [row["id"] for row in given]
    assert (rows[0].subject, rows[0].act, rows[0].refusal) == (ODD, given[0]["act"], None)
    with node_database.read() as session:
        query = select(Command.id).where(Command.refusal.is_(None))  # type: ignore[union-attr]
        assert len(session.exec(query).all()) == 3


def test_times_and_truths_keep_their_values(node_database: Database) -> None:
    row = {
        "kind": "sign", "payload": {}, "due": 1_700_000_000.123456, "attempts": 0,
        "waiting": True, "created_at": 1,
    }  # fmt: skip
    with node_database.begin() as session:
        insert_many(session.connection(), table_of(OutboxRow), [row])
    with node_database.read() as session:
        (found,) = session.exec(select(OutboxRow)).all()
    assert (found.due, found.waiting, found.payload) == (row["due"], True, {})


def test_each_row_gets_its_own_values_and_others_none(node_database: Database) -> None:
    with node_database.begin() as session:
        insert_many(session.connection(), table_of(Command), [command(n) for n in range(3)])
    first, _, third = (row.number for row in stored(node_database))
    changes = [
        {"number": first, "state": "refused", "refusal": {"code": "A"}, "block": 7},
        {"number": third, "state": "refused", "refusal": {"code": "B"}, "block": 8},
        {"number": third, "state": "final", "refusal": None, "block": 9},
    ]
    with node_database.begin() as session:
        update_many(session.connection(), table_of(Command), "number", changes)
    told = [(row.state, row.refusal, row.block) for row in stored(node_database)]
    assert told == [("refused", {"code": "A"}, 7), ("accepted", None, None), ("final", None, 9)]


def test_bytes_are_kept(node_database: Database) -> None:
    row = {
        "relayer": "0x", "nonce": 1, "contract": "Titles", "raw": bytes(range(256)), "hash": "0x1",
        "state": "open", "acts": 1, "cancel_raw": None, "created_at": 1,
    }  # fmt: skip
    with node_database.begin() as session:
        insert_many(session.connection(), table_of(RelayTransaction), [row])
    with node_database.read() as session:
        (found,) = session.exec(select(RelayTransaction)).all()
    assert (found.raw, found.cancel_raw) == (row["raw"], None)


def test_what_no_database_holds_is_refused(node_database: Database) -> None:
    with pytest.raises((TypeError, ProgrammingError)), node_database.begin() as session:
        insert_many(session.connection(), table_of(Command), [command(1, key=object())])


def test_a_row_that_is_put_again_takes_the_new_values(node_database: Database) -> None:
    table = table_of(EventRow)
    nothing = {column.name: None for column in table.columns} | {"members": ""}
    rows = [nothing | {"position": n, "at": n, "kind": "acted", "verb": "Offer"} for n in (1, 2)]
    with node_database.begin() as session:
        put_many(session.connection(), table, rows)
        put_many(session.connection(), table, [rows[1] | {"verb": "Accept"}])
    with node_database.read() as session:
        found = session.exec(select(EventRow).order_by("position")).all()
    assert [(row.position, row.verb) for row in found] == [(1, "Offer"), (2, "Accept")]


@pytest.mark.parametrize("rows", [[], [{"number": 1, "state": "final"}]])
def test_a_row_that_is_not_there_is_not_made(
    node_database: Database, rows: list[dict[str, Any]]
) -> None:
    with node_database.begin() as session:
        update_many(session.connection(), table_of(Command), "number", rows)
    assert stored(node_database) == []


def test_many_rows_are_read_by_a_key_with_their_documents(node_database: Database) -> None:
    given = [command(number, digest=f"0x{number}") for number in range(4)]
    with node_database.begin() as session:
        insert_many(session.connection(), table_of(Command), given)
    with node_database.read() as session:
        connection, names = session.connection(), ("id", "act", "refusal")
        digests = ["0x1", "0x3", "0x9"]
        found = read_many(connection, table_of(Command), names, "digest", digests)
        assert read_many(connection, table_of(Command), names, "digest", []) == []
        numbers = [number for number, in read_many(connection, table_of(Command), ["number"], "id",
                                                   [given[0]["id"]])]  # fmt: skip
        assert read_many(connection, table_of(Command), ["id"], "number", numbers) == [
            (given[0]["id"],)
        ]
    assert sorted(found) == [(f"{n:032x}", given[n]["act"], None) for n in (1, 3)]
