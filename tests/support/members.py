"""Whole members on a real ledger: directories, signer processes, nodes in processes or threads."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger_process import running_ledger
from sqlmodel import select
from support.ledgers import ENGINE, permit, retire
from support.peers import PASSPHRASE, free_port

from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from identity.keys.secp256k1 import SigningKey
from identity.policy.decide import Actor
from node.chain.founding import Admission, Assignment, Founding, found
from node.chain.network import Network, Seat, WaitingTimes, save
from node.chain.rpc import Rpc
from node.documents.rulebook import default_rulebook, rulebook_hash
from node.member import Addresses, NewMember, create_member, write_json
from node.node import Node
from node.serve import Service
from node.settings import Settings
from node.store.commands import ENDED_STATES, Command
from node.store.projections import Member

ROLES = {
    "carrier": Role.CARRIER,
    "shipper": Role.SHIPPER,
    "bank": Role.BANK,
    "consignee": Role.CONSIGNEE,
    "terminal": Role.TERMINAL,
    "customs": Role.CUSTOMS,
    "regulator": Role.REGULATOR,
}
DISCHARGE = default_rulebook().port_id("DEBRV")
NODE_PARTS = ("peers", "follow", "send", "work")
EVERY_ROLE = frozenset({"issuer", "clerk", "finance", "gate", "officer", "admin"})
ENVIRONMENT = {PASSPHRASE_VARIABLE: PASSPHRASE}
RUN = (
    "import sys; from pathlib import Path; from node.serve import serve;"
    " from node.settings import Settings; serve(Settings.load(Path(sys.argv[1])), sys.argv[2:], {})"
)


class RunningMember:
    """One member: its directory, a node object for the test's own use, and its processes.

    ``seat`` is the key of its seat in the council.
    """

    seat: SigningKey

    def __init__(self, new: NewMember) -> None:
        self.new = new
        self.id = new.hex_id
        self.node = Node(Settings.load(new.directory), ENVIRONMENT)
        self.actor = Actor(self.id, "somebody", EVERY_ROLE)
        self._service: Service | None = None
        self._signer: subprocess.Popen[bytes] | None = None
        self._processes: list[subprocess.Popen[bytes]] = []

    def start_signer(self, wait: bool = True) -> "subprocess.Popen[bytes]":
        """Start the signer and return once it listens, or at once."""
        arguments = ["-m", "identity.signer", "--dir", str(self.new.directory)]
        self._signer = self._start("signer", arguments)
        if wait:
            wait_for(self.signs, "the signer answers")
        return self._signer

    def stop_signer(self) -> None:
        """Kill the signer."""
        assert self._signer is not None
        self._signer.kill()
        self._signer.wait(15)

    @property
    def signer_pid(self) -> int:
        """The id of the signer's process."""
        assert self._signer is not None
        return self._signer.pid

    def start_parts(self, *parts: str) -> "subprocess.Popen[bytes]":
        """Run ``parts`` of the node in a process of their own."""
        return self._start("-".join(parts), ["-c", RUN, str(self.new.directory), *parts])

    def start_jobs(self) -> "subprocess.Popen[bytes]":
        """Run a Celery worker of this member in a process of its own."""
        lading = Path(sys.executable).with_name("lading")
        return self._start("jobs", [str(lading), "work", str(self.new.directory)])

    def run_parts(self, *parts: str) -> None:
        """Run ``parts`` as threads of the test's process."""
        self._service = Service(self.node, parts, {})
        self._service.start()

    def ask(self, verb: str, idempotency_key: str | None = None, **body: Any) -> Command:
        """Hand in a command as a person who has every role."""
        return self.node.handler.submit(
            self.actor, idempotency_key or secrets.token_hex(8), verb, body
        )

    def read(self, command: Command) -> Command:
        """Return the command as it stands."""
        with self.node.db.read() as session:
            return session.exec(select(Command).where(Command.id == command.id)).one()

    def end_of(self, command: Command, seconds: float = 120.0) -> Command:
        """Wait for the command's end and return it."""
        wait_for(lambda: self.read(command).state in ENDED_STATES, f"{command.verb} ends", seconds)
        return self.read(command)

    def do(self, verb: str, **body: Any) -> Command:
        """Hand in a command and return it once it is final; anything else fails the test."""
        ended = self.end_of(self.ask(verb, **body))
        assert ended.state == "final", (verb, ended.state, ended.refusal)
        return ended

    def row(self, model: type[Any], key: str) -> Any:
        """Return a row of one of this node's tables, or None."""
        with self.node.db.read() as session:
            return session.get(model, key)

    def knows(self, *others: "RunningMember") -> None:
        """Wait until this node has read these members' admissions."""
        wait_for(lambda: all(self.row(Member, other.id) for other in others), "members are known")

    def stop(self) -> "list[subprocess.Popen[bytes]]":
        """Stop everything of this member; return its processes, which have ended."""
        if self._service is not None:
            self._service.stop()
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            process.wait(15)
        self.node.close()
        return self._processes

    def _start(self, name: str, arguments: list[str]) -> "subprocess.Popen[bytes]":
        with (self.new.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=os.environ | ENVIRONMENT,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def signs(self) -> bool:
        """Whether the signer listens."""
        try:
            self.node.signer.status()
        except Exception:  # noqa: BLE001 - it does not listen yet
            return False
        return True


@contextmanager
def running_members(
    folder: Path,
    names: Sequence[str],
    waiting: WaitingTimes | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    equip: Callable[[str, NewMember], NewMember] = lambda _, new: new,
) -> Iterator[dict[str, RunningMember]]:
    """Found a network of ``names`` on a new ledger; their signers run, their nodes do not yet.

    ``waiting``: the rulebook's waiting times where a test cannot wait so long. ``settings``: what
    stands in a member's settings besides the usual, by its name. ``equip``: what is done to a
    member's directory before the network is founded.
    """
    with running_ledger(folder) as url:
        seats = {name: SigningKey.generate() for name in names}
        made = lay_down(folder, names, url, waiting, equip, seats)
        for name, more in (settings or {}).items():
            file = folder / name / "settings.json"
            write_json(file, {**json.loads(file.read_bytes()), **more})
        members = {name: RunningMember(new) for name, new in made.items()}
        for name, member in members.items():
            member.seat = seats[name]
        try:
            for member in members.values():
                member.start_signer(wait=False)
            for member in members.values():
                wait_for(member.signs, "the signer answers")
            yield members
        finally:
            for member in members.values():  # or a listener would wait for its peers' good-bye
                member.node.exchange.close()
            for member in members.values():
                member.stop()


def lay_down(
    folder: Path,
    names: Sequence[str],
    url: str,
    waiting: WaitingTimes | None = None,
    equip: Callable[[str, NewMember], NewMember] = lambda _, new: new,
    seats: Mapping[str, SigningKey] | None = None,
) -> dict[str, NewMember]:
    """Make members' directories, found their network on the ledger at ``url``, introduce them.

    ``seats``: the key of each member's seat in the council, by its name; new ones if not given.
    """
    made = {name: equip(name, _make(folder / name, name, url)) for name in names}
    keys = {new.hex_id: (seats or {}).get(n) or SigningKey.generate() for n, new in made.items()}
    network = _found(url, made, waiting or default_rulebook().waiting, keys)
    for new in made.values():
        save(network, new.directory / "network.json")
        for other in made.values():
            profile = new.directory / "profiles" / f"{other.hex_id}.json"
            write_json(profile, other.profile.to_json())
    return made


def wait_for(holds: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    """Return once ``holds()``; fail the test after ``seconds``."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def _make(folder: Path, name: str, url: str) -> NewMember:
    addresses = Addresses("127.0.0.1", free_port(), free_port(), url)
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    return create_member(folder, (name, name), ROLES[name], addresses, passphrases)


def _found(
    url: str, members: dict[str, NewMember], waiting: WaitingTimes, seats: dict[str, SigningKey]
) -> Network:
    founder = SigningKey.generate()
    ports = [(name, ROLES[name]) for name in ("terminal", "customs", "regulator")]
    founding = Founding(
        nonce="0x" + secrets.token_hex(32),
        founder="0x" + founder.address.hex(),
        seats=tuple(Seat(member, "0x" + key.address.hex()) for member, key in seats.items()),
        threshold=2,
        rulebook="0x" + rulebook_hash(default_rulebook()).hex(),
        waiting=waiting,
        admissions=tuple(_admission(new) for new in members.values()),
        assignments=tuple(
            Assignment(DISCHARGE, role, members[name].hex_id)
            for name, role in ports
            if name in members
        ),
        engine=ENGINE,
    )
    permit(url, founding)
    ledger = Rpc(url)
    try:
        network = found(ledger, founding, founder, seats, int(time.time()) + 3600)
        retire(url, founding)
        return network
    finally:
        ledger.close()


def _admission(new: NewMember) -> Admission:
    keys = tuple(("0x" + key.hex(), int(purpose)) for key, purpose in new.keys)
    return Admission(new.hex_id, int(new.roles), "0x" + new.profile.hash.hex(), keys)
