"""Which acts go together in the next transaction, and under which relay key; pure.

Each relay key is a lane with nonces of its own. Acts of one sequence (an object, or a lane's
device) stay in order: while one is under way, the next follows in the same lane. A lane that is
full, stuck or refused holds up only the sequences that are under way in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from identity.acts.typed import MAX_BATCH_ACTS
from node.commands.queue import WaitingAct

# Of one relay key at once: more acts than a block of two seconds carries, fewer transactions than
# a pool takes of one account.
MAX_OPEN_TRANSACTIONS = 64
# A transaction that is not full goes anyway after so long.
PATIENCE_SECONDS = 2


@dataclass(frozen=True)
class Lane:
    """A relay key as it stands now; ``usable`` unless the ledger refuses it."""

    relayer: str
    open_count: int
    stuck: bool = False
    usable: bool = True

    @property
    def has_room(self) -> bool:
        """Whether another transaction may be opened in it."""
        return self.usable and self.open_count < MAX_OPEN_TRANSACTIONS


@dataclass(frozen=True)
class Load:
    """The acts of the next transaction, in order, and the relayer that sends it."""

    relayer: str
    acts: tuple[WaitingAct, ...]


def next_loads(
    waiting: Sequence[WaitingAct],
    under_way: Mapping[str, str],
    lanes: Sequence[Lane],
    now: int,
    fitting: Callable[[Sequence[WaitingAct]], int],
) -> list[Load]:
    """Return all that may and should go now, as if each were sent before the next is chosen.

    Args:
        waiting, under_way, lanes, now: as for ``next_load``.
        fitting: how many acts, from the first, one transaction can carry.
    """
    left, busy, standing = list(waiting), dict(under_way), list(lanes)
    loads: list[Load] = []
    while (load := next_load(left, busy, standing, now)) is not None:
        load = replace(load, acts=load.acts[: fitting(load.acts)])
        loads.append(load)
        gone = {act.number for act in load.acts}
        left = [act for act in left if act.number not in gone]
        busy |= {act.sequence: load.relayer for act in load.acts}
        standing = [
            replace(lane, open_count=lane.open_count + (lane.relayer == load.relayer))
            for lane in standing
        ]
    return loads


def next_load(
    waiting: Sequence[WaitingAct], under_way: Mapping[str, str], lanes: Sequence[Lane], now: int
) -> Load | None:
    """Return what to send next, or None when nothing may, or should, go now.

    Args:
        waiting: in the order they were accepted.
        under_way: for each sequence with an open transaction, its relayer.
        now: UTC seconds.
    """
    open_lanes = list(lanes)
    while (load := _load(waiting, under_way, open_lanes)) is not None:
        lane = next(lane for lane in open_lanes if lane.relayer == load.relayer)
        if len(load.acts) >= _wanted(lane, load.acts[0], now):
            return load
        open_lanes.remove(lane)
    return None


def _load(
    waiting: Sequence[WaitingAct], under_way: Mapping[str, str], lanes: Sequence[Lane]
) -> Load | None:
    by_relayer = {lane.relayer: lane for lane in lanes}
    freest = _freest(lanes)
    held: set[str] = set()
    acts: list[WaitingAct] = []
    chosen: Lane | None = None
    for act in waiting:
        bound = under_way.get(act.sequence)
        lane = freest if bound is None else by_relayer.get(bound)
        if (
            act.sequence in held
            or lane is None
            or not lane.has_room
            or (chosen is not None and not (lane == chosen and _alike(act, acts[0])))
        ):
            held.add(act.sequence)
        else:
            chosen = lane
            acts.append(act)
            if len(acts) == (act.batch_limit or MAX_BATCH_ACTS):
                break
    return None if chosen is None else Load(chosen.relayer, tuple(acts))


def _alike(act: WaitingAct, first: WaitingAct) -> bool:
    """Return whether two acts may share a transaction."""
    return (act.contract, act.batch_limit) == (first.contract, first.batch_limit)


def _freest(lanes: Sequence[Lane]) -> Lane | None:
    """Return the lane with the fewest open transactions; a stuck one only if all others are."""
    return min(lanes, key=lambda lane: (not lane.usable, lane.stuck, lane.open_count), default=None)


def _wanted(lane: Lane, oldest: WaitingAct, now: int) -> int:
    """Return how many acts are worth a transaction now: one while there is none under way.

    The more are under way, the more have to come together, so that batches grow with the queue;
    no act waits longer than ``PATIENCE_SECONDS`` for others.
    """
    if lane.open_count < 2 or oldest.batch_limit or now - oldest.since >= PATIENCE_SECONDS:
        return 1
    return min(MAX_BATCH_ACTS, 1 << (lane.open_count - 1))
