"""Where a consortium on one machine listens."""

import socket

HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return TCP ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for taken in sockets:
            taken.bind((HOST, 0))
        return [taken.getsockname()[1] for taken in sockets]
    finally:
        for taken in sockets:
            taken.close()
