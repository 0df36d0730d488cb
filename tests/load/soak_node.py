"""Whether a member's node needs more memory at the end of a long run than at its start.

    make soak-node MINUTES=20

Two members on the embedded ledger. The carrier's node runs with each part in a process of its own,
on PostgreSQL or SQLite; that is the node that is measured, signer included. It is kept busy at a
steady pace: it issues bills whose documents go to the shipper's node, which accepts them; it
registers devices, alone and by the bulk door; it answers reads; two subscribers follow its stream
and one webhook is told of everything; a file goes to the shipper every few seconds.

The start is the median of resident memory in minutes 3 and 4, when caches and pools are filled, the
end is the median of the last minute (of a run under eight minutes: of the second quarter, and of
the last eighth). The growth is that of all the node's processes together; each is told beside it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from line import Bar, print_line
from soak_work import Load, Shipper, Site
from support.members import ENVIRONMENT, RunningMember, running_members, wait_for
from support.servers import PostgreSQL
from support.webhook_receivers import Message, receiving

from node.member import grant_tokens, write_json

BAR_GROWTH = 1.01
ROOT = Path(__file__).parents[2]
SERVE = (
    "import sys; from pathlib import Path; from node.serve import serve;"
    " from node.settings import Settings; from api.http.app import create_app;"
    " serve(Settings.load(Path(sys.argv[1])), sys.argv[2:], {'api': create_app})"
)
PARTS = ("api", "peers", "follow", "send", "work")
ROLES = ["issuer", "clerk", "finance", "gate", "officer", "admin", "auditor"]
LOOK_SECONDS = 2.0
LONG_MINUTES = 8.0
PERIODS = 10


def main() -> int:
    """Soak, and print one line; 0 when the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=5.0, help="how much of everything a second")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lb-") as folder, ExitStack() as stack:
        members = stack.enter_context(
            running_members(Path(folder), ["carrier", "shipper"], settings=_settings(stack, given))
        )
        carrier, shipper = members["carrier"], members["shipper"]
        token = _token(carrier)
        shipper.start_parts("peers", "follow", "send", "work")
        pids = stack.enter_context(_running(carrier))
        carrier.knows(shipper)
        shipper.knows(carrier)
        site = Site(carrier, shipper, token)
        told, also = soak(site, shipper, pids, given)
    start = sum(one["start_mb"] for one in told.values())
    end = sum(one["end_mb"] for one in told.values())
    bar = Bar("soak.rss_growth", end / start, "end over start", "less", BAR_GROWTH)
    also |= {"minutes": given.minutes, "database": given.database, "processes": told}
    return 0 if print_line("soak-node", [bar], also) else 1


def soak(
    site: Site, shipper: RunningMember, pids: dict[str, int], given: argparse.Namespace
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Keep the node busy; return each process's memory, and what was done."""

    def forget(message: Message) -> None:
        webhook.messages.clear()  # or the receiver would be what grows
        heard.append(len(message.positions))

    heard: list[int] = []
    with receiving(before=forget) as webhook:
        wait_for(lambda: site.answers("/v1/titles"), "the API answers")
        site.write("/v1/webhooks", {"name": "soak", "url": webhook.url})
        load, other = Load(site, given.rate), Shipper(shipper)
        load.start()
        other.start()
        told, together = measure(pids, given.minutes)
        load.stop()
        other.stop()
    return told, {
        "together_mb": together,
        "done": load.done,
        "failed": load.failed,
        "accepted_by_the_other": other.accepted,
        "events_heard": load.heard,
        "events_by_webhook": sum(heard),
        "load_average": round(os.getloadavg()[0], 1),
    }


def measure(
    pids: dict[str, int], minutes: float
) -> tuple[dict[str, dict[str, float]], list[float]]:
    """Look at the processes' memory all the time, in MiB.

    Returns:
        Start and end for each, and how much it was together in each of ten parts of the run.
    """
    begun, seen = time.monotonic(), []
    while (at := (time.monotonic() - begun) / 60) < minutes:
        seen.append((at, {name: rss_mb(pid) for name, pid in pids.items()}))
        time.sleep(LOOK_SECONDS)
    long = minutes >= LONG_MINUTES
    first, last = (2.0, 4.0) if long else (minutes / 4, minutes / 2)
    end = minutes - (1.0 if long else minutes / 8)
    starts = [rss for at, rss in seen if first <= at < last]
    ends = [rss for at, rss in seen if at >= end]
    together = [
        round(statistics.median(sum(rss.values()) for at, rss in seen if _is_in(at, part, minutes)))
        for part in range(PERIODS)
    ]
    return {
        name: {
            "start_mb": round(statistics.median(rss[name] for rss in starts), 2),
            "end_mb": round(statistics.median(rss[name] for rss in ends), 2),
        }
        for name in pids
    }, together


def _is_in(at: float, part: int, minutes: float) -> bool:
    return part <= at / minutes * PERIODS < part + 1


def rss_mb(pid: int) -> float:
    """Return a process's resident memory."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    (line,) = (one for one in text.splitlines() if one.startswith("Rss:"))
    return int(line.split()[1]) / 1024


def _settings(stack: ExitStack, given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what the carrier's settings say besides the usual; its database runs meanwhile."""
    more: dict[str, Any] = {"webhook_targets": "any"}
    if given.database == "postgresql":
        server = PostgreSQL()
        server.start()
        stack.callback(server.remove)
        stack.callback(server.stop)
        more["database"] = server.create()
    return {"carrier": more}


def _token(member: RunningMember) -> str:
    """Give the member one token with every role, and return it."""
    directory = member.new.directory
    token = grant_tokens(directory, ["admin"])["admin"]
    (row,) = json.loads((directory / "tokens.json").read_bytes())
    write_json(directory / "tokens.json", [row | {"roles": ROLES}])
    return token


@contextmanager
def _running(member: RunningMember) -> Iterator[dict[str, int]]:
    """Run each part of the member's node as a process; give their ids, the signer's among them."""
    directory = member.new.directory
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    started = {}
    for part in PARTS:
        with (directory / f"{part}.log").open("wb") as log:
            started[part] = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(directory), part],
                env=os.environ | ENVIRONMENT | {"PYTHONPATH": path}, cwd=ROOT,
                stdout=log, stderr=log,
            )  # fmt: skip
    try:
        yield {"signer": member.signer_pid} | {name: one.pid for name, one in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
