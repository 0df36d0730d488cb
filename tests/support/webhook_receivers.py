"""Receivers of webhooks: real HTTP servers that keep what they were sent."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.office_node import Office


@dataclass
class Message:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def positions(self) -> list[int]:
        return [event["position"] for event in json.loads(self.body)["data"]["events"]]


class Receiver:
    """Answers each message with ``status``, after ``before`` was called."""

    def __init__(self, status: int, before: Callable[[Message], None]) -> None:
        self.status = status
        self.before = before
        self.messages: list[Message] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                message = Message({k.lower(): v for k, v in self.headers.items()}, body)
                receiver.messages.append(message)
                receiver.before(message)
                self.send_response(receiver.status)
                self.send_header("location", f"{receiver.url}/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def positions(self) -> list[int]:
        return [position for message in self.messages for position in message.positions]

    def wait_for(self, messages: int, seconds: float = 20.0) -> list[Message]:
        until = time.monotonic() + seconds
        while len(self.messages) < messages:
            assert time.monotonic() < until, f"{len(self.messages)} of {messages} messages"
            time.sleep(0.01)
        return self.messages


@contextmanager
def receiving(
    status: int = 200, before: Callable[[Message], None] = lambda _: None
) -> Iterator[Receiver]:
    receiver = Receiver(status, before)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


@contextmanager
def messengers_of(office: Office) -> Iterator[None]:
    messengers = office.node.messengers()
    messengers.start()
    try:
        yield
    finally:
        messengers.close()
