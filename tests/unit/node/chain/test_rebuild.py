"""Projections can be dropped and built again, and are the same row by row."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select
from synthetic_ledger import SyntheticLedger
from test_following import CARRIER, follow, ledger_with, profile

from node.chain.errors import RebuildUnderWay
from node.chain.events import Event
from node.chain.follower import Follower
from node.chain.rebuild import rebuild
from node.store.beside import SCHEMA, alone
from node.store.database import Database
from node.store.projections import PROJECTIONS, Member, MemberKey
from node.store.rows import table_of


def test_what_was_not_touched_is_the_same_row_by_row(store: Database) -> None:
    ledger = ledger_with(40)
    follow(Follower(ledger, store, ledger.network))
    rebuilt = rebuild(ledger, store, ledger.network)
    assert rebuilt.differing == 0
    assert rebuilt.height == 41
    rows = {table.name: table.rows for table in rebuilt.tables}
    assert set(rows) == {table_of(model).name for model in PROJECTIONS}
    assert (rows["ledger_event"], rows["member"], rows["chain_cursor"]) == (41, 1, 1)


def test_what_somebody_wrote_into_the_tables_is_put_right_and_counted(store: Database) -> None:
    ledger = ledger_with(3)
    follow(Follower(ledger, store, ledger.network))
    with store.begin() as session:
        session.execute(text("UPDATE member SET roles = 64"))
        session.execute(text("DELETE FROM member_key"))
    rebuilt = rebuild(ledger, store, ledger.network)
    assert rebuilt.differing == 2
    with store.read() as session:
        assert session.exec(select(Member.roles)).one() == 1
        assert session.exec(select(MemberKey.member)).one() == "0x" + CARRIER.hex()


def test_a_rebuild_ends_where_the_follower_is_and_calls_no_hook(store: Database) -> None:
    ledger = ledger_with(3)
    told: list[int] = []

    def hook(_session: object, events: list[Event]) -> None:
        told.append(len(events))

    follower = Follower(ledger, store, ledger.network, hooks=[hook])
    follow(follower)
    ledger.add_block([profile(ledger, 5, 5)])
    assert rebuild(ledger, store, ledger.network).height == 4
    assert follower.step() == 1
    assert told == [4, 1]


def test_tables_before_the_first_block_can_be_rebuilt(store: Database) -> None:
    ledger = SyntheticLedger()
    rebuilt = rebuild(ledger, store, ledger.network)
    assert (rebuilt.height, rebuilt.differing) == (0, 0)


def test_two_rebuilds_at_once_are_refused(store: Database) -> None:
    ledger = ledger_with(1)
    with alone(store) as free:
        assert free
        with pytest.raises(RebuildUnderWay):
            rebuild(ledger, store, ledger.network)
    rebuild(ledger, store, ledger.network)


def test_what_a_killed_rebuild_left_does_not_matter(store: Database, tmp_path: Path) -> None:
    ledger = ledger_with(3)
    follow(Follower(ledger, store, ledger.network))
    if store.is_postgresql:
        with store.begin() as session:
            session.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        beside = Database(store.url, SCHEMA)
    else:
        beside = Database(f"sqlite:///{tmp_path / 'node.sqlite.rebuild'}")
    with beside.begin() as session:
        session.execute(text("CREATE TABLE member (id TEXT)"))
    beside.close()
    assert rebuild(ledger, store, ledger.network).differing == 0
    assert not (tmp_path / "node.sqlite.rebuild").exists()
