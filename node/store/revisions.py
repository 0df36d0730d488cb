"""Runs a database's revisions, which are alembic's, and writes the next one.

They are run from here and not by alembic's own command, because the database's one way to begin a
transaction is ``Database.begin``. Only a database that is not of this release needs this module:
alembic takes long to load.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlmodel import SQLModel

from node.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"

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


def run(connection: Connection) -> None:
    """Run the revisions that this database has not seen, in the caller's transaction."""
    scripts = _scripts()

    def steps(revisions: Any, _context: MigrationContext) -> Iterable[RevisionStep]:
        return scripts._upgrade_revs("head", revisions)

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()


def differences(database: Database) -> list[Any]:
    """Return how the database's tables differ from the code's, in alembic's words."""
    with database.read() as session:
        context = MigrationContext.configure(session.connection())
        return list(compare_metadata(context, SQLModel.metadata))


def write(name: str) -> Path:
    """Write the revision that leads from the last one to the tables of the code."""
    before = _scripts().get_current_head()
    number = f"{int(before or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{Path(directory) / 'empty.sqlite'}")
        with database.begin() as session:
            run(session.connection())
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
