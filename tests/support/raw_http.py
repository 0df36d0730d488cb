"""Bytes to a server as no well-behaved client sends them, and what came back."""

import contextlib
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

_STATUS = re.compile(rb"^HTTP/1\.[01] ([0-9]{3}) ")


@dataclass(frozen=True)
class Reply:
    """What a server sent before it closed the line or fell silent; ``status`` 0 for nothing."""

    status: int
    text: bytes

    @property
    def is_refusal(self) -> bool:
        """Whether it is a 4xx, or the line was closed without a word."""
        return self.status == 0 or 400 <= self.status < 500


def connect(url: str, seconds: float = 20.0, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Return a line to the server at ``url``."""
    host = urlsplit(url)
    line = socket.create_connection((host.hostname, host.port), timeout=seconds)
    return line if tls is None else tls.wrap_socket(line, server_hostname=host.hostname)


def send(url: str, data: bytes, seconds: float = 20.0, tls: ssl.SSLContext | None = None) -> Reply:
    """Send ``data`` and return the first answer; a server may close before it has read all."""
    with connect(url, seconds, tls) as line:
        with contextlib.suppress(ConnectionError):  # it has said enough already, and closed
            line.sendall(data)
        return read(line)


def read(line: socket.socket) -> Reply:
    """Return what comes until the first answer is whole, the line is closed, or time is up."""
    told = b""
    with contextlib.suppress(ConnectionError):
        while not _whole(told) and (piece := line.recv(65_536)):
            told += piece
    found = _STATUS.match(told)
    return Reply(int(found[1]) if found else 0, told)


def _whole(told: bytes) -> bool:
    head, ended, body = told.partition(b"\r\n\r\n")
    if not ended:
        return False
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    return len(body) >= int(length[1]) if length else b"\r\n0\r\n\r\n" in told


def request(
    method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a request as it should be; ``Content-Length`` as the body is."""
    given = {"Host": "localhost", "Content-Length": str(len(body))} | (headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body
