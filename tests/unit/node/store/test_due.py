"""What was put off while the clock was ahead is due once it is right again."""

import time

import pytest
from sqlmodel import Session

from node.exchange import lines
from node.jobs import APPOINTED, LONGEST_DELAY_SECONDS, Jobs, due_rows, enqueue
from node.store.commands import OutboxRow
from node.store.database import Database
from node.store.documents import FOR_DOCUMENT, DeliveryRow
from node.store.due import waits

FIVE_MINUTES = 300.0


@pytest.mark.parametrize(
    ("ahead", "is_waited_for"),
    [(-1.0, False), (0.0, False), (0.5, True), (60.0, True), (60.1, False), (86_400.0, False)],
)
def test_a_time_that_nothing_is_put_off_to_is_not_waited_for(
    ahead: float, is_waited_for: bool
) -> None:
    assert waits(1000.0 + ahead, 1000.0, LONGEST_DELAY_SECONDS) is is_waited_for


def test_work_that_was_put_off_by_a_clock_ahead_is_due(node_database: Database) -> None:
    with node_database.begin() as session:
        for _ in range(3):
            enqueue(session, "any", {})
        for row, ahead in ((1, 0.0), (2, LONGEST_DELAY_SECONDS / 2), (3, FIVE_MINUTES)):
            _put(session, row, time.time() + ahead)
    assert {row for row, _ in due_rows(node_database)} == {1, 3}


@pytest.mark.parametrize("ahead", [30.0, FIVE_MINUTES, 86_400.0])
def test_work_for_a_certain_time_waits_for_it_however_far_ahead(
    node_database: Database, ahead: float
) -> None:
    done: list[object] = []
    (kind,) = APPOINTED
    with node_database.begin() as session:
        enqueue(session, kind, {})
        _put(session, 1, time.time() + ahead)
    jobs = Jobs(node_database, {kind: done.append}, claims=True)
    assert due_rows(node_database) == []
    jobs.attempt(1)  # a message that was sent too early, or twice
    assert done == []
    with node_database.begin() as session:
        _put(session, 1, time.time())
    assert [row for row, _ in due_rows(node_database)] == [1]
    jobs.attempt(1)
    assert done == [{}]


def _put(session: Session, row: int, due: float) -> None:
    stored = session.get_one(OutboxRow, row)
    stored.due = due
    session.add(stored)


def test_a_delivery_that_was_put_off_by_a_clock_ahead_is_due(node_database: Database) -> None:
    now = time.time()
    with node_database.begin() as session:
        for member, ahead in (("0x01", 30.0), ("0x02", FIVE_MINUTES)):
            session.add(
                DeliveryRow(root="0x11", to_member=member, purpose=FOR_DOCUMENT, due=now + ahead)
            )
    with node_database.read() as session:
        assert lines.due(session, now) == [lines.Line("0x02", files=False)]
        assert lines.first(session, lines.Line("0x01", files=False), now) is None
        assert lines.first(session, lines.Line("0x02", files=False), now) is not None
