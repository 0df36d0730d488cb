"""A node's database, of each engine."""

import pytest

from node.store.database import Database


@pytest.fixture
def store(node_database: Database) -> Database:
    return node_database
