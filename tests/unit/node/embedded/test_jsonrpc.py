"""JSON-RPC 2.0 envelopes."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.embedded.errors import ExecutionReverted, LedgerError, UnknownMethod
from node.embedded.jsonrpc import BATCH_LIMIT, respond


async def answer(method: str, params: list[Any]) -> Any:
    if method == "echo":
        return params
    if method == "revert":
        raise ExecutionReverted("execution reverted", b"\x01\x02")
    if method == "break":
        raise ZeroDivisionError
    raise UnknownMethod(method)


def ask(body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = asyncio.run(respond(content, answer))
    return None if response is None else json.loads(response)


def request(method: str, *params: Any, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)} | more


def test_a_call_is_answered_with_its_own_id() -> None:
    assert ask(request("echo", 1, "a")) == {"jsonrpc": "2.0", "id": 7, "result": [1, "a"]}


def test_a_batch_is_answered_in_order_with_each_error_in_its_place() -> None:
    answers = ask([request("echo", id=1), request("none", id=2), 5, request("echo", id="x")])
    assert [each.get("id") for each in answers] == [1, 2, None, "x"]
    assert [each.get("error", {}).get("code") for each in answers] == [None, -32601, -32600, None]


def test_a_notification_is_carried_out_and_not_answered() -> None:
    notification = {"jsonrpc": "2.0", "method": "echo", "params": []}
    assert ask(notification) is None
    assert ask([notification, notification]) is None


def test_revert_data_stands_in_the_error() -> None:
    expected = {"code": 3, "message": "execution reverted", "data": "0x0102"}
    assert ask(request("revert"))["error"] == expected


def test_a_defect_is_an_internal_error_and_does_not_hurt_the_batch() -> None:
    answers = ask([request("break"), request("echo")])
    assert answers[0]["error"]["code"] == -32603
    assert answers[1]["result"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 200_000, -32700),
        (b'{"a":' * 50_000, -32700),
        (b"NaN", -32700),
        (b"1" * 5_000, -32700),
        (b"[]", -32600),
        (b"5", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","method":"echo","id":1}', -32600),
        (b'{"jsonrpc":"2.0","method":5,"id":1}', -32600),
        (b'{"jsonrpc":"2.0","method":"echo","id":{}}', -32600),
        (b'{"jsonrpc":"2.0","method":"echo","params":{},"id":1}', -32602),
        (json.dumps([request("echo")] * (BATCH_LIMIT + 1)).encode(), -32005),
    ],
)
def test_a_malformed_body_gets_the_code_geth_gives(body: bytes, code: int) -> None:
    assert ask(body)["error"]["code"] == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_body_breaks_the_envelope(body: bytes) -> None:
    response = asyncio.run(respond(body, answer))
    assert response is None or json.loads(response)


def test_a_batch_whose_answer_grows_too_large_is_cut_with_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("node.embedded.jsonrpc.RESPONSE_BYTES_LIMIT", 100)
    answers = ask([request("echo", "x" * 200), request("echo")])
    assert answers[0]["result"] == ["x" * 200]
    assert answers[1]["error"]["code"] == -32005


def test_every_error_of_the_tree_has_a_code_geth_knows() -> None:
    codes, left = set(), [LedgerError]
    while left:
        error = left.pop()
        codes.add(error.rpc_code)
        left += error.__subclasses__()
    assert codes <= {3, -32000, -32005, -32600, -32601, -32602, -32603, -32700}
