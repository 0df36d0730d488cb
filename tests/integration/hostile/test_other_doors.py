"""Hostile bodies and HTTP at the doors beside the API: the embedded ledger and the gateway."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from ledger_process import start_ledger, stop_ledger
from support.hostile import BUSINESS, bounded, check_log
from support.raw_http import Reply, connect, read, request, send
from test_hostile_bodies import JSON_BODIES
from test_hostile_http import FRAMING, START_LINES, lines

from device_oracles.intake.listener import create_listener
from node.listening import WAIT_SECONDS

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, Path]]:
    """The embedded ledger: its URL, its process, its log."""
    folder = tmp_path_factory.mktemp("hostile-ledger")
    url, process = start_ledger(folder)
    yield url, process.pid, folder / "ledger.log"
    stop_ledger(process)


@pytest.mark.parametrize("name", JSON_BODIES)
def test_the_ledger_answers_a_hostile_body_with_an_error(
    ledger: tuple[str, int, Path], name: str
) -> None:
    url, pid, log = ledger
    since = len(log.read_text())
    for body in (JSON_BODIES[name], b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[%b]}'
                 % JSON_BODIES[name]):  # fmt: skip
        with bounded(pid, 100):
            reply = send(url, request("POST", "/", JSON, body))
        told = reply.text.partition(b"\r\n\r\n")[2]
        assert reply.is_refusal or b'"error"' in told, reply.text[:300]
    check_log(log, since)


@pytest.mark.parametrize("name", FRAMING | START_LINES)
def test_the_ledger_refuses_what_is_no_http(ledger: tuple[str, int, Path], name: str) -> None:
    url, pid, log = ledger
    headers, body = FRAMING.get(name, ((), b""))
    first = lines("POST / HTTP/1.1", "Host: 127.0.0.1", *headers, body=body)
    data = START_LINES[name] + b"\r\nHost: x\r\n\r\n" if name in START_LINES else first
    with bounded(pid, 30):
        assert send(url, data).is_refusal
    check_log(log)


def test_a_line_that_says_nothing_is_closed_by_the_ledger(
    ledger: tuple[str, int, Path],
) -> None:
    with connect(ledger[0], WAIT_SECONDS * 3) as line:
        assert read(line) == Reply(0, b"")


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """The gateway's intake, as it is run, with a lane behind it that nothing reaches."""

    def decide(reading: Any) -> dict[str, Any]:
        raise AssertionError(f"a hostile reading was understood: {reading}")

    config = uvicorn.Config(
        create_listener(decide, dict), port=0, log_level="warning", http="h11", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("name", JSON_BODIES)
def test_the_gateway_takes_no_hostile_reading(gateway: str, name: str) -> None:
    reply = send(gateway, request("POST", "/readings", JSON, JSON_BODIES[name]))
    assert reply.is_refusal, reply.text[:500]
    assert BUSINESS.encode() not in reply.text


@pytest.mark.parametrize("name", FRAMING | START_LINES)
def test_the_gateway_refuses_what_is_no_http(gateway: str, name: str) -> None:
    headers, body = FRAMING.get(name, ((), b""))
    first = lines("POST /readings HTTP/1.1", "Host: x", *headers, body=body)
    data = START_LINES[name] + b"\r\nHost: x\r\n\r\n" if name in START_LINES else first
    assert send(gateway, data).is_refusal
