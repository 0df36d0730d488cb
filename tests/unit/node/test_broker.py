"""Redis may lose everything at any time: the outbox's rows are done all the same, each once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from celery.contrib.testing.worker import start_worker
from sqlmodel import select
from support.servers import PostgreSQL, Redis, running

import node.broker
import node.jobs
from node.broker import CeleryQueue, Dispatcher, celery_queue
from node.jobs import Jobs, Worker, enqueue
from node.settings import Settings
from node.store.commands import OutboxRow
from node.store.database import Database
from node.store.schema import upgrade

Done = dict[int, int]


def queue_at(url: str, directory: Path, member: str = "11") -> CeleryQueue:
    return celery_queue(
        Settings(
            directory=directory, member="0x" + member * 32, ledger_url="http://127.0.0.1:9",
            api_port=1, peers_port=2, jobs="celery", redis_url=url,
        )
    )  # fmt: skip


class Office:
    """An outbox, its dispatcher, and what was done of it."""

    def __init__(self, db: Database, queue: CeleryQueue) -> None:
        self.db = db
        self.queue = queue
        self.done: dict[str, int] = {}
        self.jobs = Jobs(db, {"send": self._send}, claims=True)
        self.dispatcher = Dispatcher(db, queue, Worker(db, self.jobs))
        self._lock = threading.Lock()

    def _send(self, payload: dict[str, Any]) -> None:
        with self._lock:
            self.done[payload["of"]] = self.done.get(payload["of"], 0) + 1

    def add(self, *names: str) -> None:
        with self.db.begin() as session:
            for name in names:
                enqueue(session, "send", {"of": name})

    def rows(self) -> list[OutboxRow]:
        with self.db.read() as session:
            return list(session.exec(select(OutboxRow)))

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Run a Celery worker in this process."""
        self.queue.does(self.jobs)
        with start_worker(
            self.queue.app, pool="threads", concurrency=2, perform_ping_check=False, loglevel=40
        ):
            yield

    def keep_going(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end
            self.dispatcher.step()
            time.sleep(0.05)


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[Database]:
    database = Database(postgresql.create())
    yield database
    database.close()
    postgresql.drop(database.url)


@pytest.fixture
def office(database: Database, redis: Redis, tmp_path: Path) -> Iterator[Office]:
    office = Office(database, queue_at(redis.url, tmp_path))
    yield office
    office.dispatcher.close()
    redis_client.Redis.from_url(redis.url).flushall()
    office.queue.app.close()


def test_every_row_is_done_by_a_worker_and_is_gone(office: Office) -> None:
    office.add("a", "b", "c")
    with office.workers():
        assert office.dispatcher.step() == 3
        office.keep_going(lambda: office.rows() == [])
    assert office.done == {"a": 1, "b": 1, "c": 1}


def test_a_row_that_was_sent_twice_is_done_once(office: Office) -> None:
    office.add("a")
    (row,) = office.rows()
    assert row.id is not None
    for _ in range(4):
        office.queue.send(row.id)
    with office.workers():
        office.keep_going(lambda: office.rows() == [])
        time.sleep(0.5)
    assert office.done == {"a": 1}


def test_what_redis_forgot_is_sent_again(
    office: Office, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.broker, "RESEND_SECONDS", 0.3)
    office.add("a", "b")
    assert office.dispatcher.step() == 2
    redis_client.Redis.from_url(redis.url).flushall()
    with office.workers():
        office.keep_going(lambda: office.rows() == [])
    assert office.done == {"a": 1, "b": 1}


def test_while_redis_is_gone_the_part_does_the_work_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.broker, "PAUSE_SECONDS", 0.5)
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    server = Redis()
    with running(server):
        office = Office(database, queue_at(server.url, tmp_path))
        office.add("sent and lost")
        assert office.dispatcher.step() == 1
        server.kill()
        office.add("never sent")
        office.keep_going(lambda: office.rows() == [])
        assert office.done == {"sent and lost": 1, "never sent": 1}
        server.start()
        time.sleep(0.6)
        office.add("after")
        with office.workers():
            office.keep_going(lambda: office.rows() == [])
        assert office.done["after"] == 1
        office.queue.app.close()
    database.close()


def test_a_row_whose_worker_died_is_done_by_another(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.jobs, "CLAIM_SECONDS", 0.5)
    office.add("a")
    (row,) = office.rows()
    assert row.id is not None
    assert office.jobs._claimed(row.id) is not None  # and nothing more: it was killed
    assert office.jobs._claimed(row.id) is None
    with office.workers():
        office.keep_going(lambda: office.rows() == [])
    assert office.done == {"a": 1}


def test_a_row_that_takes_long_stays_claimed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.jobs, "CLAIM_SECONDS", 0.6)
    monkeypatch.setattr(node.jobs, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(node.broker, "RESEND_SECONDS", 0.1)
    release = threading.Event()
    begun: list[object] = []

    def slow(payload: object) -> None:
        begun.append(payload)
        release.wait(30)

    office.jobs._tasks = {"send": slow}
    office.add("a")
    with office.workers():
        until = time.monotonic() + 1.5
        office.keep_going(lambda: time.monotonic() > until)
        release.set()
        office.keep_going(lambda: office.rows() == [])
    assert len(begun) == 1


def test_members_that_share_a_redis_have_queues_of_their_own(redis: Redis, tmp_path: Path) -> None:
    ours, theirs = (queue_at(redis.url, tmp_path, member) for member in ("11", "22"))
    ours.send(1)
    client = redis_client.Redis.from_url(redis.url)
    assert client.llen(f"lading-{'11' * 8}") == 1
    assert client.llen(f"lading-{'22' * 8}") == 0
    client.flushall()
    client.close()
    for queue in (ours, theirs):
        queue.app.close()
