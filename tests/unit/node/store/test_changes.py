"""A part that waits for work sees that somebody wrote."""

from sqlalchemy import text

from node.store.changes import Changes
from node.store.database import Database


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
