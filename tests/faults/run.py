"""Does every kind of fault to real processes, and checks after each what must hold.

``make faults N=1`` runs each kind once (about 15 minutes on two cores), ``make faults-rotated``
five of them, which follow from the commit. Each kind prints a line as it ends; at the end stands
one JSON line. Needs root, for small disks and for tracing; everything is started in name spaces of
the run's own, so that nothing is left behind however it ends.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from faults import bit_flips, clocks, databases, deliveries, full_disks, kills, ledgers  # noqa: E402, F401 (they register their kinds)
from faults.checks import Checker  # noqa: E402
from faults.kinds import KINDS, Kind  # noqa: E402
from faults.world import World, new_folder  # noqa: E402
from load.line import Bar, commit, print_line  # noqa: E402
from support.servers import PostgreSQL, Redis  # noqa: E402

INSIDE = "LADING_FAULTS_INSIDE"


@dataclass
class Tally:
    """What came of the kinds so far."""

    tried: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trial:
    """What a run is of.

    Attributes:
        kinds: all there are.
        new_world: makes a world that is not open yet.
        checker: says what must hold in it.
        rotated: how many kinds a rotated run takes.
        wanted: how many kinds there must be at least.
        packages: of Debian, that the faults need.
        spaces: options of unshare(1), besides those that every run has.
        seldom: kinds that no rotated run takes.
    """

    name: str
    kinds: Sequence[Kind[Any]]
    new_world: Callable[[], World]
    checker: type[Checker]
    rotated: int
    wanted: int
    packages: tuple[str, ...]
    spaces: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()


def main(trial: Trial) -> int:
    """Run kinds; 1 if one was not survived."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often each kind")
    parser.add_argument("--rotated", action="store_true", help="some kinds, by the commit")
    parser.add_argument("--only", action="append", default=[], help="kinds with these words")
    parser.add_argument("--list", action="store_true", help="name the kinds and end")
    given = parser.parse_args()
    kinds = chosen(trial, given.only, given.rotated)
    if given.list:
        for each in kinds:
            print(f"{each.name:<34} {each.sentence}")
        return 0
    if INSIDE not in os.environ:
        return _inside(trial)
    _leave_to_an_init()
    tally = Tally()
    began = time.monotonic()
    for _ in range(given.rounds):
        run(trial, kinds, tally)
    whole = not (given.only or given.rotated)
    return _end(trial, kinds, tally, time.monotonic() - began, whole)


def chosen(trial: Trial, only: list[str], rotated: bool) -> list[Kind[Any]]:
    """Return the kinds to run; rotated ones follow from the commit, so that all come round."""
    kinds = [each for each in trial.kinds if not only or any(word in each.name for word in only)]
    if not rotated:
        return kinds
    kinds = [each for each in kinds if each.name not in trial.seldom]
    first = int(commit().rstrip("+"), 16) % len(kinds)
    step = len(kinds) // trial.rotated
    return [kinds[(first + n * step) % len(kinds)] for n in range(trial.rotated)]


def run(trial: Trial, kinds: list[Kind[Any]], tally: Tally) -> None:
    """Do each kind once; a world in which one failed is left for a new one."""
    waiting = list(kinds)
    while waiting:
        began = time.monotonic()
        world = trial.new_world()
        try:
            try:
                world.open()
                checker = trial.checker(world)
                checker.check()
            except Exception:
                print(_last_words(world), flush=True)
                raise
            print(f"  {time.monotonic() - began:.0f} s to start, everything is well", flush=True)
            try:
                while waiting and (
                    _survived(waiting.pop(0), world, checker, tally) or _mended(world, checker)
                ):
                    pass
            finally:
                checker.close()
        finally:
            world.close()
            for folder in (world.folder, world.postgresql.directory, world.redis.directory):
                shutil.rmtree(folder, ignore_errors=True)


def _survived(each: Kind[Any], world: World, checker: Checker, tally: Tally) -> bool:
    began = time.monotonic()
    failure = None
    try:
        each.run(world)
        checker.check()
    except Exception:  # noqa: BLE001 - whatever a fault does, the table says so
        failure = traceback.format_exc()
    seconds = time.monotonic() - began
    tally.tried[each.name] += 1
    tally.survived[each.name] += failure is None
    tally.seconds[each.name] += round(seconds, 1)
    print(_row(each.name, tally), flush=True)
    if failure is not None:
        tally.failures.append(each.name)
        print(f"{failure}\n{_last_words(world)}", flush=True)
    return failure is None


def _mended(world: World, checker: Checker) -> bool:
    """After a fault that was not survived: whether the world is well once all runs again."""
    try:
        world.revive()
        checker.check()
    except Exception:  # noqa: BLE001 - then there is a new world
        return False
    return True


def _row(name: str, tally: Tally) -> str:
    return (
        f"{name:<34} tried {tally.tried[name]}  survived {tally.survived[name]}"
        f"  {tally.seconds[name]:7.1f} s"
    )


def _last_words(world: World) -> str:
    told = []
    for member in world.members.values():
        for program in member.programs.values():
            lines = program.log.read_text(errors="replace").splitlines()[-12:]
            state = "runs" if program.runs else "does not run"
            told += [f"-- {program.name} {state}", *(line[:1500] for line in lines)]
    return "\n".join(told)


def _end(trial: Trial, kinds: list[Kind[Any]], tally: Tally, seconds: float, whole: bool) -> int:
    tried, survived = sum(tally.tried.values()), sum(tally.survived.values())
    bars = [Bar(f"{trial.name}.survived_share", survived / tried, "of tried", "more", 1)]
    if whole:
        bars.insert(0, Bar(f"{trial.name}.kinds", len(tally.tried), "kinds", "more", trial.wanted))
    print()
    for each in kinds:
        print(_row(each.name, tally))
    also = {
        "tried": tried,
        "survived": survived,
        "not_survived": tally.failures,
        "seconds": round(seconds),
    }
    return 0 if print_line(trial.name, bars, also) else 1


def _inside(trial: Trial) -> int:
    """Run this program again as the first process of name spaces of its own."""
    if os.geteuid() != 0:
        print("Faults need root: they mount small disks and trace processes.", file=sys.stderr)
        return 2
    subprocess.run([TESTS.parent / "tools" / "packages", *trial.packages], check=True)
    spaces = [
        "unshare",
        *trial.spaces,
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--mount-proc",
    ]
    command = [*spaces, "--kill-child", sys.executable, *sys.argv]
    # Folders of its own too: inside, the owners of other tests' servers cannot be seen to live.
    with tempfile.TemporaryDirectory(prefix="lf-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        own = os.environ | {INSIDE: "1", "TMPDIR": folder}
        return subprocess.run(command, env=own, check=False).returncode


def _leave_to_an_init() -> None:
    """Go on in a child; the first process buries whoever dies without a parent, until it ends."""
    child = os.fork()
    while child:
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


FAULTS = Trial(
    name="faults",
    kinds=KINDS,
    new_world=lambda: World(new_folder(), PostgreSQL(), Redis()),
    checker=Checker,
    rotated=5,
    wanted=27,
    packages=("strace", "libfaketime", "e2fsprogs", "postgresql-15", "redis-server"),
)

if __name__ == "__main__":
    sys.exit(main(FAULTS))
