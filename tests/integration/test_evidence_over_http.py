"""Evidence from running nodes: asked for by number, witnessed by peers, checked alone."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.offices import LADING, Office, running_offices, see
from support.peers import bill_number, make_bill

NAMES = ["carrier", "shipper", "bank", "customs"]
CONTAINER = "MAEU6543213"


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Office]]:
    with running_offices(tmp_path_factory.mktemp("evidence"), NAMES) as offices:
        yield offices


@pytest.fixture(scope="module")
def title(offices: dict[str, Office]) -> str:
    """A live title whose statutory fields customs was sent; the carrier's node then stops."""
    carrier, shipper, customs = (offices[name] for name in ("carrier", "shipper", "customs"))
    body = {"document": make_bill(bill_number()), "holder": shipper.id}
    command = carrier.do("/v1/titles", body, "issuer")
    told = see(shipper, command["object"], "issued")
    shipper.do(f"/v1/titles/{told['id']}/accept", {"offer": told["offer"]["digest"]}, "clerk")
    see(customs, told["id"], "live")
    until = time.monotonic() + 60
    while not customs.get(f"/v1/containers/{CONTAINER}/history").json()["titles"]:
        assert time.monotonic() < until, "customs is told of the container"
        time.sleep(0.1)
    carrier.stop()
    return str(told["id"])


@pytest.fixture(scope="module")
def file(offices: dict[str, Office], title: str) -> bytes:
    answer = offices["customs"].post("/v1/evidence", {"container": CONTAINER}, "auditor")
    assert answer.status_code == 200, answer.text
    return answer.content


def test_customs_tells_a_containers_history_by_its_number(
    offices: dict[str, Office], title: str
) -> None:
    told = offices["customs"].get(f"/v1/containers/{CONTAINER}/history").json()
    assert [each["id"] for each in told["titles"]] == [title]
    assert [each["verb"] for each in told["events"]] == ["Issue", "Accept"]
    signers = [each["principal"] for each in told["events"]]
    assert signers == [offices["carrier"].id, offices["shipper"].id]


def test_two_other_members_witness_it_with_the_carriers_node_stopped(
    offices: dict[str, Office], file: bytes
) -> None:
    witnesses = {each["member"] for each in json.loads(file)["blocks"][-1]["signatures"]}
    assert witnesses == {offices[name].id for name in ("shipper", "bank", "customs")}


def test_the_file_is_proved_with_network_json_alone(
    offices: dict[str, Office], file: bytes, tmp_path: Path
) -> None:
    (tmp_path / "evidence.json").write_bytes(file)
    network = offices["bank"].directory / "network.json"
    command = [LADING, "verify", "evidence.json", "--trust", network, "--json"]
    run = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, check=True)
    told = json.loads(run.stdout)
    assert told["proved"] is True
    assert CONTAINER in told["fields"].values()
    assert told["names"][offices["shipper"].id] == "shipper"


def test_a_title_can_be_asked_for_by_who_was_told_nothing(
    offices: dict[str, Office], title: str
) -> None:
    bank = offices["bank"]
    by_number = bank.post("/v1/evidence", {"container": CONTAINER}, "auditor")
    assert (by_number.status_code, by_number.json()["code"]) == (409, "NOTHING_TO_PROVE")
    by_id = bank.post("/v1/evidence", {"title": title}, "auditor")
    assert by_id.status_code == 200
    assert by_id.json()["disclosures"] == []


def test_the_gate_may_not_export_evidence(offices: dict[str, Office], title: str) -> None:
    answer = offices["customs"].post("/v1/evidence", {"title": title}, "gate")
    assert answer.json()["code"] == "ROLE_NOT_ALLOWED", answer.text


def test_a_wrong_check_digit_is_said_so(offices: dict[str, Office], title: str) -> None:
    answer = offices["customs"].post("/v1/evidence", {"container": "MAEU6543210"}, "auditor")
    assert answer.json()["code"] == "CONTAINER_CHECK_DIGIT_WRONG"


@pytest.mark.parametrize("body", [{}, {"container": CONTAINER, "title": "0x" + "00" * 32}])
def test_one_subject_is_named(offices: dict[str, Office], title: str, body: object) -> None:
    answer = offices["customs"].post("/v1/evidence", body, "auditor")
    assert (answer.status_code, answer.json()["code"]) == (422, "BODY_INVALID")
