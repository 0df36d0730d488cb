"""A ledger that answers, refuses, talks nonsense or is not there."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from node.chain import rpc as rpc_module
from node.chain.errors import RpcRefused
from node.chain.rpc import Rpc
from node.errors import LedgerUnavailable

Answers = Callable[[Any], bytes]


@pytest.fixture
def serve() -> Iterator[Callable[[Answers], Rpc]]:
    """Start an HTTP server that answers each JSON body with what a function makes of it."""
    running: list[tuple[ThreadingHTTPServer, Rpc]] = []

    def start(answer: Answers) -> Rpc:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = answer(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        rpc = Rpc(f"http://127.0.0.1:{server.server_port}", timeout_seconds=5)
        running.append((server, rpc))
        return rpc

    yield start
    for server, rpc in running:
        rpc.close()
        server.shutdown()
        server.server_close()


def result(body: Any, value: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": body["id"], "result": value}


def refusal(body: Any, code: int, data: object) -> dict[str, Any]:
    error = {"code": code, "message": "execution reverted", "data": data}
    return {"jsonrpc": "2.0", "id": body["id"], "error": error}


def test_a_result_is_returned(serve: Callable[[Answers], Rpc]) -> None:
    rpc = serve(lambda body: json.dumps(result(body, [body["method"], body["params"]])).encode())
    assert rpc.call("eth_chainId", 1, "a") == ["eth_chainId", [1, "a"]]


def test_a_refusal_carries_its_code_and_revert_data(serve: Callable[[Answers], Rpc]) -> None:
    rpc = serve(lambda body: json.dumps(refusal(body, 3, "0x08c379a0")).encode())
    with pytest.raises(RpcRefused) as refused:
        rpc.call("eth_call")
    assert (refused.value.rpc_code, refused.value.data) == (3, bytes.fromhex("08c379a0"))


@pytest.mark.parametrize("data", [None, 5, "0xzz", {"a": 1}])
def test_a_refusal_with_odd_data_has_none(serve: Callable[[Answers], Rpc], data: object) -> None:
    rpc = serve(lambda body: json.dumps(refusal(body, -32000, data)).encode())
    with pytest.raises(RpcRefused) as refused:
        rpc.call("eth_call")
    assert refused.value.data == b""


def test_a_batch_is_answered_in_the_order_asked(serve: Callable[[Answers], Rpc]) -> None:
    def backwards(body: Any) -> bytes:
        answers = [
            refusal(item, 3, "0x01") if item["method"] == "no" else result(item, item["method"])
            for item in body
        ]
        return json.dumps(answers[::-1]).encode()

    a, no, b = serve(backwards).batch([("a", []), ("no", []), ("b", [])])
    assert (a, b) == ("a", "b")
    assert isinstance(no, RpcRefused)


def test_a_long_batch_goes_in_several(serve: Callable[[Answers], Rpc]) -> None:
    sizes: list[int] = []

    def answer(body: Any) -> bytes:
        sizes.append(len(body))
        return json.dumps([result(item, item["method"]) for item in body]).encode()

    methods = [str(i) for i in range(250)]
    assert serve(answer).batch([(method, []) for method in methods]) == methods
    assert sizes == [100, 100, 50]


def test_a_batch_refused_whole_is_raised(serve: Callable[[Answers], Rpc]) -> None:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "too large"}}
    with pytest.raises(RpcRefused):
        serve(lambda _body: json.dumps(error).encode()).batch([("a", [])])


@pytest.mark.parametrize(
    "text",
    [b"", b"<html>", b"[]", b"null", b'{"id": 9, "result": 1}', b'{"id": 0}', b"[" * 5_000],
)
def test_nonsense_counts_as_no_answer(serve: Callable[[Answers], Rpc], text: bytes) -> None:
    rpc = serve(lambda _body: text)
    with pytest.raises(LedgerUnavailable):
        rpc.call("eth_chainId")
    with pytest.raises(LedgerUnavailable):
        rpc.batch([("eth_chainId", [])])


def test_an_answer_without_end_is_refused(
    serve: Callable[[Answers], Rpc], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_module, "ANSWER_BYTES_LIMIT", 1_000)
    rpc = serve(lambda body: json.dumps(result(body, "x" * 1_000)).encode())
    with pytest.raises(RpcRefused, match="too large"):
        rpc.call("eth_getLogs")


def test_no_ledger_is_unavailable() -> None:
    rpc = Rpc("http://127.0.0.1:1", timeout_seconds=2)
    with pytest.raises(LedgerUnavailable):
        rpc.call("eth_chainId")
    rpc.close()
