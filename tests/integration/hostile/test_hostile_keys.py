"""The rules of idempotency keys hold whatever the key: refused, or one key for one request."""

import json
import os
from typing import Any

import httpx
import pytest
from conftest import Target
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.raw_http import Reply, request, send

from api.http.intent import KEY

PATH = "/v1/devices"
ROOM = settings(
    max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# What a header can carry at all: bytes but line ends and null.
KEYS = st.one_of(
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n")),
    st.from_regex(r"\A[\x21-\x7e]{6,10}\Z"),
    st.from_regex(r"\A[\x21-\x7e]{126,130}\Z"),
    st.sampled_from(["'--------", "%00%00%00%00", "../../../..", "\x7f" * 9, "k" * 5_000]),
)  # fmt: skip
PORTS = st.integers(1, 30_000)


def device(port: int) -> dict[str, Any]:
    return {
        "key": "0x" + "5f" * 32,
        "kind": "scale",
        "port": port,
        "calibrated_until": 1_893_456_000,
    }


def post(target: Target, key: str, body: Any) -> Reply:
    headers = {**target.bearer, "Content-Type": "application/json", "Idempotency-Key": key}
    return send(target.url, request("POST", PATH, headers, json.dumps(body).encode()))


def told(reply: Reply) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(reply.text.partition(b"\r\n\r\n")[2])
    return answer


@pytest.mark.usefixtures("quiet_log")
@given(key=KEYS, port=PORTS, other=PORTS)
@ROOM
def test_a_key_is_refused_for_its_form_or_stands_for_one_request(
    target: Target, key: str, port: int, other: int
) -> None:
    first = post(target, key, device(port))
    if not KEY.fullmatch(key.strip(" \t")):  # a header's value has no blanks around it: RFC 9110
        assert first.status in (0, 400, 431)
        return
    assert first.status in (202, 403, 409), first.text[:500]
    again, changed = post(target, key, device(port)), post(target, key, device(port + other))
    if first.status == 202:
        assert told(again)["id"] == told(first)["id"]
        assert (changed.status, told(changed)["code"]) == (409, "IDEMPOTENCY_CONFLICT")
        assert told(changed)["facts"]["command"] == told(first)["id"]


@pytest.mark.usefixtures("quiet_log")
@given(
    keys=st.lists(
        st.one_of(st.none(), st.integers(), st.text(max_size=200), st.lists(st.text(), max_size=2),
                  st.from_regex(r"\A[\x21-\x7e]{8,12}\Z")),
        min_size=1, max_size=8,
    )
)  # fmt: skip
@ROOM
def test_in_bulk_each_key_is_judged_alone(
    target: Target, client: httpx.Client, keys: list[Any]
) -> None:
    commands = [{"key": key, "verb": "RegisterDevice", "body": device(7)} for key in keys]
    try:
        content = json.dumps({"commands": commands}, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        content = json.dumps({"commands": commands}).encode()
    headers = target.bearer | {"Content-Type": "application/json"}
    answer = client.post("/v1/commands/bulk", content=content, headers=headers)
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:  # no text, or no number that JSON's readers agree on
        assert answer.json()["code"] in ("TEXT_INVALID", "NUMBER_INEXACT")
        return
    for key, one in zip(keys, answer.json()["answers"], strict=True):
        if isinstance(key, str) and KEY.fullmatch(key):
            assert one["status"] in (202, 403, 409)
        else:
            assert (one["status"], one["problem"]["code"]) == (400, "IDEMPOTENCY_KEY_MALFORMED")


def test_the_same_key_of_two_people_stands_for_two_requests(target: Target) -> None:
    one, other = target.office.bearer("admin"), target.bearer
    ids = set()
    for bearer in (one, other):
        headers = {**bearer, "Content-Type": "application/json", "Idempotency-Key": "a-common-key"}
        body = json.dumps(device(9)).encode()
        ids.add(told(send(target.url, request("POST", PATH, headers, body)))["id"])
    assert len(ids) == 2
