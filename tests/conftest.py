"""Databases for tests that hold on both engines: a SQLite file, and a database of PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support.servers import PostgreSQL, Redis, running
from support.sharing import Together, turn_of

from node.store.database import Database
from node.store.schema import upgrade

# A busy machine is no fault of the code: nothing here is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One PostgreSQL server for the whole session."""
    server = PostgreSQL()
    with running(server):
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """One Redis server for the whole session."""
    server = Redis()
    with running(server):
        yield server


@pytest.fixture(params=ENGINES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, of each engine."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
        yield database
        database.close()
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    database = Database(server.create(upgraded=False))
    yield database
    database.close()
    server.drop(database.url)


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with this release's tables, made once: tests take copies."""
    path = tmp_path_factory.mktemp("upgraded") / "node.sqlite"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(params=ENGINES)
def node_database(
    request: pytest.FixtureRequest, tmp_path: Path, upgraded_file: Path
) -> Iterator[Database]:
    """A database with this release's tables, of each engine."""
    if request.param == "sqlite":
        path = shutil.copy(upgraded_file, tmp_path / "node.sqlite")
        database = Database(f"sqlite:///{path}")
        yield database
        database.close()
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    database = Database(server.create())
    yield database
    database.close()
    server.drop(database.url)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their length: keys made at import differ in each of pytest's processes."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those begin first that take longest."""
    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Keep those together that share running members."""
    return Together(config, log)
