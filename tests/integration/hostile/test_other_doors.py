"""Hostile bodies and HTTP at the doors beside the API: peers, the embedded ledger, the gateway."""

import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from conftest import Target
from ledger_process import start_ledger, stop_ledger
from starlette.routing import Route
from support.hostile import BUSINESS, bounded, check_log
from support.members import ENVIRONMENT
from support.raw_http import Reply, connect, read, request, send
from test_hostile_bodies import JSON_BODIES
from test_hostile_http import FRAMING, START_LINES, lines

from device_oracles.intake.listener import create_listener
from identity.profile.profile import Profile
from node.evidence.service import ANCHORS, witness_route
from node.evidence.service import CONTENT_TYPE as ANCHOR_TYPE
from node.exchange import messages
from node.exchange.arriving import PARTS
from node.exchange.exchange import peers_app
from node.exchange.parts import CONTENT_TYPE as PART_TYPE
from node.exchange.sealed import CONTENT_TYPE as SEALED_TYPE
from node.exchange.tls import client_context, tls_files
from node.listening import WAIT_SECONDS
from node.node import Node
from node.settings import Settings

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
def peer_routes(target: Target) -> list[tuple[str, str]]:
    """Path and content type of every route of the peers' listener, from its own application."""
    node = Node(Settings.load(target.office.directory), ENVIRONMENT)
    app = peers_app(node, [witness_route(node)])
    found = [route.path for route in app.routes if isinstance(route, Route)]
    node.close()
    assert len(found) >= 5
    kinds = {PARTS: PART_TYPE, ANCHORS: ANCHOR_TYPE}
    return [(path, kinds.get(path, SEALED_TYPE)) for path in found]


@pytest.fixture(scope="module")
def as_peer(target: Target) -> ssl.SSLContext:
    """TLS as the other member speaks it."""
    return client_context(tls_files(target.peer.directory), _profile(target).tls_certificates)


def _profile(target: Target) -> Profile:
    return Profile.from_json(json.loads((target.office.directory / "profile.json").read_text()))


@pytest.mark.parametrize("name", JSON_BODIES)
@pytest.mark.usefixtures("quiet_log")
def test_the_peers_listener_refuses_a_hostile_body_signed_or_not(
    target: Target, as_peer: ssl.SSLContext, peer_routes: list[tuple[str, str]], name: str
) -> None:
    url = _profile(target).peers_url
    peer = Node(Settings.load(target.peer.directory), ENVIRONMENT)
    key = peer.keys.ed25519_key("message")
    body = JSON_BODIES[name][:3_000_000]
    with bounded(target.pid, 100):
        for path, kind in peer_routes:
            host = {"Host": url.removeprefix("https://"), "Content-Type": kind}
            signed = messages.sign(url + path, body, kind, target.peer.id, "message", key)
            reply = send(url, request("POST", path, host | dict(signed), body), tls=as_peer)
            assert reply.is_refusal, (path, reply.text[:500])
            assert BUSINESS.encode() not in reply.text
        assert send(url, request("POST", path, host, body), tls=as_peer).is_refusal
    peer.close()


@pytest.mark.parametrize("name", FRAMING | START_LINES)
@pytest.mark.usefixtures("quiet_log")
def test_the_peers_listener_refuses_what_is_no_http(
    target: Target, as_peer: ssl.SSLContext, name: str
) -> None:
    headers, body = FRAMING.get(name, ((), b""))
    first = lines("POST /peer/v1/documents HTTP/1.1", "Host: x", *headers, body=body)
    data = START_LINES[name] + b"\r\nHost: x\r\n\r\n" if name in START_LINES else first
    with bounded(target.pid, 30):
        assert send(_profile(target).peers_url, data, tls=as_peer).is_refusal


@pytest.mark.usefixtures("quiet_log")
def test_a_stranger_gets_no_further_than_the_handshake(target: Target) -> None:
    unknown = ssl.create_default_context()
    unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
    try:
        reply = send(_profile(target).peers_url, request("GET", "/peer/v1/profile"), tls=unknown)
    except ssl.SSLError:
        return
    assert reply == Reply(0, b"")


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
