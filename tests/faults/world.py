"""Three members, their ledger, PostgreSQL and Redis, as processes that faults are done to.

The carrier is what production is: PostgreSQL, Celery with Redis, each part a process of its own,
each with doors of its own to the database and the ledger. The shipper runs all parts in one
process on SQLite, its database, vault and logs on small disks of their own; it holds what the
carrier issues. The bank is no reader of anything: what it must never have is looked for there.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from faults.disks import Disk
from faults.doors import DatabaseDoor, Door
from ledger_process import kill_ledger, start_ledger
from rpc_server import RpcServer
from sqlalchemy.engine import make_url
from sqlmodel import func, select
from support.members import lay_down
from support.office_node import give_tokens
from support.peers import PASSPHRASE, bill_number, free_port, make_bill
from support.servers import PostgreSQL, Redis
from support.webhook_receivers import Receiver, receiving

from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import load
from node.chain.rpc import Rpc
from node.member import NewMember, write_json
from node.store.database import Database
from node.store.documents import WAITING, DeliveryRow, PeerLineRow

Json = dict[str, Any]
T = TypeVar("T")

ROOT = Path(__file__).parents[2]
LADING = ["-c", "from api.cli.main import main; main()"]
NAMES = ("carrier", "shipper", "bank")
PARTS = ("api", "peers", "follow", "send", "work")
SECRET = "KEEP-THIS-SECRET"
"""What every document and file of a run contains, and no file of the machine may."""
START_SECONDS = 600.0
PATIENCE_SECONDS = 150.0
SMALL_MB = 48
HOME_MB = 400  # below 200 the doctor says that it is full
DATABASE_MB = 600


class Program:
    """One process of a member, which is started, killed and started again."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._arguments = arguments
        self.log = log
        self.environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, more: Mapping[str, str] | None = None) -> None:
        """Start it; ``more`` stands in its environment besides the usual."""
        assert not self.runs, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                env=os.environ | self.environment | dict(more or {}),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Kill it with -9 and return once it is gone."""
        assert self._process is not None
        assert self.runs, f"{self.name} had ended by itself: {self._process.returncode}"
        self._process.kill()
        self._process.wait()

    def ended_by(self, number: int, seconds: float = 60.0) -> None:
        """Wait for its end, which must be by this signal."""
        assert self._process is not None
        assert self._process.wait(seconds) == -number, f"{self.name}: {self._process.returncode}"

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is not None and self.runs:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@dataclass
class Item:
    """A write that was acknowledged: it may not be lost."""

    member: str
    path: str
    body: Json
    role: str
    key: str
    id: str = ""


@dataclass
class File:
    """A file that was handed in at one member and sent to another."""

    sender: str
    receiver: str
    root: str
    id: str
    content: bytes


class Member:
    """One member: its directory, its doors, its programs, and how to speak to its API."""

    def __init__(self, new: NewMember, database_url: str) -> None:
        self.new = new
        self.name = new.directory.name
        self.id = new.hex_id
        self.directory = new.directory
        self.tokens = give_tokens(new.directory)
        self.http = httpx.Client(base_url=new.profile.api_url, timeout=40, trust_env=False)
        self.database = Database(database_url)
        self.programs: dict[str, Program] = {}
        self.database_doors: dict[str, DatabaseDoor] = {}
        self.ledger_doors: dict[str, RpcServer] = {}
        self.peers_door: Door | None = None

    def ask(self, method: str, path: str, role: str = "clerk", **more: Any) -> httpx.Response:
        """Send one request and return the answer; raises httpx.TransportError."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **more)

    def get(self, path: str, role: str = "clerk", **query: str) -> Json:
        """Read; anything but 200 fails."""
        answer = self.ask("GET", path, role, params=query)
        assert answer.status_code == 200, f"{self.name} {path}: {answer.text[:500]}"
        return dict(answer.json())

    def send(self, item: Item) -> httpx.Response:
        """Send a write, once."""
        headers = {"Idempotency-Key": item.key}
        return self.ask("POST", item.path, item.role, json=item.body, headers=headers)

    def well(self) -> bool:
        """Whether its API answers and every part runs."""
        try:
            health = self.http.get("/v1/health", timeout=10)
        except httpx.TransportError:
            return False
        return health.status_code == 200 and all(health.json()["parts"].values())

    def start(self) -> None:
        """Start every program that does not run."""
        for program in self.programs.values():
            if not program.runs:
                program.start()

    def stop(self) -> None:
        for program in self.programs.values():
            program.stop()

    def close(self) -> None:
        self.stop()
        self.http.close()
        self.database.close()
        for door in [*self.database_doors.values(), *self.ledger_doors.values(), self.peers_door]:
            if door is not None:
                door.close()


@dataclass
class World:
    """Everything that runs, and what was acknowledged to whom."""

    folder: Path
    postgresql: PostgreSQL
    redis: Redis
    members: dict[str, Member] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    ledger_url: str = ""

    def __post_init__(self) -> None:
        self.ledger: subprocess.Popen[str] | None = None
        self.receiver: Receiver
        self._ends: list[Callable[[], Any]] = []

    @property
    def carrier(self) -> Member:
        return self.members["carrier"]

    @property
    def shipper(self) -> Member:
        return self.members["shipper"]

    @property
    def bank(self) -> Member:
        return self.members["bank"]

    def open(self) -> None:
        """Start everything, found the network, and return once every node is well."""
        self._disk("postgresql", self.postgresql.directory, DATABASE_MB)
        self.postgresql.start()
        self.redis.start()
        self.start_ledger()
        made = lay_down(self.folder, NAMES, self.ledger_url)
        self._make_carrier(made["carrier"])
        self._make_plain(made["shipper"], on_disks=True)
        self._make_plain(made["bank"])
        for member in self.members.values():
            member.start()
        for member in self.members.values():
            wait_for(member.well, f"{member.name} is well", START_SECONDS)
        self._subscribe()

    def close(self) -> None:
        """End everything."""
        for member in self.members.values():
            member.close()
        for end in reversed(self._ends):
            end()
        if self.ledger is not None:
            kill_ledger(self.ledger)
        for stop in (self.postgresql.stop, self.redis.stop):
            try:
                stop()
            except subprocess.CalledProcessError:
                continue  # a kind that failed has left it dead
        for disk in reversed(self.disks.values()):
            disk.close()

    def start_ledger(self) -> None:
        """Start the ledger, again at the port that it had."""
        port = int(self.ledger_url.rsplit(":", 1)[1]) if self.ledger_url else 0
        self.ledger_url, self.ledger = start_ledger(self.folder, port=port)

    def revive(self) -> None:
        """Start whatever does not run, and open every door."""
        for server in (self.postgresql, self.redis):
            try:
                server.start()
            except AssertionError:
                continue  # it runs
        if self.ledger is None or self.ledger.poll() is not None:
            self.start_ledger()
        self.receiver.status, self.receiver.before = 200, lambda _message: None
        for member in self.members.values():
            if member.peers_door is not None:
                member.peers_door.open_wide()
            for door in member.database_doors.values():
                door.open_wide()
            member.start()

    # What members do.

    def bill(self) -> Json:
        """A body for a new title that the shipper will hold."""
        document = make_bill(bill_number())
        document["contractQuotationReference"] = f"{SECRET}-{secrets.token_hex(4)}"
        return {"document": document, "holder": self.shipper.id}

    def write(self, member: str, path: str, body: Json, role: str = "clerk") -> Item:
        """Return a write that was not sent yet."""
        return Item(member, path, body, role, secrets.token_hex(16))

    def issuing(self) -> Item:
        """Return an issue that was not sent yet."""
        return self.write("carrier", "/v1/titles", self.bill(), "issuer")

    def take(self, item: Item) -> Item:
        """Send a write, with its key again and again, until it is acknowledged; note that it was.

        The same key must be answered with the same command.
        """

        def taken() -> bool:
            try:
                answer = self.members[item.member].send(item)
            except httpx.TransportError:
                return False
            assert answer.status_code in (202, 429, 500, 503), answer.text
            if answer.status_code != 202:
                return False
            return self.acknowledged(item, answer)

        wait_for(taken, f"{item.path} is acknowledged")
        return item

    def acknowledged(self, item: Item, answer: httpx.Response) -> bool:
        """Note what a write was answered with; it is 202, and the same command as before."""
        assert answer.status_code == 202, answer.text
        command = answer.json()["id"]
        assert item.id in ("", command), f"one key made two commands: {item.id} and {command}"
        if not item.id:
            item.id = command
            self.items.append(item)
        return True

    def issue(self) -> Item:
        """Have an issue acknowledged."""
        return self.take(self.issuing())

    def command(self, item: Item) -> Json:
        """Return the command of an acknowledged write, as its node tells it; {} when it is mute."""
        try:
            answer = self.members[item.member].ask("GET", f"/v1/commands/{item.id}")
        except httpx.TransportError:
            return {}
        return dict(answer.json()) if answer.status_code == 200 else {}

    def final(self, item: Item, seconds: float = PATIENCE_SECONDS) -> Json:
        """Wait until a write is final; another end fails."""

        def ended() -> Json | None:
            told = self.command(item)
            return told if told.get("state") in ("final", "refused", "expired") else None

        told = wait_for(ended, f"{item.path} of {item.member} has an end", seconds)
        assert told["state"] == "final", told
        return told

    def title(self, item: Item) -> str:
        """The title that an issue made."""
        return str(self.final(item)["object"])

    def shown(self, member: Member, title: str) -> Json:
        """Wait until a member's node shows a title."""

        def told() -> Json | None:
            try:
                answer = member.ask("GET", f"/v1/titles/{title}")
            except httpx.TransportError:
                return None
            return dict(answer.json()) if answer.status_code == 200 else None

        return wait_for(told, f"{member.name} shows {title}")

    def accept(self, title: str) -> Item:
        """Have the shipper accept a title that the carrier issued to it."""
        offer = self.shown(self.shipper, title)["offer"]["digest"]
        item = self.write("shipper", f"/v1/titles/{title}/accept", {"offer": offer})
        self.take(item)
        self.final(item)
        return item

    def held_title(self) -> tuple[str, str]:
        """Issue a title that the shipper accepts; return its id and its document's root."""
        title = self.title(self.issue())
        self.accept(title)
        return title, str(self.shown(self.shipper, title)["root"])

    # How they are made.

    def _disk(self, name: str, folder: Path, size_mb: int) -> None:
        self.disks[name] = Disk(self.folder / f"{name}.disk", folder, size_mb)

    def _make_carrier(self, new: NewMember) -> None:
        url = self.postgresql.create(upgraded=False)
        member = self.members["carrier"] = Member(new, url)
        self._settle(member, without=("ledger_url",), webhook_targets="any")
        server = make_url(url)
        assert server.port is not None
        for part in (*PARTS, "jobs"):
            to_database = DatabaseDoor(server.port)
            to_ledger = RpcServer(Rpc(self.ledger_url))
            member.database_doors[part], member.ledger_doors[part] = to_database, to_ledger
            own = server.set(port=to_database.port).render_as_string(hide_password=False)
            arguments = ["serve", str(new.directory), "--part", part]
            if part == "jobs":
                arguments = ["work", str(new.directory)]
            self._add(
                member,
                part,
                [*LADING, *arguments],
                LADING_DATABASE=own,
                LADING_LEDGER_URL=to_ledger.url,
                LADING_JOBS="celery",
                LADING_REDIS_URL=self.redis.url,
                LADING_METRICS_PORT=str(free_port()),
            )

    def _make_plain(self, new: NewMember, on_disks: bool = False) -> None:
        home = new.directory
        if on_disks:
            self._disk("home", home, HOME_MB)
            for name in ("vault", "database", "logs"):
                (home / name).mkdir(mode=0o700)
                self._disk(name, home / name, SMALL_MB)
        file = home / "database/node.sqlite" if on_disks else home / "node.sqlite"
        member = self.members[home.name] = Member(new, f"sqlite:///{file}")
        self._settle(member, database=member.database.url, metrics_port=free_port())
        self._add(member, "serve", [*LADING, "serve", str(home)])

    def _settle(self, member: Member, without: tuple[str, ...] = (), **more: Any) -> None:
        """Complete a member's settings, and put a door before its peers listener."""
        path = member.directory / "settings.json"
        told = json.loads(path.read_bytes())
        listens = free_port()
        member.peers_door = Door(listens, told["peers_port"])
        told = {name: value for name, value in told.items() if name not in without}
        write_json(path, {**told, **more, "peers_port": listens})
        (member.directory / "logs").mkdir(mode=0o700, exist_ok=True)
        self._add(member, "sign", ["-m", "identity.signer", "--dir", str(member.directory)])

    def _add(self, member: Member, name: str, arguments: list[str], **more: str) -> None:
        environment = {PASSPHRASE_VARIABLE: PASSPHRASE, "PYTHONPATH": str(ROOT), **more}
        log = member.directory / "logs" / f"{name}.log"
        member.programs[name] = Program(f"{member.name} {name}", arguments, log, environment)

    def _subscribe(self) -> None:
        """Have the carrier bring every event to a webhook, from the first on."""
        context = receiving()
        self.receiver = context.__enter__()
        self._ends.append(lambda: context.__exit__(None, None, None))
        body = {"name": "erp", "url": self.receiver.url, "after": 0}
        answer = self.carrier.ask("POST", "/v1/webhooks", "admin", json=body)
        assert answer.status_code == 201, answer.text

    def delivery_failed(self) -> bool:
        """Whether something that the carrier owes was tried in vain and waits."""
        waits = select(func.count()).where(DeliveryRow.state == WAITING, DeliveryRow.attempts > 0)
        with self.carrier.database.read() as session:
            away = select(func.count()).where(PeerLineRow.failures > 0)
            return bool(session.exec(waits).one() or session.exec(away).one())

    def network(self) -> Any:
        """The network that was founded."""
        return load(self.bank.directory / "network.json")


def wait_for(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Look again until something true is found, and return it; TimeoutError when it is not."""
    until = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)


def new_folder() -> Path:
    """A folder for a world: short, because a socket's path has a limit."""
    return Path(tempfile.mkdtemp(prefix="w-"))
