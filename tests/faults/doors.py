"""Doors between a member's process and what it talks to: they see what passes, and act on it.

They hit an exact place of a program without a word about tests in it: a door to PostgreSQL sees
that a transaction was committed before the program hears of it; a door to a peer counts bytes.
"""

import re
import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Moment = Literal["asked", "answered", "committing", "committed"]
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
SPRUNG_SECONDS = 90.0
CHUNK = 65536


class NotSprung(AssertionError):
    """The place was never reached, so nothing was tried."""


class Trap:
    """Something that is done once, at a moment of a transaction; then the connection is cut.

    Args:
        statement: a regular expression that one of the transaction's statements holds.
        moment: before the statement goes to the server (``asked``), or its answer to the program
            (``answered``); the same of the COMMIT of a transaction with it (``committing``,
            ``committed``).
        act: what is done while the program waits.
    """

    def __init__(self, statement: str, moment: Moment, act: Callable[[], None]) -> None:
        self.statement = re.compile(statement)
        self.moment = moment
        self._act = act
        self._lock = threading.Lock()
        self._begun = False
        self._sprung = threading.Event()

    def spring(self) -> bool:
        """Do it, unless it was done already; return whether this call did."""
        with self._lock:
            if self._begun:
                return False
            self._begun = True
        self._act()
        self._sprung.set()
        return True

    def wait(self, seconds: float = SPRUNG_SECONDS) -> None:
        """Return once it was done; raise NotSprung when it was not."""
        if not self._sprung.wait(seconds):
            raise NotSprung(f"{self.statement.pattern} {self.moment}: not within {seconds} s")


class Door:
    """Passes connections at ``port`` on to another port of this machine.

    Attributes:
        refuses: whether new connections are cut at once.
        stalled_after: of each connection, how many bytes of the program's reach the other side;
            the rest is held back until this is None again.
        loses_answers_after: once the program has sent so many bytes, nothing of the answer comes
            back, and the connection is cut as soon as there is one.
        lost: how many answers were lost so.
    """

    def __init__(self, target: int, port: int = 0) -> None:
        self.target = target
        self.refuses = False
        self.stalled_after: int | None = None
        self.loses_answers_after: int | None = None
        self.lost = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def open_count(self) -> int:
        """How many connections are open now."""
        return len(self._open) // 2

    def cut(self) -> int:
        """End every connection that is open now; return how many there were."""
        pairs = list(self._open)
        for each in pairs:
            hang_up(each)
        return len(pairs) // 2

    def open_wide(self) -> None:
        """Let everything through again."""
        self.refuses, self.stalled_after, self.loses_answers_after = False, None, None

    def close(self) -> None:
        """Stop listening and end what is open."""
        self._closed = True
        hang_up(self._listener)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        pair = (client, server)
        for each in pair:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.update(pair)
        try:
            self._pass(client, server)
        finally:
            self._open.difference_update(pair)
            for each in pair:
                hang_up(each)
                each.close()

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        with suppress(OSError, ValueError):
            while True:
                ready, _, _ = select.select([client, server], [], [], 0.2)
                if server in ready:
                    data = server.recv(CHUNK)
                    limit = self.loses_answers_after
                    if not data:
                        return
                    if limit is not None and sent >= limit:
                        self.lost += 1
                        return
                    client.sendall(data)
                if client in ready:
                    if self._stalls(sent, server):
                        continue
                    data = client.recv(CHUNK)
                    if not data:
                        return
                    sent += len(data)
                    server.sendall(data)

    def _stalls(self, sent: int, server: socket.socket) -> bool:
        limit = self.stalled_after
        if limit is None or sent < limit:
            return False
        select.select([server], [], [], 0.05)  # or this would turn without a pause
        return True


class DatabaseDoor(Door):
    """A door to PostgreSQL that reads its protocol (version 3) and springs traps."""

    def __init__(self, target: int) -> None:
        self._traps: list[Trap] = []
        super().__init__(target)

    def trap(self, statement: str, moment: Moment, act: Callable[[], None]) -> Trap:
        """Set a trap and return it."""
        trap = Trap(statement, moment, act)
        self._traps.append(trap)
        return trap

    def spring(self, moment: Moment, statements: list[str]) -> bool:
        """Spring the trap that is set for this; return whether one was."""
        for trap in self._traps:
            if trap.moment == moment and any(trap.statement.search(each) for each in statements):
                self._traps.remove(trap)
                return trap.spring()
        return False

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        session = _Session(self, client, server)
        with suppress(OSError, EOFError):
            session.start()
            back = threading.Thread(target=session.answers, daemon=True)
            back.start()
            session.questions()


class _Session:
    """One connection's statements: what was asked, in which transaction, what is not answered."""

    def __init__(self, door: DatabaseDoor, client: socket.socket, server: socket.socket) -> None:
        self._door = door
        self._client = client
        self._server = server
        self._prepared: dict[bytes, str] = {}
        self._bound = ""
        self._transaction: list[str] = []
        self._unanswered: deque[str] = deque()

    def start(self) -> None:
        """Pass the start-up message on; encryption is declined, as this server would."""
        while True:
            head = _exactly(self._client, 8)
            length, code = struct.unpack("!II", head)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            self._client.sendall(b"N")
        self._server.sendall(head + _exactly(self._client, length - 8))
        if code == CANCEL_REQUEST:
            raise EOFError

    def questions(self) -> None:
        """Pass the program's messages on."""
        while True:
            kind, body = _message(self._client)
            if self._heard(kind, body):
                return
            self._server.sendall(_framed(kind, body))

    def answers(self) -> None:
        """Pass the server's messages on."""
        with suppress(OSError, EOFError):
            while True:
                kind, body = _message(self._server)
                if self._answered(kind):
                    break
                self._client.sendall(_framed(kind, body))
        hang_up(self._client)

    def _heard(self, kind: bytes, body: bytes) -> bool:
        """Note a message of the program; return whether a trap has cut it off."""
        if kind == b"P":
            name, _, rest = body.partition(b"\0")
            self._prepared[name] = rest.partition(b"\0")[0].decode(errors="replace")
        elif kind == b"B":
            self._bound = self._prepared.get(body.split(b"\0", 2)[1], "")
        elif kind == b"E":
            return self._runs(self._bound)
        elif kind == b"Q":
            return self._runs(body.rstrip(b"\0").decode(errors="replace"))
        return False

    def _runs(self, statement: str) -> bool:
        self._unanswered.append(statement)
        word = statement.lstrip()[:6].upper()
        if word.startswith("BEGIN"):
            self._transaction = []
        elif word == "COMMIT":
            return self._door.spring("committing", self._transaction)
        else:
            self._transaction.append(statement)
            return self._door.spring("asked", [statement])
        return False

    def _answered(self, kind: bytes) -> bool:
        if kind not in (b"C", b"I", b"s", b"E") or not self._unanswered:
            return False
        statement = self._unanswered.popleft()
        if kind != b"C":
            return False
        if statement.lstrip()[:6].upper() == "COMMIT":
            return self._door.spring("committed", self._transaction)
        return self._door.spring("answered", [statement])


def _message(side: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(side, 5)
    return head[:1], _exactly(side, struct.unpack("!I", head[1:])[0] - 4)


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _exactly(side: socket.socket, length: int) -> bytes:
    got = bytearray()
    while len(got) < length:
        part = side.recv(length - len(got))
        if not part:
            raise EOFError
        got += part
    return bytes(got)


def hang_up(side: socket.socket) -> None:
    """End a connection for both sides, also where a thread waits on it."""
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
