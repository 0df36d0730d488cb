"""Alarms about the ledger, for whoever runs the node: shown, told by doctor and status, known."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from support.office_node import found_network
from support.peers import Peer, make_member, open_peer
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.cli.standing import standing
from identity.acts.words import Role
from node.chain.network import save
from node.metrics import render
from node.oversight.alarms import Noticed, keep
from node.settings import Settings
from node.store.audit import AuditRow
from node.upkeep.measures import NodeCollector
from node.upkeep.running import while_running

ADMIN = Noticed("ALLOW_LIST_ADMIN", "deployers:0xad", "0xad is Admin of the list of deployers.")
POOR = Noticed("RELAYER_POOR", "0xc1", "The relay key 0xc1 has 1 wei, less than 3000000000.")
NAME = "ALLOW_LIST_ADMIN deployers:0xad"


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    peer = open_peer(*make_member(tmp_path, "bank", Role.BANK))
    save(found_network(), peer.new.directory / "network.json")
    now = int(time.time())
    with peer.database.begin() as session:
        keep(session, (ADMIN.code,), [ADMIN], now - 400)
        keep(session, (POOR.code,), [POOR], now)
    yield peer
    peer.close()


def lading(peer: Peer, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["alarms", str(peer.new.directory), *arguments])


def test_alarms_are_shown_until_they_are_acknowledged_and_then_count_no_more(peer: Peer) -> None:
    told = json.loads(lading(peer, "--json").stdout)
    assert [(each["id"], each["counts"]) for each in told] == [
        (NAME, True),
        ("RELAYER_POOR 0xc1", True),
    ]
    told = json.loads(lading(peer, "--acknowledge", NAME, "--json").stdout)
    assert [each["counts"] for each in told] == [False, True]
    assert standing(peer.new.directory)["alarms"] == {"RELAYER_POOR": 1}
    with peer.database.read() as session:
        (row,) = session.exec(select(AuditRow).where(AuditRow.verb == "AcknowledgeAlarm"))
    assert row.code == "ALLOW_LIST_ADMIN"


def test_an_id_that_no_alarm_has_is_refused_and_nothing_is_noted(peer: Peer) -> None:
    told = lading(peer, "--acknowledge", NAME, "--acknowledge", "BLOCKS_DIFFER 0x00")
    assert told.exit_code != 0
    assert standing(peer.new.directory)["alarms"] == {"ALLOW_LIST_ADMIN": 1, "RELAYER_POOR": 1}


def test_the_doctor_fails_on_an_admin_and_warns_of_a_poor_relayer(peer: Peer) -> None:
    found = {each.code: each for each in while_running(Settings.load(peer.new.directory))}
    assert found["ALLOW_LIST_ADMIN"].state == "fail"
    assert found["ALLOW_LIST_ADMIN"].sentence == ADMIN.says
    assert found["RELAYER_POOR"].state == "warn"
    assert found["BLOCKS_DIFFER"].state == "ok"


def test_every_kind_of_alarm_is_measured_also_when_there_is_none(peer: Peer) -> None:
    text = render(NodeCollector(peer.database)).decode()
    assert 'lading_alarms{code="ALLOW_LIST_ADMIN"} 1.0' in text
    assert 'lading_alarms{code="BLOCKS_DIFFER"} 0.0' in text


def test_without_an_alarm_that_is_said(peer: Peer) -> None:
    with peer.database.begin() as session:
        keep(session, (ADMIN.code, POOR.code), [], 0)
    assert lading(peer).stdout.strip() == "No alarm stands."
