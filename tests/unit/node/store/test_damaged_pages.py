"""A page that is not as PostgreSQL wrote it: refused, named by the doctor, and filled anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from support.servers import PostgreSQL, running

from node.metrics import REGISTRY
from node.settings import Settings
from node.store.beside import Swapped, building, swap
from node.store.database import Database
from node.store.errors import StorageUnavailable
from node.store.projections import ChainCursor, RulebookInForce
from node.upkeep.before_start import database as look

TABLES = (ChainCursor, RulebookInForce)


@pytest.fixture
def damaged() -> Iterator[Database]:
    """A database with one row in a table whose page has a bit turned; on a server of its own."""
    server = PostgreSQL()
    with running(server):
        database = Database(server.create())
        fill(database)
        database.close()
        server.damage(database.url, "rulebook_in_force")
        yield database
        database.close()


def fill(database: Database) -> None:
    with database.begin() as session:
        session.add(ChainCursor(id=1, block=7, block_hash="0x07", block_time=70))
        session.add(
            RulebookInForce(
                id="1", counter=1, rulebook="0x01", enforcement_seconds=1, transfer_seconds=1
            )
        )


def found(database: Database, folder: Path) -> tuple[str, str]:
    settings = Settings(
        directory=folder,
        member="0x" + "11" * 32,
        ledger_url="http://127.0.0.1:9",
        api_port=1,
        peers_port=2,
        database=database.url,
    )
    (finding,) = [each for each in look(settings) if each.code == "DATABASE_DAMAGED"]
    return finding.state, finding.sentence


def test_a_damaged_table_is_not_read_is_named_and_is_filled_from_what_was_built_beside(
    damaged: Database, tmp_path: Path
) -> None:
    before = REGISTRY.get_sample_value("lading_database_errors_total", {"kind": "damaged"}) or 0.0
    with pytest.raises(StorageUnavailable), damaged.read() as session:
        session.exec(select(RulebookInForce)).all()
    told = REGISTRY.get_sample_value("lading_database_errors_total", {"kind": "damaged"})
    assert told == before + 1
    assert found(damaged, tmp_path) == ("fail", "Damaged: rulebook_in_force.")
    with building(damaged, TABLES) as beside:
        fill(beside)
        beside.close()
        assert swap(damaged, TABLES, same=ChainCursor) == [
            Swapped("chain_cursor", 1, 0),
            Swapped("rulebook_in_force", 1, 1),
        ]
    with damaged.read() as session:
        assert session.exec(select(RulebookInForce.rulebook)).one() == "0x01"
    assert found(damaged, tmp_path) == ("ok", "Every table can be read.")
