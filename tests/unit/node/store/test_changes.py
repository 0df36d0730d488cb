"""A part that waits for work sees that somebody wrote."""

import pytest
from sqlalchemy import text

from node.store.changes import Changes
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
