"""How soon a subscriber learns of a final block, and how long the main reads take.

    make bench-events

The node runs as in production: the API, and follower with jobs, are processes of their own, and
every commit is forced to the disk. The engine is a stub in this process, so the moment at which a
block becomes final is known; from there to the line of the server-sent event in a client's hands
is what counts, for each event. A webhook's receiver is timed beside it. Then one client reads at
random from a node with 200,000 titles, one request after the other.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from line import Bar, print_line
from rpc_server import RpcServer
from stub_engine import CODE, StubEngine
from support.members import ENVIRONMENT, RUN
from support.office_node import found_network
from support.peers import PASSPHRASE, free_port
from support.servers import PostgreSQL
from support.title_lives import SHIPPER, accept, found, issue
from support.webhook_receivers import receiving
from synthetic_ledger import SyntheticLedger
from title_tables import fill

from identity.acts.words import Role
from node.chain.network import code_hash, parse, save
from node.member import Addresses, create_member, grant_tokens, write_json
from node.store.database import Database
from node.store.schema import upgrade

ROOT = Path(__file__).parents[2]
BAR_EVENTS_MS, BAR_READ_MS = 500, 20
API = (
    "import sys; from pathlib import Path; from node.serve import serve;"
    " from node.settings import Settings; from api.http.app import create_app;"
    " serve(Settings.load(Path(sys.argv[1])), sys.argv[2:], {'api': create_app})"
)
SHORTEST_BLOCK, LONGEST_BLOCK = 0.1, 0.9
MOST_TITLES_A_BLOCK = 25
WARM_UP = 50
MAIN_READS = ("title", "titles", "order")


@dataclass(frozen=True)
class Site:
    """A member's directory and where its API is answered, by whom."""

    directory: Path
    url: str
    token: str
    ledger_port: int
    database_url: str

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)


def main() -> int:
    """Measure and print one line; 0 when the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--titles", type=int, default=200_000)
    parser.add_argument("--reads", type=int, default=2_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"], action="append")
    given = parser.parse_args()
    bars, also = [], {}
    for name in given.only or ["sqlite", "postgresql"]:
        suffix = "" if name == "sqlite" else "_postgresql"
        with tempfile.TemporaryDirectory(prefix="lb-") as folder:
            with site(Path(folder) / "events", name) as node:
                told = measure_events(node, given.seconds)
            with site(Path(folder) / "reads", name) as node:
                read = measure_reads(node, given.titles, given.reads)
        worst = max(read[kind]["p99_ms"] for kind in MAIN_READS)
        bars += [
            Bar(f"events{suffix}.p99_ms", told["sse"]["p99_ms"], "ms", "less", BAR_EVENTS_MS),
            Bar(f"read{suffix}.p99_ms", worst, "ms", "less", BAR_READ_MS),
        ]
        also[name] = {"events": told, "reads": read}
    return 0 if print_line("events", bars, also) else 1


def measure_events(node: Site, seconds: float) -> dict[str, Any]:
    """Make blocks for so many seconds, and time each event on its way."""
    network = parse((node.directory / "network.json").read_bytes())
    engine = StubEngine(network)
    found(engine)
    server = RpcServer(engine, node.ledger_port)
    final_at: dict[int, float] = {}
    with serving(node, "api"), serving(node, "follow", "work"), receiving() as webhook:
        with node.client() as client:
            _wait_for(client, "/v1/titles")
            body = {"name": "bench", "url": webhook.url}
            client.post("/v1/webhooks", json=body).raise_for_status()
        reader = StreamReader(node)
        reader.thread.start()
        cpu, begun = time.process_time(), time.monotonic()
        sent = _blocks(engine, seconds, final_at)
        elapsed = time.monotonic() - begun
        share = (time.process_time() - cpu) / elapsed
        reader.wait_for(sent)
        webhook.wait_for(1)
        until = time.monotonic() + 20
        while len(webhook.positions) < sent and time.monotonic() < until:
            time.sleep(0.2)
    server.close()
    by_webhook = [
        1000 * (message.at - final_at[event["block"]])
        for message in webhook.messages
        for event in json.loads(message.body)["data"]["events"]
        if event["block"] in final_at
    ]
    by_stream = [1000 * (at - final_at[block]) for block, at in reader.seen if block in final_at]
    return {
        "events_per_s": round(sent / elapsed, 1),
        "blocks": len(final_at),
        "sse": _spread(by_stream),
        "webhook": _spread(by_webhook),
        "load_generator_cpu_share": round(share, 3),
        "load_average": os.getloadavg()[0],
    }


def _blocks(engine: StubEngine, seconds: float, final_at: dict[int, float]) -> int:
    """Add blocks of titles that are issued and accepted; return how many events."""
    draw, number, sent = random.Random(1), 0, 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(draw.uniform(SHORTEST_BLOCK, LONGEST_BLOCK))
        logs = []
        for _ in range(draw.randint(1, MOST_TITLES_A_BLOCK)):
            number += 1
            logs += [issue(engine, number), accept(engine, number, 2, SHIPPER)]
        final_at[engine.height + 1] = time.monotonic()
        engine.add_block(logs)
        sent += len(logs)
    return sent


@dataclass
class StreamReader:
    """One subscriber: notes when each event of a block arrived."""

    node: Site
    seen: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.node.client() as client:
            self._after = client.get("/v1/events", params={"limit": 1}).json()["head"]
        self.thread = Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        query = {"after": self._after}
        with (
            self.node.client() as client,
            client.stream("GET", "/v1/events/stream", params=query) as answer,
        ):
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    at = time.monotonic()
                    self.seen.append((json.loads(line[6:])["block"], at))

    def wait_for(self, events: int) -> None:
        until = time.monotonic() + 30
        while len(self.seen) < events:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.seen)} of {events} events came")
            time.sleep(0.05)


def measure_reads(node: Site, titles: int, reads: int) -> dict[str, Any]:
    """Fill the tables and read at random; return a spread for each kind of read."""
    database = Database(node.database_url)
    upgrade(database)
    own = json.loads((node.directory / "settings.json").read_bytes())["member"]
    begun = time.monotonic()
    ids, orders = fill(database, own, titles)
    filled = time.monotonic() - begun
    database.close()
    draw = random.Random(2)
    kinds: dict[str, Any] = {
        "title": lambda: (f"/v1/titles/{draw.choice(ids)}", {}),
        "titles": lambda: ("/v1/titles", {"after": draw.choice(ids), "limit": 50}),
        "order": lambda: (f"/v1/orders/{draw.choice(orders)}", {}),
        "title_events": lambda: (f"/v1/titles/{draw.choice(ids)}/events", {}),
        "stream_page": lambda: ("/v1/events", {"after": draw.randrange(4 * titles), "limit": 100}),
        "stream_of_title": lambda: ("/v1/events", {"title": draw.choice(ids)}),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    with serving(node, "api") as process, node.client() as client:
        _wait_for(client, "/v1/titles")
        cpu, begun = time.process_time(), time.monotonic()
        api_cpu = _cpu_seconds(process.pid)
        for turn in range(reads + WARM_UP):
            for kind, make in kinds.items():
                path, query = make()
                at = time.perf_counter()
                answer = client.get(path, params=query)
                spent = 1000 * (time.perf_counter() - at)
                answer.raise_for_status()
                if turn >= WARM_UP:
                    times[kind].append(spent)
        share = (time.process_time() - cpu) / (time.monotonic() - begun)
        api_cpu = (_cpu_seconds(process.pid) - api_cpu) / ((reads + WARM_UP) * len(kinds))
        peak = _rss_mb(process.pid)
    median = sorted(times["titles"])[reads // 2]
    return {kind: _spread(spent) for kind, spent in times.items()} | {
        "plain_loop": _spread(_plain_loop(median, reads)),
        "among_titles": titles,
        "filled_s": round(filled, 1),
        "api_cpu_ms_per_read": round(1000 * api_cpu, 2),
        "api_rss_mb": peak,
        "load_generator_cpu_share": round(share, 3),
        "load_average": os.getloadavg()[0],
    }


@contextmanager
def site(directory: Path, database: str) -> Iterator[Site]:
    """Make a member whose ledger is a stub's, with a database of this engine."""
    port, api = free_port(), free_port()
    addresses = Addresses("127.0.0.1", api, free_port(), f"http://127.0.0.1:{port}")
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    new = create_member(directory, ("Bench", "Bench"), Role.SHIPPER, addresses, passphrases)
    save(
        found_network(SyntheticLedger().network.genesis, code_hash(CODE)),
        directory / "network.json",
    )
    write_json(directory / "profiles" / f"{new.hex_id}.json", new.profile.to_json())
    settings = json.loads((directory / "settings.json").read_bytes()) | {"webhook_targets": "any"}
    with ExitStack() as stack:
        url = f"sqlite:///{directory / 'node.sqlite'}"
        if database == "postgresql":
            server = PostgreSQL()
            server.start()
            stack.callback(server.remove)
            stack.callback(server.stop)
            url = settings["database"] = server.create()
        write_json(directory / "settings.json", settings)
        token = grant_tokens(directory, ["admin", "auditor"])
        write_json(directory / "tokens.json", _one_person(directory))
        yield Site(directory, f"http://127.0.0.1:{api}", token["admin"], port, url)


def _one_person(directory: Path) -> list[dict[str, Any]]:
    """Return the token list with every role for the admin's token: it reads orders too."""
    rows: list[dict[str, Any]] = json.loads((directory / "tokens.json").read_bytes())
    rows[0]["roles"] = ["admin", "auditor", "clerk"]
    return rows


@contextmanager
def serving(node: Site, *parts: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run parts of the node as a process."""
    program = API if "api" in parts else RUN
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests/load")))
    with (node.directory / f"{parts[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(node.directory), *parts],
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": path}, cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(client: httpx.Client, path: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if client.get(path).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the API does not answer")


def _plain_loop(median: float, times: int) -> list[float]:
    """Return the milliseconds of adding numbers for about ``median`` ms, so many times: what the
    machine alone makes of one and the same work."""
    begun = time.perf_counter()
    sum(range(1_000_000))
    numbers = int(1_000_000 * median / 1000 / (time.perf_counter() - begun))
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        sum(range(numbers))
        spent.append(1000 * (time.perf_counter() - begun))
        time.sleep(0.004)
    return spent


def _spread(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {
        "count": len(ordered), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0),
    }  # fmt: skip


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


if __name__ == "__main__":
    sys.exit(main())
