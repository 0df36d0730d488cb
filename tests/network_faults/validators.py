"""Validators die, hang, lose their disk, their directory, their memory of the last blocks."""

import shutil
import time

from faults.clocks import FIVE_MINUTES, own_clock
from faults.kinds import Kinds
from faults.world import wait_for
from network_faults.versions import NEXT, next_version, running_version
from network_faults.world import NAMES, NetworkWorld, final_while

KINDS: Kinds[NetworkWorld] = Kinds()
PAUSED_SECONDS = 60
HALTED_SECONDS = 20
PATIENT_SECONDS = 180


@KINDS.kind("validator: killed")
def killed(world: NetworkWorld) -> None:
    """One of five validators is killed with -9: the others' writes go on; it comes back and has
    all blocks, and its own node's writes go on."""
    with world.busy():
        world.validator("bank").kill()
        world.goes_on("carrier", 3)
        final_while(world, PATIENT_SECONDS)
        world.validator("bank").start()
        world.goes_on("bank")


@KINDS.kind("validator: paused 60 s")
def paused(world: NetworkWorld) -> None:
    """One validator hangs for a minute and goes on where it was."""
    bank = world.validator("bank")
    with world.busy():
        until = time.monotonic() + PAUSED_SECONDS
        bank.pause()
        try:
            world.goes_on("carrier", 3)
            final_while(world, PATIENT_SECONDS)
            time.sleep(max(0.0, until - time.monotonic()))
        finally:
            bank.resume()
        world.goes_on("bank")


@KINDS.kind("validator: disk full")
def disk_full(world: NetworkWorld) -> None:
    """A validator's disk is full to the last byte: the others go on; with room again, and started
    again if it ended, it has all blocks."""
    terminal = world.validator("terminal")
    with world.busy(world.issuing), world.disks["engine"].full():
        world.goes_on("carrier", 5)
        final_while(world, PATIENT_SECONDS)
    terminal.kill()
    terminal.start()
    with world.busy():
        world.goes_on("terminal")


@KINDS.kind("node: clock 5 minutes ahead")
def clock_off(world: NetworkWorld) -> None:
    """A Lading node's clock is five minutes ahead while its validator's is right: what it takes
    meanwhile has an end, and the other members notice nothing."""
    terminal = world.members["terminal"]
    programs = list(terminal.programs.values())
    with world.busy(world.issuing), own_clock(programs, terminal.directory / "clock") as clock:
        wait_for(terminal.well, "the terminal is well", PATIENT_SECONDS)
        clock.set(FIVE_MINUTES)
        item = world.take(world.registering())
        world.final(item, PATIENT_SECONDS)
        final_while(world, PATIENT_SECONDS)


@KINDS.kind("validator: directory lost")
def directory_lost(world: NetworkWorld) -> None:
    """A validator loses all that its engine has stored, its keys stay: it is rebuilt from its
    peers."""
    customs = world.validator("customs")
    with world.busy():
        customs.kill()
        world.goes_on("carrier", 2)
        for path in (customs.directory / "data").iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        customs.start()
        world.goes_on("customs")


@KINDS.kind("validator: old state")
def old_state(world: NetworkWorld) -> None:
    """A validator is set back to an older copy of its disk: it follows what came since, and signs
    nothing that forks the chain."""
    customs = world.validator("customs")
    data, copy = customs.directory / "data", world.folder / "old-data"
    with world.busy():
        customs.stop()
        shutil.copytree(data, copy)
        customs.start()
        world.goes_on("customs", 4)
        customs.kill()
        shutil.rmtree(data)
        copy.rename(data)
        customs.start()
        world.goes_on("customs")


@KINDS.kind("validators: two of five killed")
def two_killed(world: NetworkWorld) -> None:
    """Two of five are killed: the chain halts and does not fork, reads go on, writes are taken;
    with one of the two back it goes on."""
    with world.busy():
        for name in ("bank", "customs"):
            world.validator(name).kill()
        time.sleep(5)
        halted = world.height("carrier")
        item = world.take(world.issuing())
        time.sleep(HALTED_SECONDS)
        assert world.height("carrier") <= halted + 1, "three of five made blocks"
        assert world.command(item)["state"] in ("accepted", "signed", "relayed")
        world.carrier.get("/v1/titles")
        world.validator("bank").start()
        world.goes_on("carrier", 2, PATIENT_SECONDS)
        world.final(item, PATIENT_SECONDS)
    world.validator("customs").start()


@KINDS.kind("validators: all killed under load")
def all_killed(world: NetworkWorld) -> None:
    """All five are killed with -9 at once while writes are under way: nothing that was final is
    gone, nothing that was accepted is lost."""
    assert world.engine is not None
    with world.busy() as taken:
        wait_for(lambda: len(taken) >= 6, "writes are under way", PATIENT_SECONDS)
        known = {name: world.height(name) for name in NAMES}
        for validator in world.engine.validators:
            validator.kill()
        world.engine.start()
        for name, height in known.items():
            assert world.height(name) >= height, f"{name} has lost blocks"
        world.goes_on("carrier", 2, PATIENT_SECONDS)


@KINDS.kind("engine: mixed versions")
def mixed_versions(world: NetworkWorld) -> None:
    """One validator runs the engine's next version: the five agree, and it can go back."""
    bank = world.validator("bank")
    with world.busy():
        bank.stop()
        with next_version(bank):
            bank.start()
            assert running_version(bank) == NEXT
            world.goes_on("bank", 3)
            bank.stop()
        world.goes_on("carrier", 2)
        bank.start()
        assert running_version(bank) != NEXT
        world.goes_on("bank")
    world.check_heads()
