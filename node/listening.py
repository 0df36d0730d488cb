"""HTTP connections as a node's listeners take them: bounded before a request is understood.

uvicorn waits for ever for a request's line and headers, and httptools keeps them however long they
are. Here a connection that asks for nothing is ended after a while, and sooner when others want in;
what is no body (line, headers, trailers, the marks between chunks) has a bound of its own.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# How long a connection may take to ask for something; after an answer, so much beyond uvicorn's own
# bound, which counts only while nothing at all comes.
WAIT_SECONDS = 10.0
# With more than this share of the connections that a listener takes, the one that has waited
# longest makes room for a new one.
CROWDED = 0.8
MAX_HEAD_BYTES = 65_536
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class PatientConnection(asyncio.Protocol):
    """One of uvicorn's protocols that does not wait for ever; to be inherited before it."""

    connections: set[Any]
    cycle: Any
    limit_concurrency: int | None
    timeout_keep_alive: int
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait, and make room where there is none."""
        super().connection_made(transport)
        limit = self.limit_concurrency
        if limit is not None and len(self.connections) > limit * CROWDED:
            self._end_the_longest()
        self._wait(WAIT_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; once it makes a request, the application's own bounds count."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait again, unless another request is there already."""
        super().on_response_complete()  # type: ignore[misc]
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait(self.timeout_keep_alive + WAIT_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _end_the_longest(self) -> None:
        waiting = [one for one in self.connections if one._waiting is not None]
        if waiting:
            min(waiting, key=lambda one: one._waiting.when()).transport.abort()


class BoundedHttp(PatientConnection, HttpToolsProtocol):
    """uvicorn's protocol on httptools with a bound on what is no body."""

    _beside = 0
    _body = 0

    def data_received(self, data: bytes) -> None:
        """Take what came, unless headers, trailers or marks between chunks grow without end."""
        self._beside += len(data)
        super().data_received(data)
        if self._beside > MAX_HEAD_BYTES + self._body and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LONG)
                self.transport.close()
            else:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """Count anew for each request."""
        self._beside, self._body = 0, 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Count what is body apart; the application bounds it."""
        self._beside -= len(body)
        self._body += len(body)
        super().on_body(body)
