"""The ledger's directory and file."""

import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from node.embedded.database import Database, NodeStore, claim_directory
from node.embedded.errors import DirectoryInUse, OtherLedger
from node.embedded.ledger import open_chain
from node.embedded.settings import LedgerSettings


def test_the_directory_and_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "ledger"
    claim_directory(directory)
    Database(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()} == {0o600}


def test_a_directory_others_may_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with pytest.raises(OtherLedger, match="chmod 700"):
        claim_directory(tmp_path)


def test_a_second_claim_is_refused_until_the_first_is_given_up(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    lock = claim_directory(tmp_path)
    with pytest.raises(DirectoryInUse, match="in use"):
        claim_directory(tmp_path)
    os.close(lock)
    os.close(claim_directory(tmp_path))


def test_another_chain_id_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path)
    open_chain(LedgerSettings(tmp_path, chain_id=5), database, time.time())
    open_chain(LedgerSettings(tmp_path, chain_id=5), database, time.time())
    with pytest.raises(OtherLedger, match="chain 5, not 6"):
        open_chain(LedgerSettings(tmp_path, chain_id=6), database, time.time())


def test_a_write_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)
    connection = database.connect()

    def write_and_fail() -> None:
        with database.writing(connection):
            connection.execute("INSERT INTO meta VALUES ('a', 1)")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert connection.execute("SELECT count(*) FROM meta").fetchone() == (0,)


def test_writes_are_durable_and_logged_ahead(tmp_path: Path) -> None:
    connection = Database(tmp_path).connect()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_node_store_keeps_writes_until_they_are_taken(tmp_path: Path) -> None:
    database = Database(tmp_path)
    connection = database.connect()
    store = NodeStore(connection)
    store[b"key"] = b"value"
    assert store[b"key"] == b"value"
    assert b"key" not in NodeStore(connection)
    with database.writing(connection):
        store.insert_into(connection)
    assert NodeStore(connection)[b"key"] == b"value"
    with pytest.raises(KeyError):
        store[b"other"]
    with pytest.raises(NotImplementedError):
        del store[b"key"]


def test_a_failed_batch_leaves_the_node_store_as_it_was(tmp_path: Path) -> None:
    store = NodeStore(Database(tmp_path).connect())

    def write_and_fail() -> None:
        with store.atomic_batch() as batch:
            batch[b"key"] = b"value"
            raise sqlite3.OperationalError

    with pytest.raises(sqlite3.OperationalError):
        write_and_fail()
    assert b"key" not in store


@pytest.mark.parametrize(
    "fields", [{"host": "0.0.0.0"}, {"chain_id": 0}, {"block_gas_limit": 29_999_999}]
)
def test_settings_that_cannot_be_kept_are_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        LedgerSettings(tmp_path, **fields)
