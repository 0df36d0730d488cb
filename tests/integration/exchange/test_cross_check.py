"""Members' nodes, each with a ledger node of its own, notice when these are not one ledger."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rpc_server import PASS, RpcServer
from sqlmodel import select
from stub_engine import StubEngine
from support.peers import Peer, make_peers, set_status

from identity.acts.words import MemberStatus, Role
from node.chain.network import Network
from node.chain.rpc import Rpc
from node.exchange.errors import PeerRefused, PeerUnavailable
from node.exchange.exchange import Exchange
from node.metrics import REGISTRY
from node.oversight.agreement import CONTENT_TYPE, PATH, CrossCheck, agreement_route, ask
from node.oversight.alarms import standing
from node.settings import Settings
from node.store.database import Database
from node.store.oversight import PeerView
from node.upkeep.running import of_network

NOW = 1_000_000
ROLES = {
    "carrier": Role.CARRIER,
    "bank": Role.BANK,
    "terminal": Role.TERMINAL,
    "shipper": Role.SHIPPER,
}


@dataclass
class Member:
    """What a node's cross-check works with: a real exchange, database, and a ledger by HTTP."""

    peer: Peer
    settings: Settings
    network: Network
    ledger: RpcServer
    rpc: Rpc

    @property
    def db(self) -> Database:
        return self.peer.database

    @property
    def exchange(self) -> Exchange:
        return self.peer.exchange

    @property
    def engine(self) -> Any:
        return self.ledger.ledger

    def alarms(self) -> list[str]:
        with self.db.read() as session:
            return [alarm.id for alarm in standing(session, NOW)]

    def look(self) -> list[str]:
        CrossCheck(self).look(NOW)  # type: ignore[arg-type]  # the parts of a node that it uses
        return self.alarms()


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Member]]:
    members = {}
    for name, peer in make_peers(tmp_path_factory.mktemp("cross"), ROLES).items():
        engine = StubEngine()
        for _ in range(5):
            engine.add_block([])
        ledger = RpcServer(engine)
        settings = Settings.load(peer.new.directory)
        rpc = Rpc(ledger.url, timeout_seconds=2)
        members[name] = Member(peer, settings, engine.network, ledger, rpc)
    for member in members.values():
        member.peer.serve([agreement_route(member)])  # type: ignore[arg-type]
    yield members
    for member in members.values():
        member.exchange.close()
    for member in members.values():
        member.peer.close()
        member.rpc.close()
        member.ledger.close()


@pytest.fixture
def members(consortium: dict[str, Member]) -> Iterator[dict[str, Member]]:
    yield consortium
    for member in consortium.values():
        member.ledger.fault = lambda _method, _params: PASS
        member.settings = Settings.load(member.peer.new.directory)
        member.look()


def compared(result: str) -> float:
    return REGISTRY.get_sample_value("lading_cross_checks_total", {"result": result}) or 0.0


def test_ledgers_that_are_one_raise_nothing(members: dict[str, Member]) -> None:
    before = compared("agreed")
    assert members["carrier"].look() == []
    assert compared("agreed") == before + 2


def test_another_block_at_the_same_height_is_told_by_whom(members: dict[str, Member]) -> None:
    carrier, bank = members["carrier"], members["bank"]
    forked = StubEngine()
    for _ in range(5):
        forked.add_block([], salt="forked")
    bank.ledger.ledger = forked
    check = CrossCheck(carrier)  # type: ignore[arg-type]
    for _ in range(3):  # two of three others at a time
        check.look(NOW)
    assert carrier.alarms() == [f"BLOCKS_DIFFER {bank.peer.id}"]
    assert {alarm.split()[0] for alarm in bank.look()} == {"BLOCKS_DIFFER"}
    assert len(bank.alarms()) == 2  # whoever follows the other ledger differs from everybody


def test_the_alarm_ends_when_the_ledgers_are_one_again(members: dict[str, Member]) -> None:
    carrier, bank = members["carrier"], members["bank"]
    bank.ledger.ledger = carrier.engine
    check = CrossCheck(carrier)  # type: ignore[arg-type]
    for _ in range(3):
        check.look(NOW)
    assert carrier.alarms() == []


def test_other_code_at_a_contracts_address_is_told(members: dict[str, Member]) -> None:
    carrier, terminal = members["carrier"], members["terminal"]
    devices = carrier.network.contracts["Devices"].address

    def changed(method: str, params: list[Any]) -> Any:
        return "0x6000" if (method, params[:1]) == ("eth_getCode", [devices]) else PASS

    terminal.ledger.fault = changed
    fresh = CrossCheck(terminal)  # type: ignore[arg-type]
    fresh.look(NOW)
    codes = [alarm for alarm in terminal.alarms() if alarm.startswith("CODE_DIFFERS")]
    assert len(codes) == 2
    with terminal.db.read() as session:
        assert all(devices in alarm.says for alarm in standing(session, NOW))


def test_a_ledger_that_is_behind_is_compared_at_its_own_height(members: dict[str, Member]) -> None:
    carrier, bank = members["carrier"], members["bank"]
    carrier.engine.add_block([])
    view = ask(carrier, bank.peer.id, 3)  # type: ignore[arg-type]
    assert view.height == 3
    assert carrier.look() == []


def test_fewer_than_two_that_answer_are_told_after_a_while(members: dict[str, Member]) -> None:
    carrier = members["carrier"]
    for name in ("bank", "terminal", "shipper"):
        members[name].ledger.hangs_up = True
    before = compared("silent")
    carrier.look()
    assert compared("silent") == before + 3
    with carrier.db.read() as session:
        assert standing(session, NOW) == []
        (alarm,) = standing(session, NOW + 900)
    assert alarm.code == "CROSS_CHECK_LACKS"
    for name in ("bank", "terminal", "shipper"):
        members[name].ledger.hangs_up = False
    assert carrier.look() == []


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[", b'{"height":-1}', b'{"height":"1"}', b'{"height":true}', b'{"height":1,"a":2}'],
)
def test_a_question_that_is_none_is_refused(members: dict[str, Member], body: bytes) -> None:
    client = members["carrier"].exchange.client
    with pytest.raises(PeerRefused) as refused:
        client.post(members["bank"].peer.id, PATH, body, CONTENT_TYPE)
    assert refused.value.facts["peer_code"] == "MESSAGE_MALFORMED"


def test_a_member_that_is_suspended_is_neither_asked_nor_answered(
    members: dict[str, Member],
) -> None:
    carrier, bank = members["carrier"], members["bank"]
    set_status(carrier.peer, bank.peer, MemberStatus.SUSPENDED)
    for _ in range(3):
        assert carrier.look() == []
    with pytest.raises(PeerUnavailable):  # its certificate ends the connection
        ask(bank, carrier.peer.id, 1)  # type: ignore[arg-type]
    set_status(carrier.peer, bank.peer, MemberStatus.ACTIVE)


def test_configuration_that_differs_is_found_by_the_doctor(
    members: dict[str, Member], tmp_path: Path
) -> None:
    names = list(ROLES)
    for number, name in enumerate(names):
        file = tmp_path / name / "subnet.json"
        file.parent.mkdir()
        k = 4 if name == "bank" else 5
        file.write_text(json.dumps({"consensusParameters": {"k": k, "beta": 4}, "n": number * 0}))
        member = members[name]
        member.settings = member.settings.model_copy(update={"engine_configuration": (file,)})
    carrier = members["carrier"]
    with carrier.db.begin() as session:
        for row in session.exec(select(PeerView)):
            session.delete(row)
    check = CrossCheck(carrier)  # type: ignore[arg-type]
    for _ in range(3):
        check.look(NOW)
    with carrier.db.begin() as session:  # the doctor's clock is the machine's
        for row in session.exec(select(PeerView)):
            row.at += 2**40
    found = [f for f in of_network(carrier.settings) if f.code == "ENGINE_CONFIGURED_OTHERWISE"]
    assert [finding.state for finding in found].count("fail") == 1
    (told,) = [finding for finding in found if finding.state == "fail"]
    bank = members["bank"].peer.id
    assert told.sentence == (f"At {bank}: subnet.json: consensusParameters.k is 4 there, 5 here.")


def test_an_engine_of_another_release_is_worth_a_look(members: dict[str, Member]) -> None:
    carrier, bank = members["carrier"], members["bank"]
    bank.ledger.fault = lambda method, _: "stub/2" if method == "web3_clientVersion" else PASS
    view = ask(carrier, bank.peer.id, None)  # type: ignore[arg-type]
    assert view.engine == "stub/2"
    assert replace(view, engine="stub/1").engine == "stub/1"
