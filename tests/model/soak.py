"""The state machine for 50,000 acts in two processes; prints one JSON line. Run with `make soak`.

It ends with 1 when model and chain disagree, when there were too few acts, or when a row of the
verb table never let an act take effect.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from load.line import Bar, print_line
from model.ledger import Network
from model.machine import Disagreement
from model.runs import STEPS, run
from model.world import way_of

from identity.acts.verb_table import VERB_ROWS

ACTS = 50_000
PROCESSES = 2
CASES_A_ROUND = 100
SEED = 20_261_122
SECONDS = 2_300  # under 40 minutes: then what is left is given up, and the bar does not hold


def main() -> int:
    """Start the shares, add up what they counted, print the line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments.add_argument("--acts", type=int, default=ACTS)
    arguments.add_argument("--share", type=int, help="run as the process of this number")
    given = arguments.parse_args()
    if given.share is not None:
        return share(given.seed + given.share * 1_000_000, given.acts)
    begun = time.monotonic()
    total = counted(given.seed, -(-given.acts // PROCESSES))
    return report(total, given.seed, given.acts, time.monotonic() - begun)


def counted(seed: int, acts: int) -> Counter[str]:
    """Run the shares side by side and return what they counted together."""
    command = [sys.executable, str(Path(__file__)), "--seed", str(seed), "--acts", str(acts)]
    shares = [
        subprocess.Popen([*command, "--share", str(number)], stdout=subprocess.PIPE)
        for number in range(PROCESSES)
    ]
    total: Counter[str] = Counter()
    for process in shares:
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"A share of the soak ended with {process.returncode}.")
        total.update(json.loads(said))
    return total


def share(seed: int, acts: int) -> int:
    """Run rounds until there are ``acts``; a disagreement is told on stderr and counted once."""
    total: Counter[str] = Counter()
    until = time.monotonic() + SECONDS
    network = Network()
    try:
        while total["acts"] < acts and time.monotonic() < until:
            try:
                total += run(network, CASES_A_ROUND, seed)
            except Disagreement as disagreement:
                print(disagreement, file=sys.stderr)
                total["disagreements"] += 1
                break
            seed += 1
    finally:
        network.close()
    print(json.dumps(total))
    return 0


def report(total: Counter[str], seed: int, acts: int, seconds: float) -> int:
    """Print the line; return the exit code."""
    ways = {way_of(row) for row in VERB_ROWS}
    never = sorted(way for way in ways if not total[f"done: {way}"])
    refusals = {said for said in total if said.startswith("refused: ")}
    bars = [
        Bar("model.acts", total["acts"], "acts", "more", acts),
        Bar("model.disagreements", total["disagreements"], "disagreements", "less", 0),
        Bar("model.rows_never_taken", len(never), "rows", "less", 0),
    ]
    also = {
        "seed": seed,
        "steps_a_case": STEPS,
        "seconds": round(seconds),
        "acts_a_second": round(total["acts"] / seconds, 1),
        "acts_done": sum(n for said, n in total.items() if said.startswith("done: ")),
        "acts_refused": sum(total[said] for said in refusals),
        "kinds_of_refusal": len(refusals),
        "rows_never_taken": never,
    }
    return 0 if print_line("soak", bars, also) else 1


if __name__ == "__main__":
    sys.exit(main())
