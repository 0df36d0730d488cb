"""Links between validators are cut, deaf, lossy or slow; each node's way to its own stays whole."""

import time

from faults.kinds import Kinds
from faults.world import wait_for
from network_faults.world import PEERS_PORT, NetworkWorld, final_while

KINDS: Kinds[NetworkWorld] = Kinds()
CUT_SECONDS = 25
PATIENT_SECONDS = 240
LOST_PERCENT = 10
LATE_MILLISECONDS = 200


@KINDS.kind("network: 3 | 2")
def three_and_two(world: NetworkWorld) -> None:
    """The five are parted three from two: neither side makes a block, so nothing can fork; joined
    again, what was taken on both sides becomes final."""
    assert world.links is not None
    ours = [world.place(name) for name in ("bank", "carrier", "shipper")]
    theirs = [world.place(name) for name in ("customs", "terminal")]
    with world.busy():
        with world.links.parted(ours, theirs):
            time.sleep(5)
            heights = [world.height(name) for name in ("carrier", "terminal")]
            item, other = world.take(world.issuing()), world.take(world.registering())
            time.sleep(CUT_SECONDS)
            after = [world.height(name) for name in ("carrier", "terminal")]
            assert all(b <= a + 1 for a, b in zip(heights, after, strict=True)), (heights, after)
        world.final(item, PATIENT_SECONDS)
        world.final(other, PATIENT_SECONDS)


@KINDS.kind("network: 4 | 1")
def four_and_one(world: NetworkWorld) -> None:
    """One validator is cut off: the four go on, its own node takes writes and says how far behind
    it is; joined again, it has what came since, and its writes are final."""
    assert world.links is not None
    place = world.place("terminal")
    others = [world.place(name) for name in ("bank", "carrier", "customs", "shipper")]
    with world.busy(world.issuing):
        with world.links.parted([place], others):
            final_while(world, PATIENT_SECONDS)
            item = world.take(world.registering())
            time.sleep(CUT_SECONDS)
            assert world.command(item)["state"] in ("accepted", "signed", "relayed")
        world.final(item, PATIENT_SECONDS)


@KINDS.kind("network: one-way loss")
def one_way(world: NetworkWorld) -> None:
    """A validator hears nothing of what the others send, who hear it: they go on."""
    assert world.links is not None
    place = world.place("terminal")
    with world.busy(world.issuing):
        with world.links.deaf(place):
            time.sleep(CUT_SECONDS)
            final_while(world, PATIENT_SECONDS)
            assert world.links.dropped(place), "nothing was dropped"
        world.goes_on("terminal", 2, PATIENT_SECONDS)


@KINDS.kind("network: 10 % loss")
def lossy(world: NetworkWorld) -> None:
    """Of a hundred packets between validators ten are lost: slower, but everything is final."""
    assert world.links is not None
    with world.busy(), world.links.lossy(LOST_PERCENT):
        for _ in range(3):
            final_while(world, PATIENT_SECONDS)
        assert world.links.dropped(0), "nothing was dropped"


@KINDS.kind("network: 200 ms added")
def late(world: NetworkWorld) -> None:
    """What goes one way between any two validators comes 200 ms late: everything is final, if
    later."""
    assert world.links is not None
    with world.busy(), world.links.slow(PEERS_PORT, LATE_MILLISECONDS):
        wait_for(lambda: world.links.dropped(0), "connections take the detour", 90)
        for _ in range(3):
            final_while(world, PATIENT_SECONDS)
