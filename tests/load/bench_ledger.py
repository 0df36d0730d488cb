"""The embedded ledger against py-evm itself; prints one JSON line. Run it with `make bench-ledger`.

Acts through the RPC are compared with the same signed transactions applied by py-evm's own
``mine_all`` in blocks of a second's work, on SQLite with the same settings, in the same run.
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from direct_chain import DirectChain
from ledger_process import kill_ledger, rpc, start_ledger, stop_ledger, wait_for_receipt
from ledger_workloads import Workload, title_acts
from line import Bar, print_line

WORKERS = 4
IN_FLIGHT = 80
POLL_SECONDS = 0.25
IDLE_ROUNDS = 20
IDLE_WORKER = 4
READS = 300


@dataclass(frozen=True)
class Rate:
    """What a sustained run came to; ``cpu_seconds`` of the process that executed blocks."""

    transactions: int
    seconds: float
    gas: int
    acts_a_transaction: int
    cpu_seconds: float

    @property
    def acts_a_second(self) -> float:
        """Acts in committed blocks, a second."""
        return self.transactions * self.acts_a_transaction / self.seconds

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(
            self.transactions + other.transactions,
            self.seconds + other.seconds,
            self.gas + other.gas,
            self.acts_a_transaction,
            self.cpu_seconds + other.cpu_seconds,
        )

    def report(self) -> dict[str, float]:
        """Absolute figures for the line's ``also``."""
        return {
            "acts_a_second": round(self.acts_a_second, 1),
            "gas_a_second": round(self.gas / self.seconds),
            "transactions": self.transactions,
            "seconds": round(self.seconds, 1),
            "cpu_ms_a_transaction": round(self.cpu_seconds / self.transactions * 1e3, 2),
        }


class Client:
    """One keep-alive connection to the ledger."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call; fail on an error."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


@dataclass
class Sender:
    """Sends one worker's transactions, never more than ``in_flight`` ahead of the blocks."""

    client: Client
    address: str
    in_flight: int
    signed: list[str]
    sent: int = 0
    latencies: list[float] = field(default_factory=list)

    def run(self, deadline: float) -> None:
        """Send until ``deadline`` (monotonic seconds) or the end, then wait for the last block."""
        while self.sent < len(self.signed) and time.monotonic() < deadline:
            for raw in self.signed[self.sent : self._mined() + self.in_flight]:
                started = time.perf_counter()
                self.client.call("eth_sendRawTransaction", raw)
                self.latencies.append(time.perf_counter() - started)
                self.sent += 1
            time.sleep(POLL_SECONDS)
        while self._mined() < self.sent:
            time.sleep(POLL_SECONDS)

    def _mined(self) -> int:
        return int(self.client.call("eth_getTransactionCount", self.address, "latest"), 16)


def send_all(senders: list[Sender], seconds: float) -> None:
    """Run the senders side by side until each has its last transaction in a block."""
    deadline = time.monotonic() + seconds
    threads = [threading.Thread(target=each.run, args=(deadline,)) for each in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sustained(
    url: str, pid: int, workload: Workload, signed: list[list[str]], seconds: float, in_flight: int
) -> tuple[Rate, float]:
    """Send for ``seconds`` with a pool that never runs dry, and count what got into blocks.

    Returns:
        the rate up to the last block, and the median milliseconds to an acknowledgement.
    """
    first_block = int(rpc(url, "eth_blockNumber"), 16) + 1
    senders = [
        Sender(Client(url), workload.sender(w), in_flight, signed[w]) for w in range(WORKERS)
    ]
    _, builder = process_and_builder(pid)
    started, cpu = time.monotonic(), cpu_seconds(builder)
    send_all(senders, seconds)
    took, cpu = time.monotonic() - started, cpu_seconds(builder) - cpu
    gas = 0
    for number in range(first_block, int(rpc(url, "eth_blockNumber"), 16) + 1):
        gas += int(rpc(url, "eth_getBlockByNumber", hex(number), False)["gasUsed"], 16)
    acknowledged = statistics.median(each for s in senders for each in s.latencies) * 1e3
    return Rate(sum(s.sent for s in senders), took, gas, workload.acts, cpu), acknowledged


def direct(workload: Workload, signed: list[list[str]], seconds: float) -> Rate:
    """Apply the same transactions to py-evm in blocks of a second's work for ``seconds``."""
    queue = [raw for group in zip(*signed, strict=True) for raw in group]
    with tempfile.TemporaryDirectory() as directory:
        chain = DirectChain(Path(directory))
        chain.mine(workload.setup)
        done, gas, in_block = 0, 0, max(1, 20 // workload.acts)
        started, cpu = time.monotonic(), time.process_time()
        while time.monotonic() - started < seconds and done + in_block <= len(queue):
            block_started = time.monotonic()
            gas += chain.mine(queue[done : done + in_block])
            done += in_block
            in_block = max(1, round(in_block / (time.monotonic() - block_started)))
        took, cpu = time.monotonic() - started, time.process_time() - cpu
    return Rate(done, took, gas, workload.acts, cpu)


def prepared(workload: Workload, transactions: int) -> list[list[str]]:
    """Sign the workers' transactions before any clock runs."""
    each = transactions // WORKERS
    return [[workload.transaction(w, nonce) for nonce in range(each)] for w in range(WORKERS)]


def set_up(url: str, workload: Workload) -> None:
    """Run the workload's setup and wait until it is in blocks."""
    sent = [rpc(url, "eth_sendRawTransaction", raw) for raw in workload.setup]
    assert all(wait_for_receipt(url, each)["status"] == "0x1" for each in sent)


def idle_milliseconds(url: str, workload: Workload) -> float:
    """Median time from send to receipt on an idle chain; the client asks every 2 ms."""
    client, times = Client(url), []
    for nonce in range(IDLE_ROUNDS):
        raw = workload.transaction(IDLE_WORKER, nonce)
        time.sleep(1.2)
        started = time.perf_counter()
        sent = client.call("eth_sendRawTransaction", raw)
        while client.call("eth_getTransactionReceipt", sent) is None:
            time.sleep(0.002)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def read_milliseconds(url: str, workload: Workload) -> tuple[float, float]:
    """Median of a read call through the RPC and of py-evm's own execution of it."""
    client = Client(url)
    to, data = workload.read
    through_rpc = _median_ms(lambda: client.call("eth_call", {"to": to, "data": data}, "latest"))
    with tempfile.TemporaryDirectory() as directory:
        chain = DirectChain(Path(directory))
        chain.mine(workload.setup)
        assert "0x" + chain.call(to, data).hex() == client.call(
            "eth_call", {"to": to, "data": data}
        )
        alone = _median_ms(lambda: chain.call(to, data))
    return through_rpc, alone


def _median_ms(action: Callable[[], Any]) -> float:
    times = []
    for _ in range(READS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def process_and_builder(pid: int) -> tuple[int, int]:
    """The ledger's process and its block builder's."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return pid, int(children[0])


def rss_kilobytes(pid: int) -> int:
    """Resident memory of one process."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [each for each in status if each.startswith("VmRSS:")]
    return int(line.split()[1])


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_and_restart(workload: Workload, signed: list[list[str]]) -> tuple[int, int, float]:
    """RSS at a tenth of the transactions and at all of them, then seconds from kill to answer."""
    sizes = []
    with tempfile.TemporaryDirectory() as directory:
        url, process = start_ledger(Path(directory))
        set_up(url, workload)
        senders = [Sender(Client(url), workload.sender(w), IN_FLIGHT, []) for w in range(WORKERS)]
        for share in (len(signed[0]) // 10, len(signed[0])):
            for each, own in zip(senders, signed, strict=True):
                each.signed = own[:share]
            send_all(senders, seconds=3600)
            sizes.append(sum(map(rss_kilobytes, process_and_builder(process.pid))))
        kill_ledger(process)
        started = time.monotonic()
        url, process = start_ledger(Path(directory))
        rpc(url, "eth_blockNumber")
        restart = time.monotonic() - started
        stop_ledger(process)
    return sizes[0], sizes[1], restart


def compare(
    workload: Workload, seconds: float, most_a_second: float, in_flight: int
) -> tuple[Rate, Rate, float]:
    """Run the ledger for ``seconds``, with half of py-evm's own run before and half after."""
    signed = prepared(workload, int(seconds * most_a_second))
    with tempfile.TemporaryDirectory() as directory:
        url, process = start_ledger(Path(directory))
        set_up(url, workload)
        before = direct(workload, signed, seconds / 2)
        rate, acknowledged = sustained(url, process.pid, workload, signed, seconds, in_flight)
        after = direct(workload, signed, seconds / 2)
        stop_ledger(process)
    return rate, before + after, acknowledged


def main() -> int:
    """Run every part and print the line; return 0 when every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each sustained run")
    parser.add_argument("--transactions", type=int, default=10_000, help="of the memory run")
    arguments = parser.parse_args()
    one_act, fifty_acts = title_acts()
    with tempfile.TemporaryDirectory() as directory:
        url, process = start_ledger(Path(directory))
        set_up(url, one_act)
        idle = idle_milliseconds(url, one_act)
        through_rpc, alone = read_milliseconds(url, one_act)
        stop_ledger(process)
    single = compare(one_act, arguments.seconds, most_a_second=150, in_flight=IN_FLIGHT)
    fifty = compare(fifty_acts, arguments.seconds, most_a_second=12, in_flight=4)
    small, large, restart = memory_and_restart(one_act, prepared(one_act, arguments.transactions))
    rates = {"single": single, "batch50": fifty}
    bars = [
        Bar(f"ledger.{name}_ratio", mine.acts_a_second / bare.acts_a_second, "1", "more", 0.9)
        for name, (mine, bare, _) in rates.items()
    ]
    bars += [
        Bar("ledger.idle_ms", idle, "ms", "less", 80),
        Bar("ledger.read_excess_ms", through_rpc - 1.3 * alone, "ms", "less", 2),
        Bar("ledger.rss_growth", large / small, "1", "less", 1.1),
        Bar("ledger.restart_s", restart, "s", "less", 5),
    ]
    also: dict[str, Any] = {
        "acts": "issues with their first offer and acceptances, half and half",
        "read_ms": {"rpc": round(through_rpc, 2), "direct": round(alone, 2)},
        "rss_kilobytes": [small, large],
    }
    for name, (mine, bare, acknowledged) in rates.items():
        also[name] = {"rpc": mine.report(), "direct": bare.report()}
        also[name]["acknowledged_ms_p50"] = round(acknowledged, 1)
    return 0 if print_line("ledger", bars, also) else 1


if __name__ == "__main__":
    sys.exit(main())
