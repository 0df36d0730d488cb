"""The desk at which people sign in, on both databases."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from support.sign_in_desk import NOW, Desk

from node.people.people import People
from node.people.visits import Visit
from node.store.database import Database


@pytest.fixture
def desk(node_database: Database) -> Iterator[Desk]:
    people = People(X25519PrivateKey.generate(), node_database.url)
    yield Desk(node_database, people, Visit("192.0.2.7", "a browser of a test", NOW))
    people.close()
