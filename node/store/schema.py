"""Brings a member's database to the tables of this release, revision by revision.

Revisions are alembic's, in node/store/migrations; they are run from here and not by alembic's own
command, because the database's one way to begin a transaction is ``Database.begin``. After a
change of the tables, write the next revision with

    python -m node.store.schema NAME
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
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

MIGRATIONS = Path(__file__).parent / "migrations"
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

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
"""Whole numbers have 64 bits on both engines, so that a time or a counter fits."""

for _table in SQLModel.metadata.tables.values():
    for _column in _table.columns:
        if type(_column.type) is Integer:
            _column.type = WHOLE

_TEMPLATE = '''"""{says}."""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    {code}
'''


def upgrade(database: Database) -> None:
    """Run the revisions that this database has not seen; safe to run twice and at once.

    Raises:
        OtherRelease: a later release has been here.
        StorageUnavailable: nothing is changed.
    """
    scripts = _scripts()
    with database.read() as session:
        if _heads(session.connection()) == set(scripts.get_heads()):
            return
    with database.begin() as session:
        if is_of_a_later_release(session.connection()):
            raise OtherRelease("The tables are of a later release.")
        context = _context(session.connection(), scripts)
        with Operations.context(context):
            context.run_migrations()


def differences(database: Database) -> list[Any]:
    """Return how the database's tables differ from the code's, in alembic's words."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection())
        return list(compare_metadata(context, SQLModel.metadata))


def is_of_a_later_release(connection: Connection) -> bool:
    """Say whether the tables were brought to a revision that this release does not have."""
    known = {script.revision for script in _scripts().walk_revisions()}
    return not _heads(connection) <= known


def has_tables(database: Database) -> bool:
    """Say whether some release has made its tables; makes no file where there is none.

    Raises: StorageUnavailable.
    """
    if not database.is_postgresql and not database.path.exists():
        return False
    with database.read() as session:
        return bool(_heads(session.connection()))


def write_revision(name: str) -> Path:
    """Write the revision that leads from the last one to the tables of the code."""
    scripts = _scripts()
    before = scripts.get_current_head()
    number = f"{int(before or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{Path(directory) / 'empty.sqlite'}")
        upgrade(database)
        with database.read() as session:
            context = MigrationContext.configure(session.connection())
            found = produce_migrations(context, SQLModel.metadata)
        database.close()
    code = (
        render_python_code(found.upgrade_ops_list[0])
        .strip()
        .replace("sqlmodel.sql.sqltypes.AutoString", "sa.String")
    )
    path = MIGRATIONS / f"r{number}_{name}.py"
    says = name.replace("_", " ").capitalize()
    path.write_text(_TEMPLATE.format(says=says, revision=number, before=before, code=code))
    return path


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)])


def _context(connection: Connection, scripts: ScriptDirectory) -> MigrationContext:
    def steps(revisions: Any, _context: MigrationContext) -> Iterable[RevisionStep]:
        return scripts._upgrade_revs("head", revisions)

    return MigrationContext.configure(connection, opts={"fn": steps})


def _heads(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


if __name__ == "__main__":
    print(write_revision(sys.argv[1]))
