"""Kill -9 a ledger, sender, follower or API while a write is in flight, again and again.

``make bench-kill`` (50 rounds) prints one JSON line. A round: the carrier's API acknowledges an
issue, the command is read as not yet final, and one process is killed at a random moment; a
request that the kill cuts off is sent again with its idempotency key. The supervisor starts what
died. At the end every acknowledged title must be on the ledger, as another member's node tells
it, by exactly one act, and no act of the carrier may have been relayed into a refusal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from load.line import Bar, print_line  # noqa: E402 (the path comes first)
from story.consortium import Consortium, Json, Member, until  # noqa: E402

BILL = TESTS / "data" / "bill" / "transport-document.json"
VICTIMS = ("ledger", "carrier serve send", "carrier serve follow", "carrier serve api")
LONGEST_DELAY_SECONDS = 0.6
START_SECONDS = 240
RECOVERY_SECONDS = 60


@dataclass
class Tally:
    """What was acknowledged and what was killed."""

    acknowledged: dict[str, str] = field(default_factory=dict)  # idempotency key -> command id
    killed: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    repeated: int = 0
    recovery_seconds: list[float] = field(default_factory=list)


def main() -> int:
    """Run the rounds; exit code 1 if anything was lost or done twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261122)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lading-") as place:
        directory = Path(place) / "c"
        lading = Path(sys.executable).with_name("lading")
        up = subprocess.Popen(
            [str(lading), "up", str(directory), "--apart", "carrier", "--json"],
            stdout=subprocess.DEVNULL,
        )
        try:
            until((directory / "pids.json").exists, "the consortium starts", START_SECONDS)
            return _run(Consortium(directory), given.rounds, random.Random(given.seed))
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(60)


def _run(consortium: Consortium, rounds: int, chance: random.Random) -> int:
    tally = Tally()
    number = 0
    while tally.in_flight < rounds:  # a round whose write was final before the kill does not count
        _round(consortium, number, VICTIMS[number % len(VICTIMS)], chance, tally)
        number += 1
    lost, doubled, refused = _outcome(consortium, tally)
    bars = [
        Bar("kill.rounds", tally.in_flight, "rounds", "more", rounds),
        Bar("kill.lost", lost, "acknowledged items", "less", 0),
        Bar("kill.doubled", doubled, "effects", "less", 0),
    ]
    waits = sorted(tally.recovery_seconds)
    also = {
        "rounds_in_all": number,
        "killed": dict(tally.killed),
        "requests_sent_again": tally.repeated,
        "own_acts_refused": refused,
        "kill_to_all_final_p50_s": round(waits[len(waits) // 2], 2),
        "kill_to_all_final_max_s": round(waits[-1], 2),
    }
    return 0 if print_line("kill", bars, also) and refused == 0 else 1


def _round(
    consortium: Consortium, number: int, victim: str, chance: random.Random, tally: Tally
) -> None:
    carrier = consortium["carrier"]
    key = uuid.uuid4().hex
    bill = json.loads(BILL.read_text())
    bill["transportDocumentReference"] = f"KILL{number:08d}"
    body = {"document": bill, "holder": consortium["shipper"].id}
    command = _post(carrier, body, key)
    tally.acknowledged[key] = command["id"]
    time.sleep(chance.random() * LONGEST_DELAY_SECONDS)
    seen = _state(carrier, command["id"])
    pid = _pid(consortium, victim)
    os.kill(pid, signal.SIGKILL)
    begun = time.monotonic()
    tally.killed[victim] += 1
    tally.in_flight += seen != "final"
    tally.repeated += _repeat(carrier, body, key, command["id"])
    until(lambda: _state(carrier, command["id"]) == "final", "the write ends", RECOVERY_SECONDS)
    until(lambda: _pid(consortium, victim) != pid, f"{victim} is started again", RECOVERY_SECONDS)
    tally.recovery_seconds.append(time.monotonic() - begun)


def _post(carrier: Member, body: Json, key: str) -> Json:
    def sent() -> Json | None:
        try:
            answer = carrier.client.post(
                "/v1/titles",
                json=body,
                headers={
                    "Authorization": f"Bearer {carrier.tokens['issuer']}",
                    "Idempotency-Key": key,
                },
            )
        except httpx.TransportError:
            return None
        return dict(answer.json()) if answer.status_code == 202 else None

    return until(sent, "the carrier's API acknowledges the issue", RECOVERY_SECONDS)


def _repeat(carrier: Member, body: Json, key: str, command: str) -> int:
    """Send the same request with the same key again: the same command must answer."""
    again = _post(carrier, body, key)
    if again["id"] != command:
        raise AssertionError(f"the same key made another command: {again['id']} and {command}")
    return 1


def _state(carrier: Member, command: str) -> str:
    try:
        return str(carrier.get(f"/v1/commands/{command}")["state"])
    except httpx.TransportError:
        return "unknown"


def _pid(consortium: Consortium, name: str) -> int:
    def running() -> int | None:
        try:
            pids: dict[str, int] = json.loads((consortium.directory / "pids.json").read_text())
        except (OSError, ValueError):
            return None
        return pids.get(name)

    return until(running, f"{name} runs", RECOVERY_SECONDS)


def _outcome(consortium: Consortium, tally: Tally) -> tuple[int, int, int]:
    """Return how many items were lost, done twice, and refused, as the bank's node tells."""
    carrier, bank = consortium["carrier"], consortium["bank"]
    titles = [
        carrier.get(f"/v1/commands/{command}")["object"] for command in tally.acknowledged.values()
    ]
    lost = doubled = 0
    for title in titles:
        events = until(
            lambda title=title: bank.get(f"/v1/titles/{title}/events", role="auditor")["events"],  # type: ignore[misc]
            f"the bank's node knows {title}",
        )
        issues = sum(event["verb"] == "Issue" for event in events)
        lost += issues == 0
        doubled += issues > 1
    doubled += len(titles) - len(set(titles))
    refused = bank.get("/v1/refusals", role="auditor")["refusals"]
    return lost, doubled, sum(r["principal"] == carrier.id for r in refused)


if __name__ == "__main__":
    sys.exit(main())
