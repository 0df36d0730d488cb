"""A node's database, and lives of titles on a ledger of made-up blocks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store.database import Database
from node.store.schema import upgrade


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()
