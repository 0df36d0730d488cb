"""A working set reads rows one by one and writes them in bulk."""

import pytest
from sqlmodel import select

from node.store.database import Database
from node.store.projections import Authority
from node.store.rows import Rows

MEMBER = "0x" + "11" * 32


@pytest.fixture
def database(node_database: Database) -> Database:
    return node_database


def stored(database: Database) -> set[tuple[int, int]]:
    with database.read() as session:
        return {(row.port, row.role) for row in session.exec(select(Authority)).all()}


def test_what_is_put_changed_and_removed_is_written_at_the_flush(database: Database) -> None:
    with database.begin() as session:
        rows = Rows(session.connection())
        for port in (1, 2, 3):
            rows.put(Authority, port=port, role=16, member=MEMBER)
        rows.remove(Authority, 2, 16, MEMBER)
        rows.flush()
    assert stored(database) == {(1, 16), (3, 16)}
    with database.begin() as session:
        rows = Rows(session.connection())
        rows.remove(Authority, 3, 16, MEMBER)
        assert rows.get(Authority, 3, 16, MEMBER) is None
        rows.flush()
    assert stored(database) == {(1, 16)}


def test_a_row_is_read_once_and_changed_in_place(database: Database) -> None:
    with database.begin() as session:
        rows = Rows(session.connection())
        rows.put(Authority, port=1, role=16, member=MEMBER)
        row = rows.change(Authority, 1, 16, MEMBER)
        assert row is rows.get(Authority, 1, 16, MEMBER)
        assert rows.change(Authority, 9, 16, MEMBER) is None
        assert rows.count(Authority) == 1


def test_a_row_that_was_only_read_is_not_written(database: Database) -> None:
    with database.begin() as session:
        rows = Rows(session.connection())
        rows.put(Authority, port=1, role=16, member=MEMBER)
        rows.flush()
    with database.begin() as session:
        rows = Rows(session.connection())
        assert rows.get(Authority, 1, 16, MEMBER) == {"port": 1, "role": 16, "member": MEMBER}
        rows.flush()
    assert stored(database) == {(1, 16)}
