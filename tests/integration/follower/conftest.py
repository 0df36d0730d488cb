"""A real embedded ledger for all tests of the follower, and an empty store for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from founded import Founded
from ledger_process import running_ledger

from node.store.database import Database
from node.store.schema import upgrade


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as url:
        network = Founded(url)
        yield network
        network.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()
