"""``make demo``: start a consortium, tell the story of one bill of lading, keep running.

Exit code 0 only if every step held. It starts ``lading up`` as anybody would and speaks to the
members over HTTP; it imports none of the project's packages.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from story import proof, release, telling, titles  # noqa: E402 (the path comes first)
from story.consortium import Consortium, StoryBroken  # noqa: E402

BILL = HERE.parent / "data" / "bill" / "transport-document.json"
START_SECONDS = 600
STEPS = (
    (
        "The network is founded",
        titles.found,
        "anyone: network.json carries the signatures of two council seats",
    ),
    (
        "The bill is issued, once",
        titles.issue,
        "every member, from the carrier's signed act; who holds the document, from the"
        " carrier's numbering signature",
    ),
    (
        "Offered, withdrawn, pledged, released, handed over",
        titles.finance,
        "every member: each act carries its party's signature, each refusal stands on the ledger",
    ),
    (
        "Documents travel between two members alone",
        titles.strangers,
        "sender and receiver: the message and its receipt are signed",
    ),
    (
        "Surrendered; the delivery order and its conditions",
        release.surrender,
        "every member: each condition is signed by the one member named for it",
    ),
    (
        "Out at the gate, once; the empty comes back",
        release.gate_out,
        "every member, from the lane's signed acts; the terminal, what its camera signed",
    ),
    (
        "Proved to who was not there",
        proof.prove,
        "anyone with the evidence file and network.json, without a node",
    ),
    (
        "Tables dropped and made anew",
        proof.rebuild,
        "each member for itself, from the ledger",
    ),
)


def main() -> int:
    """Run the demo; return the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end after the story")
    parser.add_argument("--directory", type=Path, help="where the consortium lives and stays")
    parser.add_argument("--ledger", default="embedded", help="embedded or avalanche")
    given = parser.parse_args()
    directory = given.directory or Path(tempfile.mkdtemp(prefix="lading-"))
    started = time.monotonic()
    supervisor = _start(directory, given.ledger)
    try:
        if supervisor is None:
            return 1
        up = time.monotonic()
        held = _tell(Consortium(directory))
        now = time.monotonic()
        print(f"\nConsortium up in {up - started:.1f} s, the story told in {now - up:.1f} s.")
        if held and not given.exit:
            _stay(Consortium(directory))
        return 0 if held else 1
    finally:
        _stop(supervisor)
        if given.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


def _start(directory: Path, ledger: str) -> subprocess.Popen[bytes] | None:
    print(f"Six companies and a shared ledger ({ledger}), each member in its own directory.")
    lading = Path(sys.executable).with_name("lading")
    supervisor = subprocess.Popen(
        [str(lading), "up", str(directory), "--rogues", "--ledger", ledger]
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and supervisor.poll() is None:
        if (directory / "pids.json").exists():
            return supervisor
        time.sleep(0.1)
    _stop(supervisor)
    print("The consortium did not come up.", file=sys.stderr)
    return None


def _tell(consortium: Consortium) -> bool:
    bill = telling.load_bill(BILL)
    story = telling.Story(consortium, bill, lambda sentence: print(f"   {sentence}", flush=True))
    for number, (title, step, who_can_prove_it) in enumerate(STEPS, 1):
        begun = time.monotonic()
        print(f"\n{number}. {title}", flush=True)
        try:
            step(story)
        except StoryBroken as broken:
            print(f"   DID NOT HOLD: {broken}", file=sys.stderr)
            return False
        print(f"   who can prove it: {who_can_prove_it}")
        print(f"   held ({time.monotonic() - begun:.1f} s)", flush=True)
    (consortium.directory / "story.json").write_text(json.dumps({"title": story.title}))
    print(f"\nThe title's page: {consortium['bank'].client.base_url}/titles/{story.title}")
    return True


def _stay(consortium: Consortium) -> None:
    for member in consortium.members.values():
        print(f"{member.name:<10} {member.client.base_url}  clerk: {member.tokens['clerk']}")
    print("Running until Ctrl-C.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def _stop(supervisor: subprocess.Popen[bytes] | None) -> None:
    if supervisor is not None and supervisor.poll() is None:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(30)


if __name__ == "__main__":
    sys.exit(main())
