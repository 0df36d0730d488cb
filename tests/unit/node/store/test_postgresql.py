"""What only a server can do to a writer: conflicts, lost connections, too many of them."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import Session
from support.servers import PostgreSQL, running

from node.metrics import REGISTRY
from node.store import postgresql as way
from node.store.changes import Changes
from node.store.database import Database
from node.store.errors import StorageConflict, StorageUnavailable, ValueRefused


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[Database]:
    database = Database(postgresql.create(upgraded=False))
    with database.begin() as session:
        session.execute(text("CREATE TABLE thing (name TEXT PRIMARY KEY, worth INT)"))
        session.execute(text("INSERT INTO thing VALUES ('a', 0), ('b', 0)"))
    yield database
    database.close()
    postgresql.drop(database.url)


def add(session: Session, name: str) -> None:
    session.execute(text("UPDATE thing SET worth = worth + 1 WHERE name = :name"), {"name": name})


def worth(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {row.name: row.worth for row in session.execute(text("SELECT * FROM thing"))}


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("lading_database_errors_total", {"kind": kind}) or 0.0


def test_one_of_two_writers_in_each_others_way_is_told_and_its_work_is_done_again(
    database: Database,
) -> None:
    both_hold_one = threading.Barrier(2)
    conflicts = counted("conflict")

    def cross(first: str, second: str) -> None:
        attempts = 0

        def work(session: Session) -> None:
            nonlocal attempts
            attempts += 1
            add(session, first)
            if attempts == 1:
                both_hold_one.wait(10)
            add(session, second)

        database.write(work, beside=True)

    threads = [threading.Thread(target=cross, args=pair) for pair in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert worth(database) == {"a": 2, "b": 2}
    assert counted("conflict") == conflicts + 1


def test_a_conflict_that_stays_is_unavailable_after_five_attempts(database: Database) -> None:
    attempts = 0

    def work(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"))

    with pytest.raises(StorageConflict):
        database.write(work)
    assert attempts == 5


def test_writers_beside_each_other_do_not_wait_and_the_only_writer_does_not_wait_for_them(
    database: Database,
) -> None:
    with database.begin(beside=True) as first:
        add(first, "a")
        with database.begin() as second:
            add(second, "b")
    assert worth(database) == {"a": 1, "b": 1}


def test_a_server_that_was_killed_is_unavailable_and_used_again_once_it_is_back() -> None:
    server = PostgreSQL()
    with running(server):
        database = Database(server.create(upgraded=False))
        with database.begin() as session:
            session.execute(text("CREATE TABLE thing (name TEXT)"))
        changes = Changes(database)

        def write(session: Session) -> None:
            session.execute(text("INSERT INTO thing VALUES ('lost')"))
            server.kill()
            session.execute(text("SELECT 1"))

        with pytest.raises(StorageUnavailable):
            database.write(write)
        with pytest.raises(StorageUnavailable), database.read() as session:
            session.connection()
        with pytest.raises(StorageUnavailable):
            changes.seen()
        changes.close()
        server.start()
        with database.begin() as session:
            assert session.execute(text("SELECT count(*) FROM thing")).scalar_one() == 0
        database.close()


def test_no_free_connection_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POOL_CONNECTIONS", "POOL_TIMEOUT_SECONDS"):
        monkeypatch.setattr(way, name, 1)
    monkeypatch.setattr(way, "POOL_OVERFLOW", 0)
    small = Database(database.url)
    with small.read() as held:
        held.execute(text("SELECT 1"))
        with pytest.raises(StorageUnavailable, match="free"), small.read() as session:
            session.connection()
    small.close()


def test_a_connection_that_is_used_while_the_database_closes_is_closed_when_it_is_given_back(
    database: Database, postgresql: PostgreSQL
) -> None:
    name = make_url(database.url).database
    with database.read(), database.read():
        database.close()
        database.close()
    worth(database)  # it can be used again, and keeps nothing
    with psycopg.connect(postgresql.url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        until = time.monotonic() + 5
        while connection.execute(query, [name]).fetchone() != (0,):
            assert time.monotonic() < until
            connection.rollback()


@pytest.mark.parametrize("value", ["a\x00b", 1 << 70])
def test_a_value_that_the_engine_cannot_hold_is_refused(database: Database, value: object) -> None:
    statement = text("INSERT INTO thing (name, worth) VALUES (:name, :worth)")
    given = {"name": "c", "worth": 0} | {"worth" if isinstance(value, int) else "name": value}
    with pytest.raises(ValueRefused), database.begin() as session:
        session.execute(statement, given)
    assert set(worth(database)) == {"a", "b"}


def test_a_lock_that_is_not_free_in_time_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(way._SESSION, "lock_timeout", "100")
    hasty = Database(database.url)
    with database.begin(), pytest.raises(StorageUnavailable, match="lock timeout"), hasty.begin():
        pass
    hasty.close()


def test_a_wrong_password_is_unavailable_and_not_told(postgresql: PostgreSQL) -> None:
    database = Database(postgresql.url.replace("lading:", "lading:wrong"))
    with pytest.raises(StorageUnavailable) as refused, database.begin():
        pass
    assert "wrong" not in refused.value.message


def test_a_server_that_gives_no_more_connections_is_told_from_one_that_is_lost(
    postgresql: PostgreSQL,
) -> None:
    postgresql.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'crowded'")
    url = make_url(postgresql.url).set(username="crowded", password="crowded")
    crowded = Database(url.render_as_string(hide_password=False))
    before = counted("exhausted")
    with pytest.raises(StorageUnavailable), crowded.read() as session:
        session.connection()
    assert counted("exhausted") == before + 1
    crowded.close()
    postgresql.execute("DROP ROLE crowded")
