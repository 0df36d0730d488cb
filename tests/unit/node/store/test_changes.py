"""A part that waits for work sees that somebody wrote."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import text

from node.store.changes import Changes, Commits
from node.store.database import Database
from node.store.errors import StorageUnavailable


def test_a_commit_of_another_connection_is_seen_once(empty_database: Database) -> None:
    with empty_database.begin() as session:
        session.execute(text("CREATE TABLE thing (name TEXT)"))
    changes = Changes(empty_database)
    assert not changes.seen()
    with empty_database.begin() as session:
        session.execute(text("INSERT INTO thing VALUES ('a')"))
    assert changes.seen()
    assert not changes.seen()
    changes.close()


@pytest.mark.parametrize("url", ["postgresql://lading@127.0.0.1:9/none", "sqlite:////none/none"])
def test_a_database_that_takes_no_connection_is_unavailable_and_no_fault_of_the_code(
    url: str,
) -> None:
    database = Database(url)
    with pytest.raises(StorageUnavailable):
        Changes(database)
    database.close()


def test_all_who_wait_go_on_after_a_commit(empty_database: Database) -> None:
    with empty_database.begin() as session:
        session.execute(text("CREATE TABLE thing (name TEXT)"))
    commits = Commits(empty_database)
    commits.wait(commits.count, 5)  # until it looks
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(commits.wait, commits.count, 10) for _ in range(2)]
        with empty_database.begin() as session:
            session.execute(text("INSERT INTO thing VALUES ('a')"))
        assert all(each.result(10) for each in waiting)
    assert not commits.wait(commits.count, 0.1)
    commits.close()


def test_who_waits_for_a_database_that_does_not_answer_goes_on_too() -> None:
    database = Database("sqlite:////none/none")
    commits = Commits(database)
    assert commits.wait(commits.count, 10)
    commits.close()
    database.close()


def test_closing_lets_go_on_who_waits_and_ends_the_looking(empty_database: Database) -> None:
    commits = Commits(empty_database)
    commits.wait(commits.count, 5)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(commits.wait, commits.count, 10)
        commits.close()
        assert waiting.result(5)
    began = monotonic()
    assert not commits.wait(commits.count, 0.1)
    assert monotonic() - began < 5
