"""HTTP that is no HTTP, to the API: refused or cut off, while others are answered."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
from conftest import Target
from support.hostile import bounded
from support.raw_http import Reply, connect, read, request, send
from test_hostile_bodies import MEMORY_MIB

from node.listening import MAX_HEAD_BYTES, WAIT_SECONDS

PATH = "/v1/subscribers"
DOCUMENTS = "/v1/titles"  # where a body may be large
BODY = b'{"name":"hostile"}'
MANY = 450  # connections held; the API takes 500, and makes room from 400 on


def lines(*given: str, body: bytes = b"") -> bytes:
    return "".join(f"{line}\r\n" for line in given).encode("latin-1") + b"\r\n" + body


def post(target: Target, *headers: str, body: bytes = b"", path: str = PATH) -> bytes:
    usual = ("Host: x", f"Authorization: Bearer {target.token}", "Content-Type: application/json")
    return lines(f"POST {path} HTTP/1.1", *usual, *headers, body=body)


FRAMING = {
    "no length and no body": ((), b""),
    "a length that is none": (("Content-Length: x",), BODY),
    "a negative length": (("Content-Length: -5",), BODY),
    "a signed length": (("Content-Length: +18",), BODY),
    "a length of 10,000 digits": (("Content-Length: " + "9" * 10_000,), BODY),
    "a length beyond 64 bits": (("Content-Length: 18446744073709551634",), BODY),
    "a length too large": (("Content-Length: 99999999999",), b""),
    "two lengths": (("Content-Length: 18", "Content-Length: 17"), BODY),
    "two lengths in one": (("Content-Length: 18, 17",), BODY),
    "a length and chunks": (("Content-Length: 5", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "an unknown coding": (("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
    "chunked, but not last": (("Transfer-Encoding: chunked, identity",), b"0\r\n\r\n"),
    "two codings": (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), b"0\r\n\r\n"),
    "a coding with a tab": (("Transfer-Encoding:\x0bchunked",), b"0\r\n\r\n"),
    "a chunk of no number": (("Transfer-Encoding: chunked",), b"zz\r\n\r\n"),
    "a negative chunk": (("Transfer-Encoding: chunked",), b"-1\r\nx\r\n"),
    "a chunk beyond 64 bits": (("Transfer-Encoding: chunked",), b"f" * 17 + b"\r\nx"),
    "a chunk without its end": (("Transfer-Encoding: chunked",), b"1\r\nxy\r\n0\r\n\r\n"),
    "a space before the colon": (("Content-Length : 18",), BODY),
    "a folded header": (("X-Folded: a\r\n b", "Content-Length: 2"), b"[]"),
    "a header without a name": ((": nothing",), b""),
    "a null byte in a header": (("X-Null: a\x00b",), b""),
    "a line feed alone": (("X-Line: a\nContent-Length: 18",), BODY),
    "a header of 1 MB": (("X-Long: " + "x" * 1_000_000,), b""),
    "100,000 headers": (tuple(f"X-{n}: y" for n in range(100_000)), b""),
    "1,000 headers": (tuple(f"X-{n}: y" for n in range(1_000)), b""),
    "a header of 60,000 bytes": (("X-Long: " + "x" * 60_000,), b""),
}


@pytest.mark.parametrize("name", FRAMING)
@pytest.mark.usefixtures("quiet_log")
def test_a_request_that_two_readers_could_frame_differently_is_refused(
    target: Target, name: str
) -> None:
    headers, body = FRAMING[name]
    with bounded(target.pid, 30):
        reply = send(target.url, post(target, *headers, body=body))
    assert reply.is_refusal, reply.text[:500]


@pytest.mark.parametrize(
    "extension", [b";a=b", b';"' + b"x" * 1_000 + b'"', b";" * 500, b";a\x00b", b" ", b";\xff"]
)
@pytest.mark.usefixtures("quiet_log")
def test_what_a_chunk_says_beside_its_length_changes_nothing(
    target: Target, extension: bytes
) -> None:
    chunks = b"2%b\r\n{}\r\n0%b\r\n\r\n" % (extension, extension)
    reply = send(target.url, post(target, "Transfer-Encoding: chunked", body=chunks))
    assert reply.is_refusal, reply.text[:500]


@pytest.mark.parametrize(
    ("first", "rest"),
    [(b"1;" + b"x" * 50_000_000, b"\r\nx\r\n0\r\n\r\n"), (b"0\r\n", b"X-T: y\r\n" * 5_000_000),
     (b"1\r\nx\r\n" * 4_000_000, b"0\r\n\r\n")],
    ids=["an endless chunk extension", "endless trailers", "a body of chunks of one byte"],
)  # fmt: skip
@pytest.mark.usefixtures("quiet_log")
def test_marks_between_chunks_have_a_bound(target: Target, first: bytes, rest: bytes) -> None:
    with bounded(target.pid, 30):
        reply = send(target.url, post(target, "Transfer-Encoding: chunked", body=first + rest))
    assert reply.is_refusal, reply.text[:500]


START_LINES = {
    "no method": b" /v1/me HTTP/1.1",
    "a method nobody knows": b"HACK /v1/me HTTP/1.1",
    "a method in small letters": b"post /v1/subscribers HTTP/1.1",
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1",
    "TRACE": b"TRACE /v1/me HTTP/1.1",
    "an address of another host": b"GET http://example.com/v1/me HTTP/1.1",
    "no address": b"GET HTTP/1.1",
    "a star": b"OPTIONS * HTTP/1.1",
    "a space in the address": b"GET /v1/me x HTTP/1.1",
    "a null byte in the address": b"GET /v1/\x00me HTTP/1.1",
    "no ASCII in the address": b"GET /v1/\xff\xfe HTTP/1.1",
    "an address of 10,000 bytes": b"GET /v1/" + b"x" * 10_000 + b" HTTP/1.1",
    "a query of 10,000 bytes": b"GET /v1/me?" + b"x" * 10_000 + b" HTTP/1.1",
    "an address of 1 MB": b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1",
    "a path upwards": b"GET /v1/../../../etc/passwd HTTP/1.1",
    "a path upwards, encoded": b"GET /static/%2e%2e/%2e%2e/tokens.json HTTP/1.1",
    "no version": b"GET /v1/me",
    "HTTP/0.9": b"GET /v1/me HTTP/0.9",
    "HTTP/2": b"PRI * HTTP/2.0",
    "HTTP/9.9": b"GET /v1/me HTTP/9.9",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "noise": bytes(range(128, 256)) * 10,
    "line ends without an end": b"\r\n" * 100_000,
}


@pytest.mark.parametrize("name", START_LINES)
@pytest.mark.usefixtures("quiet_log")
def test_a_request_line_that_is_none_is_refused(target: Target, name: str) -> None:
    line = START_LINES[name]
    reply = send(target.url, line + b"\r\nHost: x\r\n\r\n")
    # A path of the pages without a session is shown the way to signing in.
    assert reply.is_refusal or reply.status == 303, reply.text[:500]


@pytest.mark.usefixtures("quiet_log")
def test_old_and_pipelined_requests_are_answered_in_their_order(target: Target) -> None:
    old = send(target.url, b"GET /v1/ready HTTP/1.0\r\n\r\n")
    assert old.status == 200
    assert b"connection: close" in old.text.lower()
    one, two = request("GET", "/v1/ready"), request("GET", "/v1/none")
    with connect(target.url) as line:
        line.sendall(one + two + request("GET", "/v1/ready", {"Connection": "close"}))
        told = b"".join(iter(lambda: line.recv(65_536), b""))
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"401", b"200"]


@pytest.mark.usefixtures("quiet_log")
def test_twenty_thousand_pipelined_requests_take_no_memory(target: Target) -> None:
    with bounded(target.pid, 60), connect(target.url) as line:
        line.settimeout(2)
        many = request("POST", PATH, {"Content-Type": "text/plain"}, b"x") * 20_000
        with suppress(TimeoutError, ConnectionError):  # it reads no faster than it answers
            line.sendall(many)
        assert read(line).status == 401


@pytest.mark.parametrize("name", ["Authorization", "Idempotency-Key", "Last-Event-ID", "Cookie"])
@pytest.mark.parametrize(
    "value",
    ["", " ", "\xff\xfe", "x" * 20_000, "Bearer \x7f", "a,b;c=d", "%00%0d%0a", "-1", "9" * 99],
)
@pytest.mark.usefixtures("quiet_log")
def test_no_header_breaks_a_door(target: Target, name: str, value: str) -> None:
    given = {**_bearer(target), "Content-Type": "application/json", name: value}
    for method, path, body in (("POST", PATH, b"{}"), ("GET", "/v1/events/stream?after=-1", b"")):
        reply = send(target.url, request(method, path, given, body))
        assert reply.is_refusal, reply.text[:500]


def _bearer(target: Target) -> dict[str, str]:
    return {"Authorization": f"Bearer {target.token}"}


@contextmanager
def held(target: Target, data: bytes, count: int = MANY) -> Iterator[None]:
    """Hold ``count`` lines open, each with the beginning of a request."""
    with ExitStack() as stack:
        for _ in range(count):
            line = stack.enter_context(connect(target.url))
            line.sendall(data)
        yield


SLOW = {
    "nothing": b"",
    "half a request line": b"POST /v1/subs",
    "headers without an end": b"POST /v1/subscribers HTTP/1.1\r\nHost: x\r\nX-A: ",
    "a body of a stranger": lines("POST /sign-in HTTP/1.1", "Host: x", "Content-Length: 60000"),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.usefixtures("quiet_log")
def test_many_slow_lines_hold_up_nobody_else(
    target: Target, client: httpx.Client, name: str
) -> None:
    with bounded(target.pid, 60), held(target, SLOW[name]):
        for _ in range(20):
            began = time.monotonic()
            assert client.get("/v1/me", headers=_bearer(target)).status_code == 200
            assert time.monotonic() - began < 5


@pytest.mark.usefixtures("quiet_log")
def test_slow_bodies_of_members_own_people_hold_up_nobody_else(
    target: Target, client: httpx.Client
) -> None:
    slow = post(target, "Content-Length: 11000000", body=b" " * 10_000, path=DOCUMENTS)
    with bounded(target.pid, 60), held(target, slow, 300):
        for _ in range(20):
            answer = client.post(PATH, json={}, headers=_bearer(target))
            assert answer.status_code == 422


@pytest.mark.usefixtures("quiet_log")
def test_a_line_that_asks_for_nothing_is_closed(target: Target) -> None:
    with connect(target.url, WAIT_SECONDS * 3) as line:
        line.sendall(b"GET /v1/me HTTP/1.1\r\nX-Slow: ")
        assert read(line) == Reply(0, b"")


@pytest.mark.usefixtures("quiet_log")
def test_headers_that_never_end_are_cut_off(target: Target) -> None:
    with bounded(target.pid, 20), connect(target.url) as line:
        line.sendall(b"GET /v1/me HTTP/1.1\r\nX-Long: ")
        try:
            for _ in range(200):
                line.sendall(b"x" * MAX_HEAD_BYTES)
        except ConnectionError:
            return
        assert read(line).is_refusal


LARGE = {
    "one text": b'{"holder":"' + b"x" * 11_000_000 + b'"}',
    "a document of many texts": b'{"document":['
    + b'"xxxxxxxxxxxxxxxxxxxxxxxxxxx",' * 380_000
    + b"0]}",
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.usefixtures("quiet_log")
def test_large_bodies_at_once_share_a_bound_of_memory(target: Target, name: str) -> None:
    """Four bodies, a megabyte of each of the others, and what is made of one of them."""
    body = LARGE[name]
    assert 10_000_000 < len(body) < 12_000_000
    with bounded(target.pid, 4 * 12 + 20 + MEMORY_MIB), ExitStack() as stack:
        slow = [stack.enter_context(connect(target.url)) for _ in range(24)]
        for number, line in enumerate(slow):
            key = f"Idempotency-Key: large-{name[:3]}-{number}"
            length = f"Content-Length: {len(body)}"
            line.sendall(post(target, key, length, path=DOCUMENTS))
        for line in slow:
            line.setblocking(False)
        left = dict.fromkeys(slow, 0)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            for line, at in left.items():
                try:
                    left[line] = at + line.send(body[at : at + 200_000])
                except BlockingIOError:
                    continue
                except ConnectionError:
                    left[line] = len(body)
