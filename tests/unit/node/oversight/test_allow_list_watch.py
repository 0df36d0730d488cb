"""The engine's lists are held against Membership: differences and changes have their alarms."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import rlp
from eth_hash.auto import keccak
from rpc_server import PASS, RpcServer
from sqlmodel import select
from support.allow_lists import ListedLedger

import node.node  # noqa: F401 - brings every table
from identity.acts.words import KeyPurpose
from node.chain.follower import Follower
from node.chain.network import DeployedContract
from node.chain.rpc import Rpc
from node.oversight.alarms import acknowledge, standing
from node.oversight.allow_lists import DEPLOYERS, TRANSACTIONS, Role, read_first
from node.oversight.watching import watch_funds, watch_lists
from node.store.database import Database
from node.store.oversight import AllowListChange, LedgerAlarm

CARRIER = bytes([1]) * 32
RELAY = "0x" + "c1" * 20
OPERATOR, ADMIN, STRANGER, FOUNDER = ("0x" + byte * 20 for byte in ("0a", "ad", "5e", "f0"))
LATER = 10_000


class Scene:
    """One member's tables, and a ledger with lists that it reaches over HTTP."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.ledger = ListedLedger()
        place = keccak(rlp.encode([bytes.fromhex(FOUNDER[2:]), 1]))[-20:]
        contracts = dict(self.ledger.network.contracts)
        self.founded = "0x" + place.hex()
        devices = contracts["Devices"]
        contracts["Devices"] = DeployedContract(self.founded, devices.code_hash)
        self.network = replace(self.ledger.network, contracts=contracts, deployed_height=2)
        self.ledger.network = self.network
        self.ledger.sent[FOUNDER] = 7
        for which in (TRANSACTIONS, DEPLOYERS):
            self.ledger.begin_with(which, OPERATOR, Role.MANAGER)
        self.server = RpcServer(self.ledger)
        self.rpc = Rpc(self.server.url)
        self.follower = Follower(self.rpc, db, self.network)
        self.now = LATER

    def admit(self, *keys: tuple[bytes, KeyPurpose]) -> None:
        self.ledger.add_block([])
        self.ledger.add_block([
            self.ledger.acted(
                "AdmitMember", 1, principal=bytes(32), object=CARRIER, roles=1,
                profile=bytes(32), rulebook=bytes(32), keys=[key for key, _ in keys],
                purposes=[int(purpose) for _, purpose in keys],
            )
        ])  # fmt: skip

    def act(self, name: str, counter: int, **fields: bytes) -> None:
        principal = bytes(32) if name.endswith("Member") else CARRIER
        self.ledger.add_block([
            self.ledger.acted(name, counter, principal=principal, object=CARRIER, **fields)
        ])  # fmt: skip

    def look(self, later: int = 0) -> list[str]:
        """Follow, look, and return what stands once every patience has passed."""
        while self.follower.step():
            pass
        self.now += later
        watch_lists(self.rpc, self.db, self.network, self.now)
        return self.standing(self.now + LATER)

    def standing(self, now: float) -> list[str]:
        with self.db.read() as session:
            return [alarm.id for alarm in standing(session, now)]

    def close(self) -> None:
        self.rpc.close()
        self.server.close()


@pytest.fixture
def scene(node_database: Database) -> Iterator[Scene]:
    scene = Scene(node_database)
    scene.admit((bytes(12) + bytes.fromhex(RELAY[2:]), KeyPurpose.RELAY))
    scene.ledger.set_role(TRANSACTIONS, RELAY, Role.ENABLED, OPERATOR)
    yield scene
    scene.close()


def test_lists_that_are_as_membership_says_raise_nothing(scene: Scene) -> None:
    assert scene.look() == []
    with scene.db.read() as session:
        (change,) = session.exec(select(AllowListChange))
        assert change.explained


def test_a_stranger_on_the_list_is_told_with_who_put_it_there(scene: Scene) -> None:
    scene.ledger.set_role(TRANSACTIONS, STRANGER, Role.ENABLED, OPERATOR)
    height = scene.ledger.height
    exceeds, changed = scene.look()
    assert exceeds == f"ALLOW_LIST_CHANGED transactions:{height}:0"
    assert changed == f"ALLOW_LIST_EXCEEDS transactions:{STRANGER}"
    with scene.db.read() as session:
        alarm = session.get(LedgerAlarm, exceeds)
        assert alarm is not None
        assert OPERATOR in alarm.says
        assert STRANGER in alarm.says


def test_a_stranger_who_was_taken_off_again_leaves_the_change_behind(scene: Scene) -> None:
    scene.ledger.set_role(TRANSACTIONS, STRANGER, Role.ENABLED, OPERATOR)
    height = scene.ledger.height
    scene.ledger.set_role(TRANSACTIONS, STRANGER, Role.NONE, OPERATOR)
    assert scene.look() == [f"ALLOW_LIST_CHANGED transactions:{height}:0"]
    with scene.db.begin() as session:
        assert acknowledge(session, f"ALLOW_LIST_CHANGED transactions:{height}:0", scene.now)
        assert not acknowledge(session, "ALLOW_LIST_CHANGED transactions:1:0", scene.now)
    assert scene.look() == []


def test_a_relayer_that_was_taken_off_is_told(scene: Scene) -> None:
    scene.look()
    scene.ledger.set_role(TRANSACTIONS, RELAY, Role.NONE, OPERATOR)
    height = scene.ledger.height
    assert scene.look() == [
        f"ALLOW_LIST_CHANGED transactions:{height}:0",
        f"ALLOW_LIST_LACKS transactions:{RELAY}",
    ]
    scene.ledger.set_role(TRANSACTIONS, RELAY, Role.ENABLED, OPERATOR)
    assert scene.look() == [f"ALLOW_LIST_CHANGED transactions:{height}:0"]


def test_a_member_that_is_suspended_comes_off_the_list(scene: Scene) -> None:
    scene.act("SuspendMember", 2, reason=bytes(32))
    assert scene.look() == [f"ALLOW_LIST_EXCEEDS transactions:{RELAY}"]
    scene.ledger.set_role(TRANSACTIONS, RELAY, Role.NONE, OPERATOR)
    assert scene.look() == []


def test_a_moment_between_list_and_membership_is_no_alarm_yet(scene: Scene) -> None:
    scene.act("SuspendMember", 2, reason=bytes(32))
    scene.look()
    assert scene.standing(scene.now + 299) == []
    assert len(scene.standing(scene.now + 300)) == 1


def test_a_key_that_is_registered_after_it_was_let_on_explains_the_change(scene: Scene) -> None:
    new = "0x" + "c2" * 20
    scene.ledger.set_role(TRANSACTIONS, new, Role.ENABLED, OPERATOR)
    assert len(scene.look()) == 2
    scene.ledger.add_block([
        scene.ledger.acted(
            "AddKey", 2, principal=CARRIER, object=CARRIER, purpose=int(KeyPurpose.RELAY),
            key=bytes(12) + bytes.fromhex(new[2:]), validFrom=0, validUntil=0,
        )
    ])  # fmt: skip
    assert scene.look() == []


def test_an_admin_of_the_genesis_is_told_until_it_has_dropped_itself(scene: Scene) -> None:
    scene.ledger.begin_with(DEPLOYERS, ADMIN, Role.ADMIN)
    assert scene.look() == [f"ALLOW_LIST_ADMIN deployers:{ADMIN}"]
    scene.ledger.set_role(DEPLOYERS, ADMIN, Role.NONE, ADMIN)
    assert scene.look() == []


def test_an_admin_or_manager_that_is_made_later_is_told(scene: Scene) -> None:
    scene.look()
    scene.ledger.set_role(TRANSACTIONS, STRANGER, Role.MANAGER, ADMIN)
    scene.ledger.set_role(DEPLOYERS, STRANGER, Role.ADMIN, ADMIN)
    assert [alarm.split()[0] for alarm in scene.look()] == [
        "ALLOW_LIST_ADMIN",
        "ALLOW_LIST_CHANGED",
        "ALLOW_LIST_CHANGED",
        "ALLOW_LIST_MANAGER",
    ]


def test_who_deployed_a_contract_that_the_council_named_was_let_on_for_it(scene: Scene) -> None:
    scene.ledger.set_role(DEPLOYERS, FOUNDER, Role.ENABLED, OPERATOR)
    assert scene.look() == [f"ALLOW_LIST_EXCEEDS deployers:{FOUNDER}"]
    scene.ledger.set_role(DEPLOYERS, FOUNDER, Role.NONE, OPERATOR)
    assert scene.look() == []


def test_another_deployer_is_told_and_its_change_stays(scene: Scene) -> None:
    scene.ledger.sent[STRANGER] = 50
    scene.ledger.set_role(DEPLOYERS, STRANGER, Role.ENABLED, OPERATOR)
    height = scene.ledger.height
    scene.ledger.set_role(DEPLOYERS, STRANGER, Role.NONE, OPERATOR)
    assert scene.look() == [f"ALLOW_LIST_CHANGED deployers:{height}:0"]


def test_a_list_that_an_upgrade_changed_is_read_too(scene: Scene) -> None:
    config = {"upgrades": {"precompileUpgrades": [
        {"txAllowListConfig": {"adminAddresses": [ADMIN.upper().replace("0X", "0x")]}}
    ]}}  # fmt: skip
    scene.server.fault = lambda method, _: config if method == "eth_getChainConfig" else PASS
    assert read_first(scene.rpc) == {(TRANSACTIONS, ADMIN): Role.ADMIN}


def test_an_engine_without_lists_is_not_asked_for_any(scene: Scene) -> None:
    scene.look()
    asked = len(scene.ledger.asked)
    watch_lists(scene.rpc, scene.db, replace(scene.network, engine="besu"), scene.now)
    assert len(scene.ledger.asked) == asked


def test_a_relayer_that_runs_out_of_money_is_told(scene: Scene) -> None:
    scene.look()
    member = "0x" + CARRIER.hex()
    watch_funds(scene.rpc, scene.db, scene.network, member, scene.now)
    assert scene.standing(scene.now) == [f"RELAYER_POOR {RELAY}"]
    scene.ledger.balances[RELAY] = 10**18
    watch_funds(scene.rpc, scene.db, scene.network, member, scene.now)
    assert scene.standing(scene.now) == []
