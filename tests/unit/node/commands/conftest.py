"""A database with every table of a node, and a command in it."""

import time
from collections.abc import Callable

import pytest

import node.node  # noqa: F401 - brings every table
from node.store.commands import Command
from node.store.database import Database


@pytest.fixture
def db(node_database: Database) -> Database:
    return node_database


@pytest.fixture
def store(db: Database) -> Callable[..., Command]:
    """Store a command with these attributes and return it."""
    count = 0

    def storing(**given: object) -> Command:
        nonlocal count
        count += 1
        now = int(time.time())
        attributes = {
            "id": f"{count:032x}", "subject": "somebody", "role": "clerk", "key": str(count),
            "request": "00", "verb": "Offer", "contract": "Titles", "object": "0x" + "11" * 32,
            "expires": now + 3600, "created_at": now, "updated_at": now,
        }  # fmt: skip
        command = Command(**{**attributes, **given})
        with db.begin() as session:
            session.add(command)
        return command

    return storing
