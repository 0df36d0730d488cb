"""A database is brought to this release's tables by its revisions, once, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from node.store.database import Database
from node.store.errors import OtherRelease
from node.store.revisions import differences
from node.store.schema import REVISIONS, upgrade


@pytest.fixture
def database(empty_database: Database) -> Database:
    return empty_database


def test_the_revisions_lead_to_the_tables_of_the_code(database: Database) -> None:
    """If this fails, run: python -m node.store.schema NAME."""
    upgrade(database)
    assert differences(database) == []
    tables = set(inspect(database.engine).get_table_names())
    assert tables == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_the_last_revision_has_the_number_of_its_file(database: Database) -> None:
    upgrade(database)
    with database.read() as session:
        number = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert number == REVISIONS[-1]


def test_a_change_that_has_no_revision_is_noticed(database: Database) -> None:
    upgrade(database)
    with database.begin() as session:
        session.execute(text("ALTER TABLE title ADD COLUMN more INTEGER"))
    assert differences(database) != []


def test_upgrading_again_changes_nothing(database: Database) -> None:
    upgrade(database)
    with database.begin() as session:
        session.execute(text("INSERT INTO follower_state VALUES (1, 5)"))
    upgrade(database)
    with database.read() as session:
        assert session.execute(text("SELECT at_head_at FROM follower_state")).scalar_one() == 5


def test_tables_of_a_later_release_are_left_alone(database: Database) -> None:
    upgrade(database)
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OtherRelease):
        upgrade(database)


def test_several_processes_may_upgrade_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(upgrade, database) for _ in range(4)]:
            done.result()
    assert differences(database) == []
