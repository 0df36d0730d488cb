"""A lane at work: its program between a sensor and the terminal's own node, on a real ledger."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.members import DISCHARGE, ENVIRONMENT, wait_for
from support.offices import LADING, Office, running_offices, see
from support.peers import bill_number, free_port, make_bill

CONTAINER = "MAEU6543213"
DAMAGE = "0x" + "5f" * 32
SENSOR = Ed25519PrivateKey.generate()
GATEWAY = Path(sys.executable).with_name("lading-gateway")
Offices = dict[str, Office]


@dataclass
class Gate:
    """A lane's directory at the edge, its program, and its sensor."""

    directory: Path
    terminal: Office
    port: int = field(default_factory=free_port)
    lane: str = "0x" + "00" * 32
    process: "subprocess.Popen[bytes] | None" = None

    def write_settings(self) -> None:
        settings = {
            "gateway": 1,
            "lane": self.lane,
            "member": self.terminal.id,
            "network": str(self.terminal.directory / "network.json"),
            "keystore": "lane.keys.json",
            "journal": "lane.jsonl",
            "member_api": self.terminal.url,
            "listen": {"port": self.port},
            "sensors": {"ocr-1": "0x" + SENSOR.public_key().public_bytes_raw().hex()},
        }
        (self.directory / "gateway.json").write_text(json.dumps(settings))

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | ENVIRONMENT | {"LADING_TOKEN": self.terminal.tokens["gate"]}

    def start(self) -> None:
        with (self.directory / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [LADING, "gateway", self.directory / "gateway.json"],
                env=self.environment(),
                stderr=log,
            )
        wait_for(self._answers, "the gateway answers")

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)

    def sign(
        self, container: str, direction: str, ago_seconds: int = 0, **more: str
    ) -> dict[str, str]:
        at = datetime.fromtimestamp(time.time() - ago_seconds, UTC)
        reading = {
            "lane": self.lane,
            "container": container,
            "direction": direction,
            "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "sensor": "ocr-1",
            **more,
        }
        return reading | {"signature": "0x" + SENSOR.sign(rfc8785.dumps(dict(reading))).hex()}

    def hand_in(self, reading: dict[str, str]) -> dict[str, Any]:
        answer = httpx.post(f"{self._url}/readings", json=reading, timeout=60, trust_env=False)
        return {"status": answer.status_code, **answer.json()}

    def read(self, container: str, direction: str, **more: str) -> dict[str, Any]:
        return self.hand_in(self.sign(container, direction, **more))

    @property
    def counter(self) -> int:
        health = httpx.get(f"{self._url}/health", trust_env=False).json()
        return int(health["device_counter"])

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            return self.counter >= 0
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    names = ["carrier", "shipper", "terminal"]
    with running_offices(tmp_path_factory.mktemp("c"), names) as offices:
        yield offices


@pytest.fixture(scope="module")
def gate(offices: Offices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A lane whose key was made at the edge and registered by the terminal."""
    gate = Gate(tmp_path_factory.mktemp("gate"), offices["terminal"])
    gate.write_settings()
    made = subprocess.run(
        [GATEWAY, gate.directory / "gateway.json", "--new-key"],
        env=gate.environment(),
        capture_output=True,
        check=True,
    )
    lane = {
        "key": json.loads(made.stdout)["key"],
        "port": DISCHARGE,
        "calibrated_until": int(time.time()) + 86_400,
    }
    gate.lane = offices["terminal"].do("/v1/lanes", lane, "admin")["object"]
    gate.write_settings()
    gate.start()
    yield gate
    gate.stop()


@pytest.fixture(scope="module")
def order(offices: Offices) -> str:
    """A delivery order waiting for its freight; the terminal has said that it is ready."""
    carrier, shipper, terminal = offices.values()
    body = {"document": make_bill(bill_number()), "holder": shipper.id}
    title = carrier.do("/v1/titles", body, "issuer")["object"]
    offer = see(shipper, title, "issued")["offer"]["digest"]
    shipper.do(f"/v1/titles/{title}/accept", {"offer": offer}, "clerk")
    shipper.do(f"/v1/titles/{title}/surrender", {}, "clerk")
    wait_for(lambda: see(carrier, title, "live")["offer"], "the surrender waits")
    offer = see(carrier, title, "live")["offer"]["digest"]
    carrier.do(f"/v1/titles/{title}/accept", {"offer": offer}, "issuer")
    conditions = [
        {"kind": "freight", "member": carrier.id},
        {"kind": "terminal", "member": terminal.id},
    ]
    opened = carrier.do(
        f"/v1/titles/{title}/orders",
        {"terminal": terminal.id, "conditions": conditions},
        "issuer",
    )
    order = str(opened["object"])
    wait_for(lambda: terminal.get(f"/v1/orders/{order}").status_code == 200, "the order is known")
    terminal.do(f"/v1/orders/{order}/conditions/terminal", {"met": True}, "officer")
    return order


def right_of(office: Office, order: str) -> dict[str, Any]:
    rights = office.get(f"/v1/orders/{order}").json()["rights"]
    return dict(next(right for right in rights if right["container"] == CONTAINER))


def test_an_early_container_stays_and_the_attempt_is_on_record(
    gate: Gate, order: str, offices: Offices
) -> None:
    answer = gate.read(CONTAINER, "out")
    assert (answer["barrier"], answer["open"]) == ("closed", False)
    assert answer["code"] == "NOT_RELEASED", answer
    wait_for(
        lambda: right_of(offices["carrier"], order)["early_attempts"] == 1,
        "the carrier's node shows the attempt",
    )
    assert right_of(offices["carrier"], order)["state"] == "ready"
    assert gate.counter == 1


def test_a_forged_an_old_and_an_unreadable_reading_use_no_counter(gate: Gate, order: str) -> None:
    before = gate.counter
    forged = gate.sign(CONTAINER, "out") | {"container": "MSKU1234565"}
    assert gate.hand_in(forged)["code"] == "READING_SIGNATURE_INVALID"
    assert gate.hand_in(gate.sign(CONTAINER, "out", 600))["code"] == "READING_STALE"
    assert gate.hand_in({"lane": gate.lane})["code"] == "READING_MALFORMED"
    assert gate.read("MAEU6543210", "out")["code"] == "CONTAINER_CHECK_DIGIT_WRONG"
    assert gate.read("MSKU1234565", "out")["code"] == "PICKUP_UNKNOWN"
    assert gate.counter == before


def test_a_second_gateway_of_the_lane_does_not_start(gate: Gate, order: str) -> None:
    second = subprocess.run(
        [GATEWAY, gate.directory / "gateway.json"],
        env=gate.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert json.loads(second.stderr)["code"] == "JOURNAL_IN_USE"


def test_a_token_without_the_role_keeps_the_barrier_closed(
    gate: Gate, order: str, offices: Offices
) -> None:
    refused = offices["terminal"].post("/v1/lane-acts", {"act": "0x42" + "00" * 65}, "auditor")
    assert refused.status_code in (403, 422), refused.text


def test_once_released_the_barrier_opens_once_and_the_order_closes_on_the_interchange_in(
    gate: Gate, order: str, offices: Offices
) -> None:
    offices["carrier"].do(f"/v1/orders/{order}/conditions/freight", {"met": True}, "finance")
    gate.stop(signal.SIGKILL)
    gate.start()
    before = gate.counter
    reading = gate.sign(CONTAINER, "out")
    first = gate.hand_in(reading)
    assert (first["barrier"], first["code"]) == ("open", "DONE"), first
    assert gate.hand_in(reading) == first, "the same reading, the same answer"
    assert gate.counter == before + 1
    wait_for(lambda: right_of(offices["shipper"], order)["state"] == "used", "all see it used")
    second = gate.read(CONTAINER, "out")
    assert (second["barrier"], second["code"]) == ("closed", "RIGHT_NOT_READY")
    early = gate.read(CONTAINER, "in", damage=DAMAGE)
    assert early["code"] == "RIGHT_NOT_READY", early
    eir_out = gate.read(CONTAINER, "out", damage=DAMAGE)
    assert (eir_out["barrier"], eir_out["code"]) == ("closed", "RECORDED"), eir_out
    back = gate.read(CONTAINER, "in")
    assert (back["barrier"], back["code"]) == ("open", "DONE"), back
    assert gate.read(CONTAINER, "in", damage=DAMAGE)["code"] == "RECORDED"
    assert right_of(offices["terminal"], order)["interchange_in"]["damage"] == DAMAGE
    shipper = offices["shipper"]
    wait_for(
        lambda: shipper.get(f"/v1/orders/{order}").json()["state"] == "closed", "the order closes"
    )


def test_a_member_whose_node_is_silent_keeps_the_barrier_closed(
    gate: Gate, order: str, offices: Offices
) -> None:
    """Last: it stops the terminal's node."""
    offices["terminal"].stop()
    before = gate.counter
    answer = gate.read(CONTAINER, "out")
    assert (answer["barrier"], answer["code"]) == ("closed", "MEMBER_UNAVAILABLE")
    assert gate.counter == before
