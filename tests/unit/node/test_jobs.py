"""The outbox's rows are done at least once, and one that fails holds up no other."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from node.errors import LedgerUnavailable, Waiting
from node.jobs import Jobs, Worker, delay_seconds, enqueue
from node.store.commands import OutboxRow
from node.store.database import Database


@pytest.fixture
def db(node_database: Database) -> Database:
    return node_database


def add(db: Database, *kinds: str) -> None:
    with db.begin() as session:
        for kind in kinds:
            enqueue(session, kind, {"of": kind})


def rows(db: Database) -> list[OutboxRow]:
    with db.read() as session:
        return list(session.exec(select(OutboxRow)))


def run(db: Database, **tasks: Callable[[dict[str, Any]], None]) -> None:
    worker = Worker(db, Jobs(db, tasks))
    while worker.step():
        worker.close()


def fail(_: object) -> None:
    raise LedgerUnavailable("The ledger does not answer.")


def break_down(_: object) -> None:
    raise RuntimeError("what a customer wrote")


def test_a_row_is_gone_once_its_work_is_done(db: Database) -> None:
    done: list[dict[str, Any]] = []
    add(db, "send", "send")
    run(db, send=done.append)
    assert done == [{"of": "send"}] * 2
    assert rows(db) == []


def test_a_row_that_fails_stays_is_tried_later_and_holds_up_no_other(db: Database) -> None:
    done: list[object] = []
    add(db, "bad", "good")
    before = time.time()
    run(db, bad=fail, good=done.append)
    (left,) = rows(db)
    assert (left.kind, left.attempts, len(done)) == ("bad", 1, 1)
    assert left.due >= before + 1
    assert left.last_error == "LEDGER_UNAVAILABLE: The ledger does not answer."


def test_an_error_without_a_code_is_kept_by_its_kind_and_not_by_its_words(db: Database) -> None:
    add(db, "bad")
    run(db, bad=break_down)
    assert rows(db)[0].last_error == "RuntimeError"


def test_a_database_error_does_not_repeat_what_was_to_be_stored(db: Database) -> None:
    def store_twice() -> None:
        with db.begin() as session:
            session.add(OutboxRow(id=1, kind="x", payload={"name": "Weser"}, due=0, created_at=0))
            session.flush()
            session.add(OutboxRow(id=1, kind="x", payload={"name": "Weser"}, due=0, created_at=0))

    with pytest.raises(SQLAlchemyError) as failed:
        store_twice()
    assert "Weser" not in str(failed.value)


def test_a_kind_without_a_task_is_kept(db: Database) -> None:
    add(db, "of a later release")
    run(db)
    assert rows(db)[0].last_error == "KeyError"


def test_a_row_that_waits_for_another_is_tried_as_soon_as_that_is_done(db: Database) -> None:
    delivered = threading.Event()
    signed: list[object] = []

    def sign(payload: object) -> None:
        if not delivered.is_set():
            raise Waiting("The delivery is not acknowledged yet.")
        signed.append(payload)

    add(db, "sign")
    run(db, sign=sign)
    assert rows(db)[0].waiting
    add(db, "deliver")
    began = time.time()
    run(db, sign=sign, deliver=lambda _: delivered.set())
    assert len(signed) == 1
    assert rows(db) == []
    assert time.time() - began < 60


def test_a_slow_row_lets_the_others_pass(db: Database) -> None:
    release = threading.Event()
    passed = threading.Event()
    add(db, "slow", "fast")
    tasks = {"slow": lambda _: release.wait(30), "fast": lambda _: passed.set()}
    worker = Worker(db, Jobs(db, tasks))
    worker.step()
    assert passed.wait(30)
    assert "slow" in {row.kind for row in rows(db)}
    release.set()
    worker.close(30)
    assert rows(db) == []


def test_delays_double_up_to_a_minute() -> None:
    assert [delay_seconds(n) for n in (0, 1, 2, 3, 7, 1000)] == [1, 1, 2, 4, 60, 60]
