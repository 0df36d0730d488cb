"""How many commands a second one member's node carries from the door to final.

    make bench-node

The node runs as in production: signer, API, and the rest are processes of their own; every commit
is forced to the disk. A command is the registration of a device, which waits for no other member.
The rate is of commands that became final, over the time from the first request until the last one
was final in the tables; how many were accepted a second is told beside it. The engine is a stub
that includes a block every second and executes nothing (``tests/stub_engine.py``); what the
embedded ledger allows is shown apart. CPU is told for each process, the database's and the load
generator's among them, also per command: two cores carry what fits into 2,000 ms of it a second.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from line import Bar, print_line
from sqlmodel import func, select
from stub_engine import CODE
from support.members import DISCHARGE, ENVIRONMENT, RUN, running_members
from support.office_node import found_network
from support.peers import PASSPHRASE, free_port
from support.servers import PostgreSQL
from synthetic_ledger import SyntheticLedger

from identity.acts.words import Role
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from node.chain.network import code_hash, save
from node.member import Addresses, create_member, grant_tokens, write_json
from node.settings import Settings
from node.store.commands import ENDED_STATES, FINAL, Command
from node.store.database import Database
from node.store.projections import Member

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SIGNATURES_PER_SECOND = 10_000
CONNECTIONS, BULK_CONNECTIONS, BULK = 16, 3, 50
START_SECONDS, END_SECONDS = 240.0, 180.0
API = (
    "import sys; from pathlib import Path; from node.serve import serve;"
    " from node.settings import Settings; from api.http.app import create_app;"
    " serve(Settings.load(Path(sys.argv[1])), sys.argv[2:], {'api': create_app})"
)


@dataclass(frozen=True)
class Site:
    """A member whose node runs: its API, a token of the role admin, and the processes' ids.

    The database server's id stands for all of its processes.
    """

    address: str
    token: str
    database_url: str
    pids: dict[str, int]


def main() -> int:
    """Measure and print one line; 0 when the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--only", choices=["sqlite", "postgresql", "embedded"], action="append")
    given = parser.parse_args()
    chosen = given.only or ["sqlite", "postgresql", "embedded"]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="lb-") as folder:
        for name in chosen:
            for at_once in (1, BULK):
                with _site(Path(folder) / f"{name}{at_once}", name) as site:
                    found[_named(name, at_once)] = measure(site, given.seconds, at_once)
    bars = [
        Bar(f"commands.{short}_per_s", found[key]["per_s"], "commands/s", "more", bar)
        for short, key, bar in (
            ("sqlite", "sqlite", 100),
            ("pg", "postgresql", 200),
            ("bulk", "postgresql_bulk", 1000),
        )
        if key in found
    ]
    return 0 if print_line("node", bars, found) else 1


def _named(name: str, at_once: int) -> str:
    return name if at_once == 1 else f"{name}_bulk"


def measure(site: Site, seconds: float, at_once: int) -> dict[str, Any]:
    """Send commands for so many seconds, wait until all have their end, and say what was seen."""
    cpu = _cpu_seconds(site.pids)
    connections = CONNECTIONS if at_once == 1 else BULK_CONNECTIONS
    begun = time.monotonic()
    arguments = [
        site.address,
        site.token,
        str(seconds),
        str(connections),
        str(at_once),
        str(DISCHARGE),
    ]
    load = _run([sys.executable, str(HERE / "command_load.py"), *arguments])
    database = Database(site.database_url)
    try:
        states = _wait_for_ends(database)
    finally:
        database.close()
    elapsed = time.monotonic() - begun
    used = {name: after - cpu[name] for name, after in _cpu_seconds(site.pids).items()}
    used["load"] = load["cpu_seconds"]
    final = states.get(FINAL, 0)
    each = {name: round(1000 * spent / max(1, final), 2) for name, spent in used.items()}
    return {
        "per_s": round(final / elapsed, 1),
        "accepted_per_s": round(load["accepted"] / seconds, 1),
        "final": final,
        "not_final": sum(states.values()) - final + load["other"],
        "answer_p50_ms": load["p50_ms"],
        "answer_p99_ms": load["p99_ms"],
        "cpu_share": {name: round(spent / elapsed, 2) for name, spent in used.items()},
        "cpu_ms_per_command": each | {"together": round(sum(each.values()), 2)},
        "load_average": round(os.getloadavg()[0], 1),
    }


def _wait_for_ends(database: Database) -> dict[str, int]:
    until = time.monotonic() + END_SECONDS
    while True:
        with database.read() as session:
            query = select(Command.state, func.count()).group_by(Command.state)
            states = dict(session.exec(query).all())
        if set(states) <= set(ENDED_STATES) or time.monotonic() > until:
            return states
        time.sleep(0.5)


def _cpu_seconds(pids: dict[str, int]) -> dict[str, float]:
    """Return the CPU that each process, with its children, has taken so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = dict.fromkeys(pids, 0.0)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        for name, pid in pids.items():
            if pid in (int(stat.parent.name), int(fields[1])):
                # Of a child that runs: its own; of one that has ended: what its parent took over.
                own = fields[11:15] if pid == int(stat.parent.name) else fields[11:13]
                found[name] += sum(map(int, own)) / ticks
    return found


@contextmanager
def _site(folder: Path, name: str) -> Iterator[Site]:
    with ExitStack() as stack:
        if name == "embedded":
            folder.mkdir()
            member = stack.enter_context(running_members(folder, ["carrier", "terminal"]))[
                "terminal"
            ]
            directory = member.new.directory
            member.stop_signer()
        else:
            directory = stack.enter_context(_before_a_stub(folder))
        if name == "postgresql":
            server = PostgreSQL()
            server.start()
            stack.callback(server.remove)
            stack.callback(server.stop)
            settings = json.loads((directory / "settings.json").read_text())
            write_json(directory / "settings.json", settings | {"database": server.create()})
            (directory / "postgresql.pid").write_text(str(server.pid))
        yield stack.enter_context(_serving(directory))


@contextmanager
def _before_a_stub(folder: Path) -> Iterator[Path]:
    """Make a member of a network whose ledger is the stub engine, which runs meanwhile."""
    port = free_port()
    addresses = Addresses("127.0.0.1", free_port(), free_port(), f"http://127.0.0.1:{port}")
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    new = create_member(folder, ("Bench", "Bench"), Role.CARRIER, addresses, passphrases)
    # One relay key carries 800 acts a block.
    relay = Keystore.open(folder / "relay.keys.json", PASSPHRASE)
    relay.add("relay two", KeyKind.SECP256K1, "relay")
    genesis = SyntheticLedger().network.genesis
    save(found_network(genesis, code_hash(CODE)), folder / "network.json")
    write_json(folder / "profiles" / f"{new.hex_id}.json", new.profile.to_json())
    arguments = [str(folder / "network.json"), new.hex_id, str(int(new.roles)), str(port)]
    stub = _start([sys.executable, str(HERE / "stub_ledger.py"), *arguments], folder / "stub.log")
    (folder / "stub.pid").write_text(str(stub.pid))
    try:
        yield folder
    finally:
        _end(stub)


@contextmanager
def _serving(directory: Path) -> Iterator[Site]:
    tokens = grant_tokens(directory, ["admin"])
    signer = json.loads((directory / "signer.json").read_text())
    rates = {"rate_per_second": SIGNATURES_PER_SECOND, "burst": SIGNATURES_PER_SECOND}
    write_json(directory / "signer.json", signer | rates)
    settings = Settings.load(directory)
    programs = {
        "signer": ["-m", "identity.signer", "--dir", str(directory)],
        "api": ["-c", API, str(directory), "api"],
        "rest": ["-c", RUN, str(directory), "follow", "send", "work"],
    }
    started = {
        name: _start([sys.executable, *arguments], directory / f"{name}.log")
        for name, arguments in programs.items()
    }
    pids = {name: process.pid for name, process in started.items()}
    for name in ("stub", "postgresql"):
        if (directory / f"{name}.pid").exists():
            pids[name] = int((directory / f"{name}.pid").read_text())
    try:
        address = f"{settings.api_host}:{settings.api_port}"
        _wait_until_admitted(address, settings)
        yield Site(address, tokens["admin"], settings.database_url, pids)
    finally:
        for process in started.values():
            _end(process)


def _wait_until_admitted(address: str, settings: Settings) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            httpx.get(f"http://{address}/v1/health", trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
            continue
        database = Database(settings.database_url)
        with database.read() as session:
            admitted = session.get(Member, settings.member) is not None
        database.close()
        if admitted:
            return
        time.sleep(0.2)
    raise TimeoutError(f"the node does not start; see the logs in {settings.directory}")


def _start(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join([str(ROOT), str(HERE.parent), str(HERE)])
    with log.open("wb") as file:
        return subprocess.Popen(
            command, env=os.environ | ENVIRONMENT | {"PYTHONPATH": path}, cwd=ROOT,
            stdout=file, stderr=file,
        )  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _run(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


if __name__ == "__main__":
    sys.exit(main())
