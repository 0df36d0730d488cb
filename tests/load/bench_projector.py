"""How fast the follower turns events into tables, from zero, on one core with SQLite.

    make bench-projector

The events are those of whole lives of titles (issue, accept, pledge, release, surrender, order,
conditions, a refusal, gate-out, return, closing), fifty a block, given by a ledger in this process
as JSON text, so that reading and decoding are paid for and a network is not.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from line import Bar, print_line
from synthetic_ledger import GENESIS_TIME, Log, SyntheticLedger

from identity.acts.objects import condition_id, right_id
from node.chain.follower import Follower
from node.chain.rebuild import rebuild
from node.store.database import Database
from node.store.schema import upgrade

BAR_EVENTS_PER_SECOND = 3_000
ACTS_PER_BLOCK = 50
EVENTS_PER_LIFE = 15
CARRIER, SHIPPER, BANK, TERMINAL, CUSTOMS = (bytes(31) + bytes([i]) for i in range(1, 6))
NOBODY = bytes(32)
LANE = b"\x99" * 32
DEADLINE = GENESIS_TIME + 86_400


def life(ledger: SyntheticLedger, number: int) -> list[Log]:
    """Return the fifteen events of one title's whole life."""
    title, order, tag = (kind + number.to_bytes(31, "big") for kind in (b"T", b"O", b"C"))
    root, acted = os.urandom(32), ledger.acted

    def offer(counter: int, by: bytes, to: bytes, capacity: int, endorsement: int) -> Log:
        return acted(
            "Offer", counter, principal=by, object=title, to=to, capacity=capacity,
            endorsement=endorsement, deadline=DEADLINE, root=root,
        )  # fmt: skip

    def accept(counter: int, by: bytes) -> Log:
        return acted("Accept", counter, principal=by, object=title, offer=NOBODY, root=root)

    def condition(kind: int, by: bytes) -> Log:
        return acted(
            "SetCondition", 1, principal=by, object=condition_id(order, kind), order=order,
            met=1, reference=root,
        )  # fmt: skip

    def lane(name: str, counter: int, device_counter: int) -> Log:
        return acted(
            name, counter, principal=TERMINAL, object=right_id(order, tag), order=order,
            container=tag, lane=LANE, deviceCounter=device_counter, time=DEADLINE, reports=root,
        )  # fmt: skip

    return [
        acted(
            "Issue", 1, principal=CARRIER, object=title, kind=2, party=NOBODY, holder=SHIPPER,
            deadline=DEADLINE, loading=1, discharge=2, root=root,
        ),
        accept(2, SHIPPER),
        offer(3, SHIPPER, BANK, 2, 0),
        accept(4, BANK),
        acted("ReleasePledge", 5, principal=BANK, object=title, root=root),
        acted(
            "Surrender", 6, principal=SHIPPER, object=title, purpose=1, root=root, amended=NOBODY,
            deadline=DEADLINE,
        ),
        accept(7, CARRIER),
        acted(
            "OpenOrder", 1, principal=CARRIER, object=order, title=title, root=root,
            terminal=TERMINAL, kinds=[1, 2, 3], members=[CARRIER, CUSTOMS, TERMINAL],
            containers=[tag],
        ),
        condition(1, CARRIER),
        condition(2, CUSTOMS),
        condition(3, TERMINAL),
        ledger.refused("Offer", title, SHIPPER, bytes.fromhex("08c379a0")),
        lane("GateOut", 1, 2 * number + 1),
        lane("ReturnEmpty", 2, 2 * number + 2),
        ledger.followed("Releases", order, 2, 2),
    ]  # fmt: skip


def build(events: int) -> SyntheticLedger:
    """Return a ledger with at least ``events`` events."""
    ledger = SyntheticLedger()
    ledger.add_block([
        ledger.acted(
            "RegisterLane", 1, principal=TERMINAL, object=LANE, key=bytes(20), kind=1, port=2,
            calibratedUntil=DEADLINE,
        )
    ])  # fmt: skip
    logs = [log for i in range(-(-events // EVENTS_PER_LIFE)) for log in life(ledger, i)]
    for start in range(0, len(logs), ACTS_PER_BLOCK):
        ledger.add_block(logs[start : start + ACTS_PER_BLOCK])
    return ledger


def main() -> int:
    """Measure and print one line; 0 when the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=30_000)
    events = parser.parse_args().events
    ledger = build(events)
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{Path(directory) / 'node.sqlite'}")
        upgrade(database)
        follower = Follower(ledger, database, ledger.network, stream=True)
        begun = time.perf_counter()
        while follower.step():
            pass
        followed_seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        rebuilt = rebuild(ledger, database, ledger.network)
        rebuilt_seconds = time.perf_counter() - begun
        database.close()
    applied = next(table.rows for table in rebuilt.tables if table.name == "ledger_event")
    rate = applied / followed_seconds
    bar = Bar("projector.events_per_s", rate, "events/s", "more", BAR_EVENTS_PER_SECOND)
    also = {
        "events": applied,
        "rebuild_events_per_s": round(applied / rebuilt_seconds),
        "rebuild_rows_differing": rebuilt.differing,
    }
    return 0 if print_line("projector", [bar], also) else 1


if __name__ == "__main__":
    sys.exit(main())
