"""What a long chain costs: joining it at 10,000 blocks, and memory and disk of its validators.

    make bench-long-chain

Without Granite, whose blocks of two seconds would take six hours to be so many; what a newcomer
fetches and keeps is the same. All validators and the load share this machine.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from line import Bar, print_line
from support.avalanche import Network, RunningValidator, running_network

from api.cli.ports import free_ports
from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.profile import profile
from node.chain.relaying import PLAIN_GAS, sign_transaction
from node.chain.rpc import Request, Rpc, data
from node.engine import council
from node.engine.configuration import configure
from node.engine.machine import decide
from node.engine.organisation import make_keys
from node.engine.process import Validator

BLOCKS, TRANSACTIONS = 10_000, 100_000
# About as fast as its blocks come: most transactions have a block of their own.
PACE_SECONDS = 0.05
# Together under the 4,096 that a validator's pool keeps in order: above them it drops some, and
# what follows a dropped one of the same account waits for ever.
SENDERS, OPEN = 16, 200
TOLD_SECONDS = 30.0
LONGEST_SECONDS = 3600.0


class Sender:
    """An account that sends transfers of nothing to itself, one nonce after the other."""

    def __init__(self, ledger: Rpc) -> None:
        self.key = SigningKey.generate()
        self.nonce = 0
        self._ledger = ledger
        self._chain_id = int(ledger.call("eth_chainId"), 16)
        self._fee = profile("avalanche").fee_per_gas_wei

    def send(self, count: int) -> None:
        """Send the next so many, in one request."""
        requests: list[Request] = []
        for nonce in range(self.nonce, self.nonce + count):
            raw, _ = sign_transaction(
                self.key, self._chain_id, nonce, self.key.address, b"", PLAIN_GAS, self._fee
            )
            requests.append(("eth_sendRawTransaction", [data(raw)]))
        refused = [one for one in self._ledger.batch(requests) if isinstance(one, RpcRefused)]
        assert not refused, f"a transaction is refused: {refused[0]}"
        self.nonce += count

    def open(self) -> int:
        """How many that were sent are in no block."""
        mined = self._ledger.call("eth_getTransactionCount", data(self.key.address), "latest")
        return self.nonce - int(mined, 16)


def height(ledger: Rpc) -> int:
    """The last block."""
    return int(ledger.call("eth_blockNumber"), 16)


def grow(ledger: Rpc, sender: Sender, blocks: int) -> None:
    """Send one after the other until the chain has so many blocks."""
    told = _Told()
    while (now := height(ledger)) < blocks:
        told.at(now, "blocks")
        for _ in range(min(50, blocks - now)):
            sender.send(1)
            time.sleep(PACE_SECONDS)
        while sender.open():
            time.sleep(PACE_SECONDS)


def flood(senders: list[Sender], transactions: int) -> float:
    """Send so many as fast as they are taken; return how many a second were mined."""
    begun, sent, told = time.monotonic(), 0, _Told()
    while sent < transactions:
        told.at(sent, "transactions sent")
        for sender in senders:
            room = min(OPEN - sender.open(), transactions - sent)
            sender.send(room)
            sent += room
        time.sleep(PACE_SECONDS)
    while left := sum(sender.open() for sender in senders):
        told.at(sent - left, "transactions mined")
        time.sleep(PACE_SECONDS)
    return transactions / (time.monotonic() - begun)


def tell(line: str) -> None:
    """Say something to whoever waits."""
    print(line, file=sys.stderr, flush=True)


class _Told:
    """Says how far it is, every half minute, and ends what takes an hour."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def at(self, count: int, of_what: str) -> None:
        now = time.monotonic()
        assert now < self._begun + LONGEST_SECONDS, f"it stays at {count} {of_what}"
        if now > self._last + TOLD_SECONDS:
            self._last = now
            tell(f"{round(now - self._begun)} s: {count} {of_what}")


def cost(validators: Sequence[RunningValidator]) -> dict[str, int]:
    """Memory of the greatest validator with its plugin, and disk of the greatest, in MB; of the
    disk, what is written, and what is reserved (each database's log files in advance)."""
    written, reserved = zip(*(_disk_mb(each.directory) for each in validators), strict=True)
    return {
        "rss_mb": max(round(_rss_mb(each.pid)) for each in validators),
        "written_mb": round(max(written)),
        "reserved_mb": round(max(reserved)),
    }


def _rss_mb(group: int) -> float:
    kilobytes = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                status = (process / "status").read_text().splitlines()
                kilobytes += sum(int(x.split()[1]) for x in status if x.startswith("VmRSS:"))
        except OSError:  # it has ended meanwhile
            continue
    return kilobytes / 1024


def _disk_mb(directory: Path) -> tuple[float, float]:
    written = reserved = 0
    for path in directory.rglob("*"):
        try:
            found = path.lstat()
        except FileNotFoundError:  # a database's file that was merged meanwhile
            continue
        written += found.st_size
        reserved += found.st_blocks * 512
    return written / 1e6, reserved / 1e6


def join(network: Network, folder: Path) -> tuple[dict[str, float], RunningValidator]:
    """Let a sixth organisation join; return its validator, and the seconds of the council's
    motions, from the start until it follows, and of the restart that has its databases wait for
    the disk."""
    ports = free_ports(2)
    made = make_keys(
        folder / "late", "late", "127.0.0.1", (ports[0], ports[1]), secrets.token_hex(16)
    )
    bundle = network.bundle
    sixth = RunningValidator(made, bundle.rpc(made.url), bundle, Validator(made))
    begun = time.monotonic()
    configure(made, bundle, len(network.validators), fetching=True)
    sixth.start(wait=False)
    stake = council.stake(made.public, int(time.time()))
    place = council.validator(made.public, bundle.subnet, stake["end"])
    decide(network.machine, bundle.founding, [stake, place])
    decided = time.monotonic()
    sixth.start()
    _wait_for_height(sixth, network)
    joined = time.monotonic()
    configure(made, bundle, len(network.validators) + 1)
    sixth.stop()
    sixth.start()
    took = {
        "council": decided - begun,
        "join": joined - begun,
        "restart": time.monotonic() - joined,
    }
    return took, sixth


def _wait_for_height(newcomer: RunningValidator, network: Network) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    wanted, own = Rpc(network.urls[0]), Rpc(newcomer.url)
    try:
        while height(own) < height(wanted):
            assert time.monotonic() < until, "the newcomer does not arrive"
            time.sleep(PACE_SECONDS)
    finally:
        wanted.close()
        own.close()


def measure(folder: Path, blocks: int, transactions: int) -> tuple[list[Bar], dict[str, Any]]:
    """Return the bar join.s and what was seen beside it."""
    with running_network(folder, 5, granite=False) as network:
        ledger = Rpc(network.urls[0])
        senders = [Sender(ledger) for _ in range(SENDERS)]
        network.allow([sender.key.address for sender in senders])
        costs = {"0": cost(network.validators)}
        begun = time.monotonic()
        grow(ledger, senders[0], blocks)
        grown = time.monotonic() - begun
        sent = senders[0].nonce
        costs[str(sent)] = cost(network.validators)
        took, sixth = join(network, folder)
        tell(f"{took}, {costs}")
        try:
            rate = flood(senders, transactions - sent)
            costs[str(transactions)] = cost(network.validators)
            costs["newcomer"] = cost([sixth])
        finally:
            sixth.kill()
            ledger.close()
    return [Bar("join.s", took["join"], "s", "less", 60)], {
        "blocks": blocks,
        "of_them_council_s": round(took["council"], 1),
        "restart_with_sync_s": round(took["restart"], 1),
        "blocks_per_s": round(blocks / grown, 1),
        "transfers_per_s": round(rate, 1),
        "a_validator_at_transactions": costs,
    }


def main() -> int:
    """Measure and print one line; 0 when the bar holds."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else BLOCKS
    with tempfile.TemporaryDirectory(prefix="lj-") as folder:
        bars, also = measure(Path(folder), blocks, TRANSACTIONS * blocks // BLOCKS)
    return 0 if print_line("long-chain", bars, also) else 1


if __name__ == "__main__":
    sys.exit(main())
