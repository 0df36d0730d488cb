"""An audit row lives and dies with the change that it speaks of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from node.audit.record import record
from node.store.audit import AuditRow
from node.store.database import Database
from node.store.schema import upgrade


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()


def rows(db: Database) -> list[AuditRow]:
    with db.read() as session:
        return list(session.exec(select(AuditRow)))


def test_a_row_says_who_did_what_to_which_object_and_what_came_of_it(db: Database) -> None:
    with db.begin() as session:
        record(
            session, "Offer", "refused", subject="clerk@shipper", role="clerk",
            object_id="0x" + "11" * 32, code="OFFER_OPEN", command="c",
        )  # fmt: skip
    (row,) = rows(db)
    assert (row.subject, row.role, row.verb, row.outcome) == (
        "clerk@shipper", "clerk", "Offer", "refused",
    )  # fmt: skip
    assert (row.object, row.code, row.command) == ("0x" + "11" * 32, "OFFER_OPEN", "c")
    assert row.at > 0


def test_what_the_node_does_by_itself_is_the_nodes(db: Database) -> None:
    with db.begin() as session:
        record(session, "Offer", "relayed")
    assert (rows(db)[0].subject, rows(db)[0].role) == ("node", "node")


def test_no_row_is_left_of_a_change_that_was_not_made(db: Database) -> None:
    def change() -> None:
        with db.begin() as session:
            record(session, "Offer", "accepted")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert rows(db) == []
