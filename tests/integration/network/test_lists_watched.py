"""On a real engine, a node sees every account on the lists and every change of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from founded import Founded
from support.avalanche import Network
from support.members import wait_for

import node.node  # noqa: F401 - brings every table
from identity.keys.secp256k1 import SigningKey
from node.chain.follower import Follower
from node.chain.rpc import Rpc, data
from node.engine.permissions import allow, disallow
from node.oversight.alarms import standing
from node.oversight.allow_lists import DEPLOYERS, TRANSACTIONS, Role, read_first
from node.oversight.watching import watch_funds, watch_lists
from node.store.database import Database
from node.store.projections import ChainCursor
from node.store.schema import upgrade

METRICS = Path(__file__).parents[2] / "data" / "engine-metrics.txt"
LATER = 10_000


@dataclass
class Watcher:
    """One member's tables, and another's validator as its ledger."""

    founded: Founded
    ledger: Rpc
    db: Database
    follower: Follower

    @property
    def height(self) -> int:
        with self.db.read() as session:
            cursor = session.get(ChainCursor, 1)
        return 0 if cursor is None else cursor.block

    def look(self) -> list[str]:
        """Follow to where the other validator is; return what stands once patience has passed."""
        head = int(self.founded.ledger.call("eth_blockNumber"), 16)
        wait_for(lambda: not self.follower.step() and self.height >= head, "it has followed")
        watch_lists(self.ledger, self.db, self.founded.network, 0)
        with self.db.read() as session:
            return [alarm.id for alarm in standing(session, LATER)]


@pytest.fixture(scope="module")
def watcher(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    founded = Founded(network.urls[0])
    db = Database(f"sqlite:///{tmp_path_factory.mktemp('w') / 'node.sqlite'}")
    upgrade(db)
    ledger = Rpc(network.urls[2])
    yield Watcher(founded, ledger, db, Follower(ledger, db, founded.network))
    db.close()
    ledger.close()
    founded.close()


def test_the_founding_account_is_told_until_it_is_taken_off(
    network: Network, watcher: Watcher
) -> None:
    founder = watcher.founded.founder.address
    assert watcher.look() == [
        f"ALLOW_LIST_EXCEEDS deployers:{data(founder)}",
        f"ALLOW_LIST_EXCEEDS transactions:{data(founder)}",
    ]
    disallow(watcher.founded.ledger, network.operator(), [founder])
    assert watcher.look() == []


def test_the_genesis_made_every_operator_a_manager_and_nobody_admin(
    network: Network, watcher: Watcher
) -> None:
    operators = {data(network.operator(place).address) for place in range(len(network.urls))}
    assert read_first(watcher.ledger) == {
        (which, operator): Role.MANAGER
        for which in (TRANSACTIONS, DEPLOYERS)
        for operator in operators
    }


def test_a_stranger_that_an_operator_lets_on_is_told_also_after_it_was_taken_off(
    network: Network, watcher: Watcher
) -> None:
    stranger, ledger = SigningKey.generate().address, watcher.founded.ledger
    allow(ledger, network.operator(3), [stranger])
    changed, exceeds = watcher.look()
    assert changed.startswith("ALLOW_LIST_CHANGED transactions:")
    assert exceeds == f"ALLOW_LIST_EXCEEDS transactions:{data(stranger)}"
    disallow(ledger, network.operator(3), [stranger])
    assert watcher.look() == [changed]


def test_a_relayer_that_an_operator_takes_off_is_told(network: Network, watcher: Watcher) -> None:
    relayer, ledger = watcher.founded.members["bank"].relay.address, watcher.founded.ledger
    before = set(watcher.look())
    disallow(ledger, network.operator(), [relayer])
    told = set(watcher.look()) - before
    assert f"ALLOW_LIST_LACKS transactions:{data(relayer)}" in told
    assert len(told) == 2
    allow(ledger, network.operator(), [relayer])
    assert len(set(watcher.look()) - before) == 1


def test_a_relayer_with_money_is_not_told(watcher: Watcher) -> None:
    member = data(watcher.founded.members["bank"].id)
    watch_funds(watcher.ledger, watcher.db, watcher.founded.network, member, 0)
    assert not any(alarm.startswith("RELAYER_POOR") for alarm in watcher.look())


def test_the_engine_exports_every_metric_that_alerts_and_dashboard_ask_for(
    network: Network, watcher: Watcher
) -> None:
    organisation = network.validators[0].organisation
    told = httpx.get(organisation.url + "/ext/metrics", timeout=30).text.splitlines()
    for line in METRICS.read_text().splitlines()[1:]:
        name, *labels = line.split()
        found = [each for each in told if each.split("{")[0].split(" ")[0] == name]
        assert found, name
        assert all(f'{label}="' in found[0] for label in labels), found[0]
