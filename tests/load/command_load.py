"""Sends commands to a member's API as fast as they are answered, and says what came of it.

    python tests/load/command_load.py HOST:PORT TOKEN SECONDS CONNECTIONS AT_ONCE PORT

Each connection sends one request after another: a write alone (``AT_ONCE`` 1), or that many by the
bulk door; devices are at ``PORT``, as the ledger numbers it. It speaks HTTP by itself, so that
little of the machine goes into the load. It prints one JSON line: commands accepted, other answers,
the latencies of answers, the seconds of CPU it took.
"""

import json
import os
import resource
import secrets
import socket
import sys
import threading
import time

BODY: dict[str, object] = {"kind": "scale", "calibrated_until": 1_893_456_000}


class Connection:
    """One keep-alive connection."""

    def __init__(self, address: str, token: str, at_once: int) -> None:
        host, port = address.split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._at_once = at_once
        path = "/v1/devices" if at_once == 1 else "/v1/commands/bulk"
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\n"
        )

    def send(self) -> tuple[int, int]:
        """Send one request; return how many commands were accepted and how many were not."""
        if self._at_once == 1:
            status, _ = self._ask(_body(), f"Idempotency-Key: {secrets.token_hex(8)}\r\n")
            return (1, 0) if status == 202 else (0, 1)
        commands = [
            {"key": secrets.token_hex(8), "verb": "RegisterDevice", "body": _body()}
            for _ in range(self._at_once)
        ]
        _, answer = self._ask({"commands": commands}, "")
        taken = answer.count(b'"status":202')
        return taken, self._at_once - taken

    def ask_one(self) -> str:
        """Send one write alone and return its command's id; anything but 202 fails."""
        status, answer = self._ask(_body(), f"Idempotency-Key: {secrets.token_hex(8)}\r\n")
        assert status == 202, answer[:300]
        return str(json.loads(answer)["id"])

    def _ask(self, body: object, more: str) -> tuple[int, bytes]:
        text = json.dumps(body).encode()
        head = f"{self._head}{more}Content-Length: {len(text)}\r\n\r\n"
        self._socket.sendall(head.encode() + text)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        top, _, answer = received.partition(b"\r\n\r\n")
        length = int(top.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(answer) < length:
            answer += self._receive()
        return int(top[9:12]), answer

    def _receive(self) -> bytes:
        part = self._socket.recv(262_144)
        if not part:
            raise ConnectionError("the API closed the connection")
        return part


def _body() -> dict[str, object]:
    return {"key": "0x" + secrets.token_hex(32), **BODY}


def main() -> None:
    """Send for so many seconds and print the line."""
    address, token, seconds, connections, at_once, port = sys.argv[1:]
    BODY["port"] = int(port)
    counts = {"accepted": 0, "other": 0}
    latencies: list[float] = []
    guard = threading.Lock()
    until = time.monotonic() + float(seconds)

    def keep_sending() -> None:
        connection = Connection(address, token, int(at_once))
        while (begun := time.monotonic()) < until:
            accepted, other = connection.send()
            with guard:
                counts["accepted"] += accepted
                counts["other"] += other
                latencies.append(time.monotonic() - begun)

    threads = [threading.Thread(target=keep_sending) for _ in range(int(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = resource.getrusage(resource.RUSAGE_SELF)
    latencies.sort()
    told = counts | {
        "p50_ms": round(1000 * latencies[len(latencies) // 2], 1),
        "p99_ms": round(1000 * latencies[int(len(latencies) * 0.99)], 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
    }
    print(json.dumps(told), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
