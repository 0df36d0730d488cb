"""What an Avalanche network of five validators carries, by itself and through a member's node.

    make bench-network

All validators, the member's processes and the load share this machine, so the bars are ratios of
rates measured one after the other in the same run; absolutes stand beside them. An act is the
registration of a device. "Raw" sends the same kind of transactions, the acts signed and packed as
the node's sender packs them, by ``eth_sendRawTransaction`` and asks for the receipts, and no more.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

os.environ["LEDGER"] = "avalanche"

from bench_node import API, SIGNATURES_PER_SECOND, _cpu_seconds, _end, _start
from bench_node import _wait_until_admitted as wait_until_admitted
from command_load import BODY, Connection
from line import Bar, print_line
from sqlmodel import col, func, select
from support.avalanche import Network as Engine
from support.avalanche import running_network
from support.members import DISCHARGE, RUN, lay_down
from support.peers import PASSPHRASE

from identity.keys.keystore import Keystore
from identity.keys.secp256k1 import SigningKey
from node.chain.network import Network, load
from node.chain.relaying import first_that_fit, gas_for, sign_transaction, submit_calldata
from node.chain.rpc import Rpc, data, read_call
from node.chain.sender import GAS_CAP_SELECTOR
from node.events.stream import head
from node.member import grant_tokens, write_json
from node.settings import Settings
from node.store.commands import FINAL, SIGNED, Command, RelayTransaction
from node.store.database import Database
from node.store.events import EventRow
from node.store.projections import ChainCursor
from node.store.schema import upgrade

CONNECTIONS, BULK = 3, 50
POLL_SECONDS = 0.05
LEG_SECONDS = 600.0
SENDING = 200


@dataclass
class Desk:
    """A member's node on one validator, its parts started and ended one by one."""

    directory: Path
    engine: Engine
    url: str
    token: str
    address: str

    def __post_init__(self) -> None:
        self.network: Network = load(self.directory / "network.json")
        self.rpc = Rpc(self.url)
        self.settings = Settings.load(self.directory)
        self.database = Database(self.settings.database_url)
        self.running: dict[str, Any] = {}

    def start(self, *parts: str) -> None:
        """Start parts, each a process of its own."""
        for part in parts:
            home = str(self.directory)
            arguments = {
                "signer": ["-m", "identity.signer", "--dir", home],
                "api": ["-c", API, home, "api"],
            }.get(part, ["-c", RUN, home, part])
            log = self.directory / f"{part}.log"
            self.running[part] = _start([sys.executable, *arguments], log)

    def stop(self, *parts: str) -> None:
        """End parts."""
        for part in parts:
            _end(self.running.pop(part))

    def pids(self) -> dict[str, int]:
        """The processes of the node and of the validators."""
        ours = {name: process.pid for name, process in self.running.items()}
        engine = {each.name: each.pid for each in self.engine.validators if each.process.runs}
        return ours | engine

    def count(self, state: str) -> int:
        """How many commands are in a state."""
        with self.database.read() as session:
            return int(session.exec(select(func.count()).where(Command.state == state)).one())

    def wait(self, state: str, count: int) -> float:
        """Wait until so many commands are in a state; return the moment (monotonic)."""
        until = time.monotonic() + LEG_SECONDS
        while self.count(state) < count:
            assert time.monotonic() < until, f"{self.count(state)} of {count} are {state}"
            time.sleep(POLL_SECONDS)
        return time.monotonic()

    def wait_for_none(self, state: str) -> None:
        """Wait until no command is in a state."""
        until = time.monotonic() + LEG_SECONDS
        while self.count(state):
            assert time.monotonic() < until, f"{self.count(state)} stay {state}"
            time.sleep(POLL_SECONDS)

    def backlog(self, acts: int) -> None:
        """Have so many more commands, a multiple of ``BULK``, accepted and signed; none relayed."""
        wanted = self.count(SIGNED) + acts
        taken, guard = [0], threading.Lock()

        def send() -> None:
            connection = Connection(self.address, self.token, BULK)
            while True:
                with guard:
                    if taken[0] >= acts:
                        return
                    taken[0] += BULK
                _, other = connection.send()
                assert not other, "a command was not accepted"

        _together(send, CONNECTIONS)
        self.wait(SIGNED, wanted)

    def signed(self, acts: int) -> list[bytes]:
        """Return the oldest signed acts that nobody has relayed."""
        with self.database.read() as session:
            query = select(Command.wire).where(Command.state == SIGNED)
            rows = session.exec(query.order_by(col(Command.number)).limit(acts)).all()
        assert len(rows) == acts, f"only {len(rows)} acts are signed"
        return [bytes.fromhex(wire) for wire in rows if wire is not None]

    def relay_key(self) -> SigningKey:
        """The member's relay key."""
        store = Keystore.open(self.directory / "relay.keys.json", PASSPHRASE)
        return store.signing_key(next(e.name for e in store.entries() if e.purpose == "relay"))

    def follow(self) -> None:
        """Have the node read what the ledger has; what others relayed is final then."""
        self.start("follow")
        until = time.monotonic() + LEG_SECONDS
        while self._followed() < int(self.rpc.call("eth_blockNumber"), 16):
            assert time.monotonic() < until, "the follower does not arrive"
            time.sleep(POLL_SECONDS)

    def _followed(self) -> int:
        with self.database.read() as session:
            cursor = session.get(ChainCursor, 1)
            return 0 if cursor is None else cursor.block


def raw(desk: Desk, wires: Sequence[bytes], at_most: int) -> float:
    """Send acts without a node, so many a transaction; return acts a second until all are mined."""
    key, cap = desk.relay_key(), _gas_cap(desk)
    nonce = int(desk.rpc.call("eth_getTransactionCount", data(key.address), "pending"), 16)
    membership, left, sent = desk.network.address("Devices"), list(wires), []
    while left:
        count = min(at_most, first_that_fit(left, cap))
        part, left = left[:count], left[count:]
        sent.append(
            sign_transaction(
                key, desk.network.chain_id, nonce + len(sent), membership,
                submit_calldata(part), gas_for(part, cap), desk.network.profile.fee_per_gas_wei,
            )
        )  # fmt: skip
    begun = time.monotonic()
    under_way: list[str] = []
    for raw_bytes, transaction in sent:
        while len(under_way) >= SENDING:  # the pool holds so many of one account
            under_way = [t for t in under_way if not _mined(desk, t)]
        desk.rpc.call("eth_sendRawTransaction", data(raw_bytes))
        under_way.append(transaction)
    while under_way := [t for t in under_way if not _mined(desk, t)]:
        assert time.monotonic() - begun < LEG_SECONDS, "the transactions are not mined"
        time.sleep(POLL_SECONDS)
    return len(wires) / (time.monotonic() - begun)


def relayed(desk: Desk, acts: int) -> float:
    """Let the node's sender and follower carry what is signed; return acts a second."""
    wanted = desk.count(FINAL) + acts
    with desk.database.read() as session:
        before = int(session.exec(select(func.count(col(RelayTransaction.number)))).one())
    desk.start("send")
    while True:
        with desk.database.read() as session:
            now = int(session.exec(select(func.count(col(RelayTransaction.number)))).one())
        if now > before:
            break
        time.sleep(POLL_SECONDS / 5)
    begun = time.monotonic()
    ended = desk.wait(FINAL, wanted)
    desk.stop("send")
    return acts / (ended - begun)


def latencies(desk: Desk, a_second: float, seconds: float) -> list[float]:
    """Send commands at a steady pace; return each one's seconds from its sending to final."""
    begun: dict[str, float] = {}
    guard, stop = threading.Lock(), time.monotonic() + seconds
    places = iter(range(10**9))

    def send() -> None:
        connection = Connection(desk.address, desk.token, 1)
        while True:
            with guard:
                due = stop - seconds + next(places) / a_second
            if due >= stop:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            at = time.monotonic()
            answer = connection.ask_one()
            with guard:
                begun[answer] = at

    ends: dict[str, float] = {}
    with desk.database.read() as session:
        seen = head(session)
    watching = threading.Thread(target=_watch, args=(desk, begun, ends, stop, seen))
    watching.start()
    _together(send, CONNECTIONS * 3)
    watching.join()
    assert len(ends) == len(begun), f"{len(begun) - len(ends)} commands are not final"
    return sorted(ends[one] - at for one, at in begun.items())


def _watch(
    desk: Desk, begun: dict[str, float], ends: dict[str, float], stop: float, seen: int
) -> None:
    # Others' commands may become final meanwhile: each of these is waited for, not their number.
    while (now := time.monotonic()) < stop or (begun.keys() - ends.keys() and now < stop + 120):
        with desk.database.read() as session:
            query = select(EventRow.position, EventRow.command).where(
                EventRow.position > seen, EventRow.kind == "command", EventRow.state == FINAL
            )
            rows = session.exec(query).all()
        now = time.monotonic()
        for position, command in rows:
            seen = max(seen, position)
            if command is not None:
                ends.setdefault(command, now)
        time.sleep(POLL_SECONDS)


def _together(work: Callable[[], None], times: int) -> None:
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below, by the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _mined(desk: Desk, transaction: str) -> bool:
    return desk.rpc.call("eth_getTransactionReceipt", transaction) is not None


def _gas_cap(desk: Desk) -> int:
    return int.from_bytes(
        read_call(desk.rpc, desk.network.address("Devices"), GAS_CAP_SELECTOR), "big"
    )


@contextmanager
def desk_on(folder: Path, validators: int, granite: bool = True) -> Iterator[Desk]:
    """Found a network of so many validators and a member on it; its API, signer and jobs run."""
    with running_network(folder / "n", validators, granite=granite) as engine:
        made = lay_down(folder / "m", ["carrier", "terminal"], engine.urls[0])
        directory = made["terminal"].directory
        token = grant_tokens(directory, ["admin"])["admin"]
        signer = json.loads((directory / "signer.json").read_text())
        rates = {"rate_per_second": SIGNATURES_PER_SECOND, "burst": SIGNATURES_PER_SECOND}
        write_json(directory / "signer.json", signer | rates)
        settings = Settings.load(directory)
        address = f"{settings.api_host}:{settings.api_port}"
        desk = Desk(directory, engine, engine.urls[0], token, address)
        upgrade(desk.database)
        try:
            desk.start("signer", "api", "work")
            desk.follow()
            wait_until_admitted(address, settings)
            desk.stop("follow")
            yield desk
        finally:
            desk.stop(*tuple(desk.running))
            desk.rpc.close()
            desk.database.close()


def compared(desk: Desk, acts: int, rounds: int) -> dict[str, Any]:
    """Measure raw and through the node in turn; both rates, and that of acts sent one by one."""
    rates: dict[str, list[float]] = {"raw": [], "node": []}
    for _ in range(rounds):
        desk.backlog(acts)
        rates["raw"].append(raw(desk, desk.signed(acts), BULK))
        desk.follow()
        desk.wait_for_none(SIGNED)
        desk.backlog(acts)
        rates["node"].append(relayed(desk, acts))
        desk.stop("follow")
    return {name: round(mean(each), 1) for name, each in rates.items()} | {
        "rounds": {name: [round(one, 1) for one in each] for name, each in rates.items()}
    }


def whole_path(desk: Desk, seconds: float) -> dict[str, Any]:
    """Measure commands from the API to final, with every part running and each process's CPU."""
    desk.start("follow", "send")
    cpu, begun, before = _cpu_seconds(desk.pids()), time.monotonic(), desk.count(FINAL)
    stop, taken, guard = begun + seconds, [0], threading.Lock()

    def send() -> None:
        connection = Connection(desk.address, desk.token, BULK)
        while time.monotonic() < stop:
            accepted, _ = connection.send()
            with guard:
                taken[0] += accepted

    _together(send, CONNECTIONS)
    elapsed = desk.wait(FINAL, before + taken[0]) - begun
    used = {name: after - cpu[name] for name, after in _cpu_seconds(desk.pids()).items()}
    return {
        "per_s": round(taken[0] / elapsed, 1),
        "cpu_share": {name: round(spent / elapsed, 2) for name, spent in used.items()},
    }


def block_seconds(desk: Desk, blocks: int) -> float:
    """Return the usual time between the last blocks; without transactions there are none."""
    last = int(desk.rpc.call("eth_blockNumber"), 16)
    heights = range(max(1, last - blocks), last + 1)
    found = [desk.rpc.call("eth_getBlockByNumber", hex(height), False) for height in heights]
    times = [int(block["timestampMilliseconds"], 16) / 1000 for block in found]
    return median(later - sooner for sooner, later in pairwise(times))


def spread(took: list[float]) -> dict[str, float]:
    """Mean and 99th percentile, in seconds."""
    return {"mean_s": round(mean(took), 2), "p99_s": round(_late(took), 2)}


def in_periods(took: list[float], period: float) -> dict[str, float]:
    """Mean and 99th percentile, in seconds and in block periods."""
    return spread(took) | {
        "mean_periods": round(mean(took) / period, 3),
        "p99_periods": round(_late(took) / period, 3),
    }


def _late(took: list[float]) -> float:
    return took[int(len(took) * 0.99)]


def main() -> int:
    """Measure and print one line; 0 when the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=5_000, help="of a leg")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0, help="of a latency's measuring")
    given = parser.parse_args()
    BODY["port"] = DISCHARGE
    with tempfile.TemporaryDirectory(prefix="ln-") as folder:
        with desk_on(Path(folder) / "five", 5) as desk:
            five = of_five(desk, given.acts, given.rounds, given.seconds)
        with desk_on(Path(folder) / "seven", 7) as desk:
            seven = compared(desk, given.acts, given.rounds)
            seven["found_s"] = round(desk.engine.found_seconds, 1)
        with desk_on(Path(folder) / "off", 5, granite=False) as desk:
            off = compared(desk, given.acts, 1)
            desk.start("follow", "send")
            took = latencies(desk, five["half"]["a_second"], given.seconds)
            off |= {"half": spread(took)}
    bars = [
        Bar("throughput.ratio", five["node"] / five["raw"], "of raw", "more", 0.9),
        Bar("batch.gain", five["raw"] / five["one_by_one"], "times", "more", 3),
        Bar("final.mean_periods", five["half"]["mean_periods"], "block periods", "less", 1.5),
        Bar("final.p99_periods", five["half"]["p99_periods"], "block periods", "less", 3),
        Bar("one_down.ratio", five["one_down"]["raw"] / five["raw"], "of all up", "more", 0.6),
        Bar("seven.loss", 1 - seven["raw"] / five["raw"], "of five's", "less", 0.25),
        Bar("found.s", five["found_s"], "s", "less", 60),
    ]
    about = "five validators, all nodes and the load on two cores"
    also = {"on": about, **five, "seven": seven, "granite_off": off}
    return 0 if print_line("network", bars, also) else 1


def of_five(desk: Desk, acts: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Everything that is measured on one network of five."""
    told: dict[str, Any] = {"found_s": round(desk.engine.found_seconds, 1)}
    told |= compared(desk, acts, rounds)
    desk.backlog(acts // 10)
    told["one_by_one"] = round(raw(desk, desk.signed(acts // 10), 1), 1)
    desk.follow()  # or the node's sender finds them signed, and carries them again
    desk.wait_for_none(SIGNED)
    desk.stop("follow")
    told["whole_path"] = whole_path(desk, seconds / 3)
    period = block_seconds(desk, 20)
    told["block_s"] = round(period, 2)
    pace = told["whole_path"]["per_s"] / 2
    told["half"] = {"a_second": pace} | in_periods(latencies(desk, pace, seconds), period)
    desk.engine.validators[-1].kill()
    down = in_periods(latencies(desk, pace, seconds), period)
    desk.stop("follow", "send")
    desk.backlog(acts)
    told["one_down"] = {"raw": round(raw(desk, desk.signed(acts), BULK), 1), "half": down}
    desk.engine.validators[-1].start()
    return told


if __name__ == "__main__":
    sys.exit(main())
