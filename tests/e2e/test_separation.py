"""Members are apart: processes, files, sockets, tokens; and what a stopped signer stops."""

import json
import socket
import struct
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from processes import halted, pids
from story.consortium import Consortium, Member, until

BILL = Path(__file__).parents[1] / "data" / "bill" / "transport-document.json"
LISTENING, ESTABLISHED = "0A", "01"
EXAMPLE_ID = "0x" + "5f" * 32
PATH_VALUES = {"kind": "customs", "number": "MAEU6543213", "container": "MAEU6543213"}
WITHOUT_TOKEN = {"/v1/health", "/v1/ready", "/openapi.json", "/sign-in"}


def member_of(program: str) -> str | None:
    """The member whose program this is; None for the ledger."""
    return program.split(" ", maxsplit=1)[0] if " " in program else None


def open_paths(pid: int) -> set[str]:
    """Every file that a process has open or mapped, and its working directory."""
    found = {str(Path(f"/proc/{pid}/cwd").readlink())}
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return found | {line.split(maxsplit=5)[5] for line in maps if len(line.split(maxsplit=5)) == 6}


def connections(pid: int) -> list[tuple[str, int, int]]:
    """(state, own port, other port) of every TCP socket of a process."""
    inodes = {
        path.removeprefix("socket:[").removesuffix("]")
        for path in open_paths(pid)
        if path.startswith("socket:[")
    }
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[9] in inodes:
                own, other = (int(columns[i].rsplit(":", 1)[1], 16) for i in (1, 2))
                rows.append((columns[3], own, other))
    return rows


def test_every_member_has_its_own_directory_that_nobody_else_may_enter(
    consortium: Consortium,
) -> None:
    for member in consortium.members.values():
        assert member.directory.stat().st_mode & 0o777 == 0o700
        for name in ("node.sqlite", "tokens.json"):
            assert (member.directory / name).exists(), name
        for name in ("signer.keys.json", "node.keys.json", "relay.keys.json", "tls/key.pem"):
            assert (member.directory / name).stat().st_mode & 0o077 == 0, name


def test_no_process_opens_a_file_of_another_member(consortium: Consortium) -> None:
    running = pids(consortium)
    assert {member_of(program) for program in running} == {None, *consortium.members}
    for program, pid in running.items():
        own = member_of(program)
        for name, member in consortium.members.items():
            if name != own:
                inside = [p for p in open_paths(pid) if p.startswith(f"{member.directory}/")]
                assert not inside, f"{program} has {inside}"


def test_a_member_speaks_to_the_ledger_and_to_peers_listeners_and_to_nothing_else(
    consortium: Consortium,
) -> None:
    ledger = urlsplit(consortium.ledger_url).port
    profiles = {
        name: json.loads((member.directory / "profile.json").read_text())
        for name, member in consortium.members.items()
    }
    peers = {name: urlsplit(p["endpoints"]["peers"]).port for name, p in profiles.items()}
    apis = {name: urlsplit(p["endpoints"]["api"]).port for name, p in profiles.items()}
    gate = urlsplit(consortium.gate["url"]).port
    for program, pid in pids(consortium).items():
        own = member_of(program)
        sockets = connections(pid)
        listens = {port for state, port, _ in sockets if state == LISTENING}
        if program.endswith(" sign"):
            assert sockets == [], "a signer has no TCP socket"
            continue
        expected = {"ledger": {ledger}, "terminal gateway": {gate}}
        assert listens == expected.get(program, {peers.get(str(own)), apis.get(str(own))}), program
        spoken_to = {
            other for state, port, other in sockets if state == ESTABLISHED and port not in listens
        }
        allowed = {ledger, *peers.values()} if own else set()
        if program == "terminal gateway":
            allowed = {apis["terminal"]}
        assert spoken_to <= allowed, f"{program} speaks to {spoken_to - allowed}"


def routes(consortium: Consortium) -> list[tuple[str, str]]:
    """(method, path) of every route of the API, ids filled in."""
    described = consortium["bank"].client.get("/openapi.json").json()
    found = []
    for template, methods in described["paths"].items():
        path = template
        while "{" in path:
            before, _, rest = path.partition("{")
            name, _, after = rest.partition("}")
            path = before + PATH_VALUES.get(name, EXAMPLE_ID) + after
        found += [(method.upper(), path) for method in methods]
    return found


def test_a_token_of_another_member_is_refused_on_every_route(consortium: Consortium) -> None:
    tried = 0
    for method, path in routes(consortium):
        if path in WITHOUT_TOKEN:
            continue
        for name, member in consortium.members.items():
            other = "shipper" if name == "carrier" else "carrier"
            for role, token in consortium[other].tokens.items():
                answer = member.client.request(
                    method,
                    path,
                    json={},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "stranger-1"},
                )
                assert answer.status_code == 401, f"{role} of {other} at {name}: {method} {path}"
                assert answer.json()["code"] == "CREDENTIAL_UNKNOWN"
                tried += 1
    assert tried > 25 * len(consortium.members)


def test_no_token_is_refused_on_every_route(consortium: Consortium) -> None:
    for method, path in routes(consortium):
        if path not in WITHOUT_TOKEN:
            answer = consortium["bank"].client.request(method, path, json={})
            assert answer.status_code == 401, f"{method} {path}"


def issue(consortium: Consortium, number: str) -> str:
    """Ask the carrier to issue a bill; return the command's id."""
    carrier = consortium["carrier"]
    bill = json.loads(BILL.read_text()) | {"transportDocumentReference": number}
    answer = carrier.client.post(
        "/v1/titles",
        json={"document": bill, "holder": consortium["shipper"].id},
        headers={
            "Authorization": f"Bearer {carrier.tokens['issuer']}",
            "Idempotency-Key": f"issue-{number}",
        },
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def offered(member: Member, title: str) -> str | None:
    """The digest of the title's open offer, as a member's node tells it; None before it does."""
    told = member.get("/v1/titles")["titles"]
    return next((str(t["offer"]["digest"]) for t in told if t["id"] == title and t["offer"]), None)


def test_with_a_signer_stopped_its_members_writes_wait_and_nothing_else_stops(
    consortium: Consortium,
) -> None:
    carrier, shipper = consortium["carrier"], consortium["shipper"]
    first = issue(consortium, "SIGNER000001")
    until(lambda: carrier.get(f"/v1/commands/{first}")["state"] == "final", "the first is final")
    title = carrier.get(f"/v1/commands/{first}")["object"]
    with halted(pids(consortium)["carrier sign"]):
        waiting = issue(consortium, "SIGNER000002")
        offer = until(lambda: offered(shipper, title), "the shipper's node shows the offer")
        shipper.write(f"/v1/titles/{title}/accept", {"offer": offer})
        until(lambda: carrier.get(f"/v1/titles/{title}")["state"] == "live", "its reads go on")
        time.sleep(2)
        assert carrier.get(f"/v1/commands/{waiting}")["state"] == "accepted"
    until(
        lambda: carrier.get(f"/v1/commands/{waiting}")["state"] == "final",
        "the write that waited is final",
    )


def test_the_peers_listener_shows_nothing_without_a_members_certificate(
    consortium: Consortium,
) -> None:
    profile = json.loads((consortium["bank"].directory / "profile.json").read_text())
    with pytest.raises((httpx.TransportError, OSError)):
        httpx.get(profile["endpoints"]["peers"] + "/peer/v1/profile", verify=False)
    address = urlsplit(profile["endpoints"]["peers"])
    with socket.create_connection((address.hostname, address.port), timeout=5) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in plain.recv(100)
