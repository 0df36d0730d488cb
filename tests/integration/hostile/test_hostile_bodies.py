"""Every write door of a running node refuses every hostile body: 4xx, no traceback, little memory.

The doors are the application's own routes, so that a new one is tried at once.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from conftest import Target
from support.hostile import BUSINESS, bounded, write_doors
from support.raw_http import request, send

from api.http.app import all_routes

MEMORY_MIB = 150.0  # for one body of at most 12 MB, parsed
LEVELS = 100_000
DOORS = write_doors()
_ITEM = BUSINESS.encode()

JSON_BODIES = {
    "100,000 arrays": b"[" * LEVELS + b"]" * LEVELS,
    "100,000 arrays without an end": b"[" * LEVELS,
    "100,000 objects": b'{"a":' * LEVELS + b"1" + b"}" * LEVELS,
    "a key twice": b'{"reason":"%b","reason":"b"}' % _ITEM,
    "half a surrogate": b'{"reason":"%b\\ud800"}' % _ITEM,
    "half a surrogate as a key": b'{"\\udfff%b":1}' % _ITEM,
    "NaN": b'{"position":NaN}',
    "Infinity": b'{"position":Infinity}',
    "-Infinity": b'{"position":-Infinity}',
    "1e400": b'{"position":1e400}',
    "an exponent of many digits": b'{"position":1e%b}' % (b"9" * 1_000),
    "an integer of 10,000 digits": b'{"position":%b}' % (b"9" * 10_000),
    "a fraction of 10,000 digits": b'{"position":0.%b}' % (b"1" * 10_000),
    "no UTF-8": b'{"reason":"%b\xff\xfe"}' % _ITEM,
    "UTF-16": '{"reason":"x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"reason":"x"}',
    "a null byte in text": b'{"reason":"%b\\u0000"}' % _ITEM,
    "a null byte": b'{"reason":\x00"x"}',
    "a control character": b'{"reason":"\x01"}',
    "an end too early": b'{"reason":"%b' % _ITEM,
    "two values": b'{"reason":"x"}{"reason":"x"}',
    "no JSON": b"<reason>%b</reason>" % _ITEM,
    "null": b"null",
    "a number": b"5",
    "text": b'"%b"' % _ITEM,
    "a field nobody knows": b'{"__proto__":{"%b":1}}' % _ITEM,
    "two million arrays": b"[" + b"[]," * 2_000_000 + b"[]]",
    "six million numbers": b"[" + b"0," * 5_900_000 + b"0]",
    "an object of many keys": b"{%b}" % b",".join(b'"%07d":0' % n for n in range(900_000)),
    "one text of 11 MB": b'{"reason":"%b"}' % (b"x" * 11_000_000),
    "one key of 11 MB": b'{"%b":1}' % (b"x" * 11_000_000),
    "one byte too many": b" " * 12_000_001,
}


def headers(target: Target, **more: str) -> dict[str, str]:
    key = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
    return target.bearer | key | {name.replace("_", "-"): value for name, value in more.items()}


def is_refused(path: str, answer: httpx.Response) -> bool:
    """A problem with a code; of a page also the way to signing in, which reads no body."""
    if not path.startswith("/v1/"):
        return answer.status_code == 303 or 400 <= answer.status_code < 500
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return 400 <= answer.status_code < 500 and is_problem and "code" in answer.json()


@pytest.mark.parametrize("name", JSON_BODIES)
@pytest.mark.usefixtures("quiet_log")
def test_every_write_door_refuses_the_body(target: Target, client: httpx.Client, name: str) -> None:
    body = JSON_BODIES[name]
    large = len(body) > 1_000_000
    # A large one only where it is parsed: at the doors that differ in how they read.
    doors = _doors_that_differ() if large else DOORS
    with bounded(target.pid, MEMORY_MIB):
        for method, path in doors:
            answer = client.request(method, path, content=body, headers=headers(target))
            assert is_refused(path, answer), (name, method, path, answer.text[:500])
            assert len(answer.content) < 10_000, (name, method, path)
            assert BUSINESS not in answer.text, (name, method, path)


def _doors_that_differ() -> list[tuple[str, str]]:
    kinds = ("/v1/titles", "/v1/commands/bulk", "/v1/webhooks", "/v1/lane-acts", "/sign-in")
    chosen = [(method, path) for method, path in DOORS if path in kinds]
    assert len(chosen) == len(kinds)
    return chosen


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x" * 1_000])
@pytest.mark.usefixtures("quiet_log")
def test_no_door_decodes_a_body(target: Target, client: httpx.Client, coding: str) -> None:
    bomb = gzip.compress(b" " * 300_000_000, 9) if "gzip" in coding else zlib.compress(b" " * 10**8)
    with bounded(target.pid, MEMORY_MIB):
        for method, path in DOORS:
            given = headers(target, Content_Encoding=coding)
            answer = client.request(method, path, content=bomb, headers=given)
            assert is_refused(path, answer), (method, path, answer.text[:500])
            if path.startswith("/v1/"):
                assert answer.json()["code"] == "BODY_ENCODED", (method, path, answer.text)


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp",
     "application/json/x", "\xff", "application/x-www-form-urlencoded", ""],
)  # fmt: skip
@pytest.mark.usefixtures("quiet_log")
def test_every_write_door_refuses_another_media_type(
    target: Target, client: httpx.Client, media_type: str
) -> None:
    for method, path in DOORS:
        given = {**headers(target), "Content-Type": media_type.encode("latin-1")}
        answer = client.request(method, path, content=b'{"reason":"x"}', headers=given)
        assert is_refused(path, answer), (method, path, answer.text[:500])


FORMS = {
    "many fields": b"&".join(b"a%d=1" % n for n in range(10_000)),
    "a field many times": b"token=x&" * 9_000,
    "no UTF-8": b"token=%ff%fe\xff&token=%",
    "null bytes": b"token=%00\x00",
    "wrong percent signs": b"token=%zz%2&%=%&=&&&",
    "a long token": b"token=" + b"x" * 60_000,
    "a line in the token": b"token=a%0d%0aSet-Cookie:%20a=b",
    "nothing": b"",
    "more than a stranger may send": b"x" * 1_000_000,
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.usefixtures("quiet_log")
def test_every_form_door_refuses_the_form(target: Target, client: httpx.Client, name: str) -> None:
    given = {"Content-Type": "application/x-www-form-urlencoded"}
    for method, path in DOORS:
        if path.startswith("/v1/"):
            continue
        answer = client.request(method, path, content=FORMS[name], headers=given)
        assert is_refused(path, answer), (path, answer.status_code, answer.text[:500])
        assert "a=b" not in answer.headers.get("set-cookie", "")


def _endless() -> Iterator[bytes]:
    for _ in range(200):
        yield b"x" * 100_000


@pytest.mark.usefixtures("quiet_log")
def test_a_stranger_makes_no_door_keep_a_body(target: Target, client: httpx.Client) -> None:
    with bounded(target.pid, 30):
        for method, path in DOORS:
            try:
                answer = client.request(method, path, content=_endless())
            except httpx.TransportError:
                continue  # closed before all of it was sent
            assert is_refused(path, answer), (method, path, answer.text[:500])


@pytest.mark.parametrize(
    "bad",
    ["..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5c", "%00", "0x%00", "%ff%fe", "%", "%zz",
     "'%20OR%201=1--", "%0d%0aSet-Cookie:a=b", "x" * 7_000, "%F0%9F%92%A3", "%ED%A0%80", "{title}",
     "0x" + "5F" * 32, "0x" + "5f" * 31, "0x" + "5f" * 33, "0x" + "5f" * 32 + "%0a"],
)  # fmt: skip
@pytest.mark.usefixtures("quiet_log")
def test_no_door_takes_an_id_that_is_none(target: Target, bad: str) -> None:
    for method, path in all_routes():
        if "{" not in path:
            continue
        address = re.sub(r"{[^}]+}", lambda _: bad, path)
        given = headers(target)
        reply = send(target.url, request(method, address, given, b"" if method == "GET" else b"{}"))
        allowed = reply.is_refusal or (reply.status == 303 and not path.startswith("/v1/"))
        assert allowed, (method, address[:200], reply.text[:500])
        assert b"a=b" not in reply.text.partition(b"\r\n\r\n")[0], (method, address[:200])
