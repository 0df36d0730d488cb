"""The embedded ledger as a process: HTTP on loopback, one line when it listens, SIGTERM to stop.

The RPC has no authentication, so it binds loopback only, and a page in a browser on the same
machine must not reach it: the body must be declared application/json (which a cross-site form
cannot do without a preflight this server never grants) and the Host header must be a loopback name
(against DNS rebinding).
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from node.embedded.database import Database, claim_directory
from node.embedded.errors import AddressUnavailable
from node.embedded.jsonrpc import respond
from node.embedded.ledger import Ledger
from node.embedded.methods import Methods
from node.embedded.settings import LOOPBACK_HOSTS, LedgerSettings

BODY_BYTES_LIMIT = 2 * 1024 * 1024
# Shorter than CPython's 5 ms: while a block executes, a read waits for the interpreter this long.
SWITCH_INTERVAL_SECONDS = 0.001

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RpcApplication:
    """The ASGI application: POST with a JSON body, answered by ``methods``."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if refusal := _refusal(scope["method"], headers):
            await _reply(send, *refusal, "text/plain")
            return
        body = await _read_body(receive, headers)
        if body is None:
            await _reply(send, 413, b"content length too large", "text/plain")
            return
        response = await respond(body, self._methods.answer)
        if response is None:
            await _reply(send, 204, b"", "application/json")
        else:
            await _reply(send, 200, response, "application/json")


def _refusal(method: str, headers: dict[bytes, bytes]) -> tuple[int, bytes] | None:
    host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].strip("[]")
    if host not in LOOPBACK_HOSTS:
        return 403, b"invalid host specified"
    if method != "POST":
        return 405, b"method not allowed"
    if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
        return 415, b"invalid content type, only application/json is supported"
    return None


async def _read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes | None:
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > BODY_BYTES_LIMIT:
        return None
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_BYTES_LIMIT:
            return None
        more = message.get("more_body", False)
    return b"".join(chunks)


async def _reply(send: Send, status: int, body: bytes, content_type: str) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us, so that a stop ends with exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


def serve(settings: LedgerSettings) -> None:
    """Run the ledger until SIGTERM or SIGINT; print one line when it listens.

    Raises:
        DirectoryInUse, OtherLedger, AddressUnavailable: before anything is served.
    """
    lock = claim_directory(settings.directory)
    try:
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        asyncio.run(_serve(settings))
    finally:
        os.close(lock)


async def _serve(settings: LedgerSettings) -> None:
    listener = _listen(settings)
    ledger = Ledger(settings, Database(settings.directory))
    config = uvicorn.Config(
        RpcApplication(Methods(ledger)),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    ledger.start()
    gc.freeze()
    try:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"embedded ledger, chain {settings.chain_id}, at http://{shown}:{port}", flush=True)
        await _Server(config).serve(sockets=[listener])
    finally:
        await ledger.stop()


def _listen(settings: LedgerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise AddressUnavailable(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; choose another"
            " port"
        ) from error
    listener.listen(128)
    return listener
