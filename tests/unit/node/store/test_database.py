"""One writer at a time, readers beside it, nothing half written."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from node.store.database import Database
from node.store.errors import StorageUnavailable


@pytest.fixture
def database(empty_database: Database) -> Database:
    database = empty_database
    with database.begin() as session:
        session.execute(text("CREATE TABLE thing (name TEXT PRIMARY KEY)"))
    return database


def count(database: Database) -> int:
    with database.read() as session:
        return session.execute(text("SELECT count(*) FROM thing")).scalar_one()


def test_a_transaction_commits_when_its_block_ends(database: Database) -> None:
    with database.begin() as session:
        session.execute(text("INSERT INTO thing VALUES ('a')"))
        assert count(database) == 0
    assert count(database) == 1


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as session:
            session.execute(text("INSERT INTO thing VALUES ('a')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert count(database) == 0


def test_what_a_reading_session_writes_is_thrown_away(database: Database) -> None:
    with database.read() as session:
        session.execute(text("INSERT INTO thing VALUES ('a')"))
    assert count(database) == 0


def test_every_commit_is_synced_to_disk(database: Database) -> None:
    def says(question: str) -> object:
        with database.read() as session:
            return session.execute(text(question)).scalar_one()

    if database.is_postgresql:
        assert says("SHOW synchronous_commit") == "on"
        assert says("SHOW fsync") == "on"
        assert says("SHOW data_checksums") == "on"
        assert says("SHOW lock_timeout") == "10s"
    else:
        assert says("PRAGMA journal_mode") == "wal"
        assert says("PRAGMA synchronous") == 2
        assert says("PRAGMA foreign_keys") == 1
        assert says("PRAGMA busy_timeout") == 10_000


def test_a_reading_session_sees_one_moment(database: Database) -> None:
    with database.read() as session:
        before = session.execute(text("SELECT count(*) FROM thing")).scalar_one()
        with database.begin() as writing:
            writing.execute(text("INSERT INTO thing VALUES ('a')"))
        assert session.execute(text("SELECT count(*) FROM thing")).scalar_one() == before
    assert count(database) == 1


def test_writers_that_read_before_they_write_never_lose_an_update(database: Database) -> None:
    def add(writer: int) -> None:
        for _ in range(20):
            with database.begin() as session:
                total = session.execute(text("SELECT count(*) FROM thing")).scalar_one()
                session.execute(text("INSERT INTO thing VALUES (:name)"), {"name": str(total)})

    threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 80


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'absent' / 'node.sqlite'}")
    with pytest.raises(StorageUnavailable), database.begin():
        pass


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://me:secret@there/x"])
def test_what_is_neither_a_file_nor_postgresql_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="does not name") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    with database.begin() as session:
        session.execute(text("CREATE TABLE thing (name TEXT PRIMARY KEY)"))

    def write_too_much() -> None:
        with database.begin() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar_one()
            session.execute(text(f"PRAGMA max_page_count = {pages + 1}"))
            session.execute(text("INSERT INTO thing VALUES ('a')"))
            session.execute(text("INSERT INTO thing VALUES (:long)"), {"long": "x" * 100_000})

    with pytest.raises(StorageUnavailable, match="full"):
        write_too_much()
    assert count(database) == 0
    database.close()


def test_a_statement_that_is_wrong_is_not_taken_for_a_failing_disk(database: Database) -> None:
    with pytest.raises((OperationalError, ProgrammingError)), database.read() as session:
        session.execute(text("SELECT * FROM nothing"))
