"""Clocks that are wrong and that jump, by libfaketime (Debian's package)."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from faults.kinds import kind
from faults.world import Member, Program, World, wait_for
from sqlmodel import col, select

from node.store.audit import AuditRow

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
DAY_SECONDS = 86_400
FIVE_MINUTES = 300
START_SECONDS = 120


class Clock:
    """The clock of some processes: how far it is off can change while they run."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Let it be so many seconds ahead of the machine's."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}\n")
        beside.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """What has a process use it. Waiting goes by the monotonic clock, which stays right."""
        return {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


@contextmanager
def own_clock(programs: Sequence[Program], file: Path) -> Iterator[Clock]:
    """Give programs a clock of their own: they are started with it, and again without it."""
    clock = Clock(file)
    for program in programs:
        program.stop()
        program.start(clock.environment)
    try:
        yield clock
    finally:
        for program in programs:
            program.stop()
            program.start()


@contextmanager
def shifted(parts: Sequence[tuple[Member, str]], seconds: int) -> Iterator[None]:
    """Run some programs of members with a clock that is so far ahead."""
    programs = [member.programs[name] for member, name in parts]
    with own_clock(programs, parts[0][0].directory / "clock") as clock:
        clock.set(seconds)
        yield


def _programs(member: Member) -> list[Program]:
    return list(member.programs.values())


def _is_off(member: Member, seconds: int) -> bool:
    """Whether the member's node dates its newest audit row as its clock says."""
    with member.database.read() as session:
        newest = session.exec(select(AuditRow).order_by(col(AuditRow.id).desc()).limit(1)).one()
    return abs(newest.at - time.time() - seconds) < 120


@kind("clock: 5 minutes ahead")
def clock_ahead(world: World) -> None:
    """The carrier's clock is five minutes ahead: peers refuse what it signs, the doctor names the
    clock, and once it is right what waited goes on."""
    five_minutes(world, FIVE_MINUTES)


@kind("clock: 5 minutes behind")
def clock_behind(world: World) -> None:
    """The carrier's clock is five minutes behind: the same."""
    five_minutes(world, -FIVE_MINUTES)


def five_minutes(world: World, seconds: int) -> None:
    carrier = world.carrier
    with own_clock(_programs(carrier), carrier.directory / "clock") as clock:
        clock.set(seconds)
        wait_for(carrier.well, "the carrier runs", START_SECONDS)
        item = world.issue()
        assert _is_off(carrier, seconds), "the clock was not off"
        wait_for(world.delivery_failed, "the shipper refuses what the carrier signs", 60)
        assert world.command(item)["state"] == "accepted"
    world.final(item)


@kind("clock: jumps ahead and back")
def clock_jumps(world: World) -> None:
    """The clock of a whole running member jumps five minutes ahead and, while deliveries, work and
    webhooks wait for their next attempt by it, back: nothing waits longer than it should."""
    carrier = world.carrier
    with own_clock(_programs(carrier), carrier.directory / "clock") as clock:
        wait_for(carrier.well, "the carrier runs", START_SECONDS)
        first = world.issue()
        clock.set(FIVE_MINUTES)
        world.receiver.status = 503
        second = world.issue()
        assert _is_off(carrier, FIVE_MINUTES), "the clock did not jump"
        wait_for(world.delivery_failed, "the shipper refuses what the carrier signs", 60)
        clock.set(0)
        world.receiver.status = 200
        began = time.monotonic()
        for item in (first, second, world.issue()):
            world.final(item, 90)
        assert time.monotonic() - began < 90
