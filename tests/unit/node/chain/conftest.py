"""A member's empty database."""

import pytest

from node.store.database import Database


@pytest.fixture
def store(node_database: Database) -> Database:
    return node_database
