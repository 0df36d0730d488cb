"""Each fault of a ledger, served by a real HTTP server: named, counted, and survived."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from rpc_server import PASS, RpcServer
from stub_engine import StubEngine
from synthetic_ledger import Log, SyntheticLedger

import node.node  # noqa: F401 - brings every table
from identity.keys.secp256k1 import SigningKey
from node.chain.errors import (
    LedgerBehind,
    LedgerDiffers,
    LedgerForked,
    LedgerSlow,
    LedgerSyncing,
    LogsPruned,
    RelayHeld,
    RpcRefused,
)
from node.chain.follower import Follower
from node.chain.network import check_ledger
from node.chain.rpc import Rpc
from node.chain.sender import Sender
from node.errors import LedgerUnavailable, NodeError
from node.metrics import REGISTRY
from node.store.database import Database
from node.store.follower import LedgerFault
from node.store.projections import ChainCursor, Member

CARRIER = bytes([1]) * 32


class Scene:
    """A follower and a sender of one member, and the ledger that they reach over HTTP."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.engine = StubEngine()
        self.engine.add_block([admission(self.engine)])
        self.add_profiles(2, 20)
        self.server = RpcServer(self.engine)
        self.rpc = Rpc(self.server.url, timeout_seconds=0.5)
        self.follower = Follower(self.rpc, db, self.engine.network)
        self.sender = Sender(self.rpc, db, self.engine.network, {"relay": SigningKey.generate()})

    def add_profiles(self, first: int, last: int, salt: str = "") -> None:
        for counter in range(first, last):
            self.engine.add_block([profile(self.engine, counter)], salt)

    def follow(self) -> None:
        while self.follower.step():
            pass

    def close(self) -> None:
        self.rpc.close()
        self.server.close()

    @property
    def height(self) -> int:
        with self.db.read() as session:
            cursor = session.get(ChainCursor, 1)
            return 0 if cursor is None else cursor.block

    @property
    def fault(self) -> str | None:
        with self.db.read() as session:
            found = session.get(LedgerFault, 1)
            return None if found is None else found.code


def admission(ledger: SyntheticLedger) -> Log:
    return ledger.acted(
        "AdmitMember", 1, principal=bytes(32), object=CARRIER, roles=1, profile=bytes(32),
        rulebook=bytes(32), keys=[CARRIER], purposes=[1],
    )  # fmt: skip


def profile(ledger: SyntheticLedger, counter: int) -> Log:
    value = counter.to_bytes(32, "big")
    return ledger.acted("UpdateProfile", counter, principal=CARRIER, object=CARRIER, profile=value)


@pytest.fixture
def scene(store: Database) -> Iterator[Scene]:
    scene = Scene(store)
    yield scene
    scene.close()


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("lading_ledger_fault_total", {"kind": kind}) or 0.0


def refused_as(scene: Scene, error: type[NodeError], kind: str) -> NodeError:
    """Step once; the error is this one, it is counted as ``kind``, and nothing was applied."""
    before, height = counted(kind), scene.height
    with pytest.raises(error) as raised:
        scene.follower.step()
    assert type(raised.value) is error
    assert counted(kind) > before
    assert scene.height == height
    return raised.value


def test_a_ledger_that_is_down_is_waited_for(scene: Scene) -> None:
    scene.server.hangs_up = True
    refused_as(scene, LedgerUnavailable, "down")
    scene.server.hangs_up = False
    scene.follow()
    assert scene.height == scene.engine.height


def test_a_ledger_that_is_slow_is_named_so(scene: Scene) -> None:
    scene.server.slow_seconds = 1.0
    refused_as(scene, LedgerSlow, "slow")
    scene.server.slow_seconds = 0.0
    scene.follow()
    assert scene.fault is None


def test_an_answer_that_is_no_json_rpc_is_named_so(scene: Scene) -> None:
    scene.server.answer = lambda _request: "hello"  # type: ignore[method-assign]
    with pytest.raises(LedgerUnavailable):
        scene.follower.step()


def behind(scene: Scene, syncing: Any) -> None:
    scene.follow()
    scene.engine.drop_blocks(above=5)
    scene.server.fault = lambda method, _: syncing if method == "eth_syncing" else PASS


def test_a_ledger_that_is_syncing_is_named_so(scene: Scene) -> None:
    behind(scene, {"currentBlock": "0x5", "highestBlock": "0x20"})
    refused_as(scene, LedgerSyncing, "syncing")


def test_a_ledger_that_is_behind_and_not_syncing_is_named_so(scene: Scene) -> None:
    behind(scene, False)
    refused_as(scene, LedgerBehind, "behind")


def test_a_fork_below_finality_stops_following_and_relaying_until_it_is_gone(scene: Scene) -> None:
    scene.follow()
    good, scene.engine._blocks = scene.engine._blocks, list(scene.engine._blocks)
    logs = list(scene.engine._logs)
    scene.engine.drop_blocks(above=8)
    scene.add_profiles(9, 40, salt="another history")
    for _ in range(2):
        error = refused_as(scene, LedgerForked, "forked")
    assert error.facts["height"] == scene.height
    assert scene.fault == "LEDGER_FORKED"
    with pytest.raises(RelayHeld):
        scene.sender.step()
    with scene.db.read() as session:
        member = session.get(Member, "0x" + CARRIER.hex())
    assert member is not None
    assert member.counter == 19
    scene.engine._blocks, scene.engine._logs = good, logs
    scene.follow()
    assert scene.fault is None
    scene.sender.step()


def test_another_ledger_at_the_same_address_is_named_so(scene: Scene) -> None:
    scene.follow()
    scene.engine.drop_blocks(above=-1)
    for i in range(60):
        scene.engine.add_block([], salt=f"other {i}")
    refused_as(scene, LedgerDiffers, "other_ledger")
    assert scene.fault == "LEDGER_DIFFERS"
    with pytest.raises(RelayHeld):
        scene.sender.step()


def test_another_chain_id_or_genesis_is_refused_at_the_start(scene: Scene) -> None:
    for method, answer in (("eth_chainId", "0x77"), ("eth_getBlockByNumber", None)):
        scene.server.fault = lambda asked, _, m=method, a=answer: a if asked == m else PASS  # type: ignore[misc]
        before = counted("other_ledger")
        with pytest.raises(LedgerDiffers):
            check_ledger(scene.rpc, scene.engine.network)
        assert counted("other_ledger") == before + 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (4444, "old data not available"),
        (-32000, "pruned history unavailable"),
        (-32000, "missing trie node 5a1c"),
    ],
)
def test_pruned_logs_are_named_so_and_nothing_is_passed_over(
    scene: Scene, code: int, message: str
) -> None:
    def pruned(method: str, params: Sequence[Any]) -> Any:
        if method == "eth_getLogs" and int(params[0]["fromBlock"], 16) < 10:
            raise RpcRefused(message, code)
        return PASS

    scene.server.fault = pruned
    error = refused_as(scene, LogsPruned, "pruned")
    assert error.facts["height"] == 1
    assert scene.fault == "LOGS_PRUNED"
    scene.server.fault = lambda *_: PASS
    scene.follow()
    assert (scene.height, scene.fault) == (scene.engine.height, None)


def test_a_log_query_refused_for_its_range_is_halved_and_goes_on(scene: Scene) -> None:
    scene.engine.longest_range = 3
    before = counted("range_refused")
    scene.follow()
    assert scene.height == scene.engine.height
    assert counted("range_refused") > before


def test_logs_that_are_left_out_silently_stop_the_follower(scene: Scene) -> None:
    scene.server.fault = lambda method, _: [] if method == "eth_getLogs" else PASS
    scene.follower.step()  # blocks without events: nothing is missed yet
    scene.add_profiles(20, 22)
    scene.server.fault = lambda *_: PASS
    with pytest.raises(NodeError) as stopped:
        scene.follower.step()
    assert stopped.value.code == scene.fault == "EVENT_MISSING"


def test_with_the_ledger_down_nothing_that_waits_is_lost(scene: Scene) -> None:
    scene.server.hangs_up = True
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(LedgerUnavailable):
            scene.sender._final_nonces(set())
    assert time.monotonic() - begun < 5
