"""A ledger of a test behind a real HTTP door: JSON-RPC 2.0, single and batched, and its faults."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from node.chain.errors import RpcRefused
from node.chain.rpc import Ledger

Fault = Callable[[str, list[Any]], Any]
PASS = object()


class RpcServer:
    """Serves ``ledger`` at ``url`` until ``close``.

    Attributes:
        fault: asked before the ledger; what it returns is the answer unless it is ``PASS``, and
            what it raises, as RpcRefused, the refusal.
        slow_seconds: how long every answer takes.
        hangs_up: whether connections are closed without an answer.
    """

    def __init__(self, ledger: Ledger, port: int = 0) -> None:
        self.ledger = ledger
        self.fault: Fault = lambda _method, _params: PASS
        self.slow_seconds = 0.0
        self.hangs_up = False
        self._server = _Http(("127.0.0.1", port), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Any) -> Any:
        """Answer one request, or a list of them."""
        if isinstance(request, list):
            return [self.answer(each) for each in request]
        told = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            result = self.fault(request["method"], request["params"])
            if result is PASS:
                result = self.ledger.call(request["method"], *request["params"])
            return told | {"result": result}
        except RpcRefused as refused:
            error = {"code": refused.rpc_code, "message": refused.message}
            if refused.data:
                error["data"] = "0x" + refused.data.hex()
            return told | {"error": error}


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


def _handler(server: RpcServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(server.slow_seconds)
            if server.hangs_up:
                self.close_connection = True
                return
            text = json.dumps(server.answer(json.loads(body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
