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
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from node.embedded.builder import BuilderProcess, fork_builder
from node.embedded.database import Database, claim_directory
from node.embedded.errors import AddressUnavailable, BuilderEnded, StorageUnavailable
from node.embedded.jsonrpc import respond
from node.embedded.ledger import Ledger, connect_builder, open_chain
from node.embedded.methods import Methods
from node.embedded.settings import LOOPBACK_HOSTS, LedgerSettings
from node.listening import BoundedHttp

BODY_BYTES_LIMIT = 2 * 1024 * 1024

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
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """Have the server finish what it answers and return."""
        self.should_exit = True


def serve(settings: LedgerSettings) -> None:
    """Run the ledger until SIGTERM or SIGINT; print one line when it listens.

    Raises:
        DirectoryInUse, OtherLedger, AddressUnavailable: before anything is served.
        BuilderEnded: the block builder was killed or broke; start again.
    """
    lock = claim_directory(settings.directory)
    try:
        database = Database(settings.directory)
        open_chain(settings, database, time.time())
        gc.freeze()
        builder = fork_builder(settings, database)
        try:
            asyncio.run(_serve(settings, database, builder))
        finally:
            builder.end()
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{settings.directory}: {error}") from error
    finally:
        os.close(lock)


async def _serve(settings: LedgerSettings, database: Database, builder: BuilderProcess) -> None:
    listener = _listen(settings)
    ledger = Ledger(settings, database, await connect_builder(builder.channel))
    config = uvicorn.Config(
        RpcApplication(Methods(ledger)),
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    building = asyncio.create_task(ledger.run())
    building.add_done_callback(lambda _: server.stop())
    asyncio.get_running_loop().add_reader(builder.watch, server.stop)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    with contextlib.suppress(OSError):  # a full log keeps no ledger from starting
        print(f"embedded ledger, chain {settings.chain_id}, at http://{shown}:{port}", flush=True)
    await server.serve(sockets=[listener])
    building.cancel()
    try:
        await building
    except asyncio.CancelledError:
        if not builder.is_running:
            raise BuilderEnded from None
    except (EOFError, ConnectionError) as error:
        raise BuilderEnded from error
    finally:
        ledger.close()


def _listen(settings: LedgerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that name the protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
