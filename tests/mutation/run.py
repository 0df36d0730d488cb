"""Mutation testing of the contracts: do forge's tests notice a fault? Run it with `make mutants`.

A sample of ``mutations.py`` is drawn by a seed over all of contracts/src and tried one by one in
two copies of contracts/. Prints each survivor, then one JSON line. A mutation that solc refuses or
that leaves the bytecode as it was is not counted, and another is drawn for it. Survivors that are
explained stand in ``survivors.json``.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

from line import Bar, print_line
from mutations import Mutation, all_mutations
from support.forge import ROOT
from workshop import Fate, Workshop

COPIES = 2
SECONDS = 40 * 60
SURVIVORS = Path(__file__).with_name("survivors.json")


@dataclass(frozen=True)
class Survivor:
    """A mutation that no test noticed."""

    file: str
    line: int
    function: str
    change: str
    why: str


class Campaign:
    """Tries mutations in order, as many at a time as there are copies."""

    def __init__(self, copies: int) -> None:
        folder = ROOT / ".cache" / "mutation"
        self._free: SimpleQueue[Workshop] = SimpleQueue()
        workshops = [Workshop(folder / str(number)) for number in range(copies)]
        if not workshops[0].passes_without():
            raise RuntimeError("the tests do not pass without a mutation")
        for workshop in workshops:
            self._free.put(workshop)
        self._pool = ThreadPoolExecutor(copies)
        self._copies = copies

    def run(self, drawn: list[Mutation], sample: int) -> list[tuple[Mutation, Fate]]:
        """Try until ``sample`` of them count; return all that were tried, in order."""
        tried: list[tuple[Mutation, Fate]] = []
        pending: list[tuple[Mutation, Future[Fate]]] = []
        queue = iter(drawn)
        counted = 0
        while counted < sample:
            for mutation in queue:
                pending.append((mutation, self._pool.submit(self._try, mutation)))
                if len(pending) == 4 * self._copies:
                    break
            if not pending:
                break
            mutation, answer = pending.pop(0)
            tried.append((mutation, answer.result()))
            counted += _counts(tried[-1][1])
            show(*tried[-1])
        self._pool.shutdown(cancel_futures=True)
        return tried

    def _try(self, mutation: Mutation) -> Fate:
        workshop = self._free.get()
        try:
            return workshop.fate(mutation)
        finally:
            self._free.put(workshop)


def main() -> int:
    """Run, print the survivors and the line; return 0 when every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--file", default="", help="only files whose path this expression finds")
    parser.add_argument("--copies", type=int, default=COPIES, help="tried at the same time")
    arguments = parser.parse_args()
    started = time.monotonic()
    subprocess.run([str(ROOT / "tools" / "forge"), "build"], check=True, capture_output=True)
    mutations = [each for each in all_mutations() if re.search(arguments.file, each.file)]
    drawn = random.Random(arguments.seed).sample(mutations, len(mutations))
    tried = Campaign(arguments.copies).run(drawn, arguments.sample)
    seconds = time.monotonic() - started

    fates = Counter(fate for _, fate in tried)
    sampled = fates[Fate.KILLED] + fates[Fate.SURVIVED]
    survivors = [explained(mutation) for mutation, fate in tried if fate is Fate.SURVIVED]
    for each in survivors:
        print(f"{each.file}:{each.line} {each.function}: {each.change}\n    {each.why or '?'}")
    bars = [
        Bar("mutation.sampled", sampled, "mutants", "more", 150),
        Bar("mutation.killed", fates[Fate.KILLED] / sampled if sampled else 0, "1", "more", 0.9),
        Bar("mutation.seconds", seconds, "s", "less", SECONDS),
    ]
    also = {
        "seed": arguments.seed,
        "seconds": round(seconds),
        "possible": len(mutations),
        "not_counted": {"refused_by_solc": fates[Fate.REFUSED], "same_bytecode": fates[Fate.SAME]},
        "survivors": [asdict(each) for each in survivors],
    }
    return 0 if print_line("mutants", bars, also) else 1


def show(mutation: Mutation, fate: Fate) -> None:
    """Tell on stderr what became of one mutation."""
    place = f"{mutation.file}:{mutation.line} {mutation.function}"
    print(f"{fate.value:8} {place}: {mutation.change}", file=sys.stderr, flush=True)


def explained(mutation: Mutation) -> Survivor:
    """Return a survivor with its reason from ``survivors.json``, if it has one there."""
    place = {"file": mutation.file, "function": mutation.function, "change": mutation.change}
    known = json.loads(SURVIVORS.read_bytes())
    why = next((each["why"] for each in known if place.items() <= each.items()), "")
    return Survivor(mutation.file, mutation.line, mutation.function, mutation.change, why)


def _counts(fate: Fate) -> bool:
    return fate in (Fate.KILLED, Fate.SURVIVED)


if __name__ == "__main__":
    sys.exit(main())
