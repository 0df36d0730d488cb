"""Brings a member's database to the tables of this release, revision by revision.

Revisions are files of node/store/migrations, named by their numbers; node/store/revisions.py runs
them. After a change of the tables, write the next revision with

    python -m node.store.schema NAME
"""

import sys
from pathlib import Path

from sqlalchemy import BigInteger, Connection, Integer
from sqlmodel import SQLModel

from node.store import (
    approvals,
    audit,
    commands,
    companions,
    documents,
    events,
    follower,
    oversight,
    people,
    projections,
)
from node.store.database import Database
from node.store.errors import OtherRelease

TABLES = (
    approvals,
    audit,
    commands,
    companions,
    documents,
    events,
    follower,
    oversight,
    people,
    projections,
)
"""The modules that declare tables; importing them fills SQLModel's metadata."""

REVISIONS = tuple(
    sorted(path.stem[1:5] for path in (Path(__file__).parent / "migrations").glob("r????_*.py"))
)
"""The numbers of this release's revisions, the oldest first."""

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
"""Whole numbers have 64 bits on both engines, so that a time or a counter fits."""

for _table in SQLModel.metadata.tables.values():
    for _column in _table.columns:
        if type(_column.type) is Integer:
            _column.type = WHOLE


def upgrade(database: Database) -> None:
    """Run the revisions that this database has not seen; safe to run twice and at once.

    Raises:
        OtherRelease: a later release has been here.
        StorageUnavailable: nothing is changed.
    """
    with database.read() as session:
        if _revision(session.connection()) == REVISIONS[-1]:
            return
    # Alembic takes 0.2 s to load, for which no start should wait that needs no revision.
    from node.store.revisions import run  # noqa: PLC0415

    with database.begin() as session:
        if is_of_a_later_release(session.connection()):
            raise OtherRelease("The tables are of a later release.")
        run(session.connection())


def is_of_a_later_release(connection: Connection) -> bool:
    """Say whether the tables were brought to a revision that this release does not have."""
    return _revision(connection) not in (None, *REVISIONS)


def has_tables(database: Database) -> bool:
    """Say whether some release has made its tables; makes no file where there is none.

    Raises: StorageUnavailable.
    """
    if not database.is_postgresql and not database.path.exists():
        return False
    with database.read() as session:
        return _revision(session.connection()) is not None


def _revision(connection: Connection) -> str | None:
    """Return the number of the last revision that was run; None where there are no tables."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    number: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return number


if __name__ == "__main__":
    from node.store.revisions import write

    print(write(sys.argv[1]))
