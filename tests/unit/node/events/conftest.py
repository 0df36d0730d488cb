"""A node's database, of each engine; and a shipper's node whose webhooks may go anywhere."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.office_node import CLOSED, PASSPHRASE, Office, found_network, give_tokens

from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save
from node.member import Addresses, create_member, write_json
from node.node import Node
from node.settings import Settings
from node.store.database import Database


@pytest.fixture
def store(node_database: Database) -> Database:
    return node_database


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shipper's directory, for copies: its key stores take half a second to make."""
    directory = tmp_path_factory.mktemp("made") / "shipper"
    create_member(
        directory, ("Aarhus Export House", "奥胡斯出口公司"), Role.SHIPPER,
        Addresses("127.0.0.1", 8001, 8002, CLOSED), {"signer": PASSPHRASE, "node": PASSPHRASE},
    )  # fmt: skip
    save(found_network(), directory / "network.json")
    return directory


@pytest.fixture
def office(tmp_path: Path, made: Path, node_database: Database) -> Iterator[Office]:
    directory = shutil.copytree(made, tmp_path / "shipper")
    settings = json.loads((directory / "settings.json").read_bytes())
    settings |= {"webhook_targets": "any", "database": node_database.url}
    write_json(directory / "settings.json", settings)
    node = Node(Settings.load(directory), {PASSPHRASE_VARIABLE: PASSPHRASE})
    yield Office(node, directory, give_tokens(directory))
    node.close()
