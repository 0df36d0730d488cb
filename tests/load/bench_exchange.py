"""How much more memory than idle four nodes need to bring a 100 MB file to three members.

    make bench-exchange

Four members' nodes run as `lading serve` runs them (parts api, peers, work), on loopback with real
keys, TLS and fsync; only the ledger is missing, because no part of this asks it. The file goes in
over HTTP in pieces, is sent to three members at once, and is fetched from each and compared. The
extra memory of a process is its highest resident size from then on, less its resident size before.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from line import Bar, print_line
from support.peer_messages import owe
from support.peer_processes import PeerProcess, make_members, start, wait_for
from support.peers import bill_number, issue, make_bill

from identity.acts.words import Role

BAR_MEGABYTES = 100
MEGABYTE = 1_000_000
PIECE_BYTES = 64 * 1024
RECEIVERS = ("shipper", "bank", "consignee")
ROLES = {
    "carrier": Role.CARRIER,
    "shipper": Role.SHIPPER,
    "bank": Role.BANK,
    "consignee": Role.CONSIGNEE,
}


class Memory:
    """How much a process needs beyond what it needed when this was made; from /proc, in bytes."""

    def __init__(self, process: int) -> None:
        self._folder = Path(f"/proc/{process}")
        self.idle_bytes = self._status("VmRSS")
        (self._folder / "clear_refs").write_text("5")  # forget the highest so far

    @property
    def extra_megabytes(self) -> float:
        """The highest resident size since, over the idle one."""
        return max(0, self._status("VmHWM") - self.idle_bytes) / MEGABYTE

    def _status(self, name: str) -> int:
        lines = (self._folder / "status").read_text().splitlines()
        (kilobytes,) = (line.split()[1] for line in lines if line.startswith(name))
        return int(kilobytes) * 1024


def pieces(size: int) -> Iterator[bytes]:
    """Yield the file: bytes that no two pieces share and that cost nothing to make."""
    for number in range(0, size, PIECE_BYTES):
        seed = hashlib.sha256(number.to_bytes(8, "big")).digest()
        yield (seed * (PIECE_BYTES // len(seed)))[: min(PIECE_BYTES, size - number)]


def holds(running: PeerProcess, root: str) -> bool:
    return running.http.get(f"/v1/documents/{root}").status_code == 200


def upload(carrier: PeerProcess, root: str, size: int) -> dict[str, str]:
    """Hand the file in; return what the node says of it."""
    answer = carrier.http.post(
        f"/v1/documents/{root}/attachments",
        params={"name": "survey.bin"},
        content=pieces(size),
        headers={"Idempotency-Key": os.urandom(16).hex(), "Content-Length": str(size)},
    )
    answer.raise_for_status()
    kept: dict[str, str] = answer.json()
    return kept


def send(carrier: PeerProcess, file: dict[str, str], receivers: list[PeerProcess]) -> None:
    """Send the file to all at once; return when each has signed for it."""
    path = f"/v1/documents/{file['root']}/attachments/{file['id']}/deliveries"

    def state(to: PeerProcess) -> str:
        answer = carrier.http.post(path, json={"to": to.peer.id})
        return str(answer.raise_for_status().json()["state"])

    wait_for(lambda: {state(to) for to in receivers} == {"acknowledged"}, seconds=600)


def fetched_hash(running: PeerProcess, file: dict[str, str]) -> str:
    digest = hashlib.sha256()
    path = f"/v1/documents/{file['root']}/attachments/{file['id']}"
    with running.http.stream("GET", path) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes(PIECE_BYTES):
            digest.update(chunk)
    return "0x" + digest.hexdigest()


def measure(members: dict[str, PeerProcess], root: str, size: int) -> dict[str, float]:
    """Bring the file to all; return the seconds that each step took."""
    carrier, receivers = members["carrier"], [members[name] for name in RECEIVERS]
    began = time.perf_counter()
    file = upload(carrier, root, size)
    uploaded = time.perf_counter()
    send(carrier, file, receivers)
    sent = time.perf_counter()
    assert all(fetched_hash(member, file) == file["sha256"] for member in receivers)
    fetched = time.perf_counter()
    return {
        "upload_seconds": round(uploaded - began, 2),
        "send_to_three_seconds": round(sent - uploaded, 2),
        "fetch_from_three_seconds": round(fetched - sent, 2),
    }


def main() -> int:
    """Measure and print one line; 0 when the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    size = parser.parse_args().megabytes * MEGABYTE
    with tempfile.TemporaryDirectory() as directory:
        peers = make_members(Path(directory), ROLES)
        root = issue(peers["carrier"], make_bill(bill_number()))[1]
        for name in RECEIVERS:
            owe(peers["carrier"], root, peers[name])
        with ExitStack() as started:
            members = {name: start(peer, started) for name, peer in peers.items()}
            for name in RECEIVERS:
                wait_for(lambda member=members[name]: holds(member, root))
            memory = {name: Memory(member.process.pid) for name, member in members.items()}
            seconds = measure(members, root, size)
            extra = {name: round(used.extra_megabytes, 1) for name, used in memory.items()}
            idle = {name: round(used.idle_bytes / MEGABYTE, 1) for name, used in memory.items()}
    bar = Bar("exchange.rss_mb", sum(extra.values()), "MB", "less", BAR_MEGABYTES)
    also = {"megabytes": size / MEGABYTE, "extra_mb": extra, "idle_mb": idle, **seconds}
    return 0 if print_line("exchange", [bar], also) else 1


if __name__ == "__main__":
    sys.exit(main())
