"""The ledger's node hangs, dies, or its disk fails; writes wait and take effect once."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

from faults.doors import Trap
from faults.kinds import kind
from faults.tracing import injected
from faults.world import World, wait_for
from ledger_process import kill_ledger
from rpc_server import PASS

from node.chain.errors import RpcRefused
from node.chain.rpc import Rpc

STOPPED_SECONDS = 60


@kind("ledger: stopped for 60 s")
def ledger_stopped(world: World) -> None:
    """The ledger's node hangs for a minute (SIGSTOP): writes are taken, and reads say how far
    behind they are."""
    assert world.ledger is not None
    until = time.monotonic() + STOPPED_SECONDS
    os.kill(world.ledger.pid, signal.SIGSTOP)
    try:
        item = world.issue()
        behind = wait_for(
            lambda: world.shipper.get("/v1/titles")["as_of"]["behind_seconds"] >= 10, "reads", 60
        )
        assert behind
        assert world.command(item)["state"] in ("accepted", "signed", "relayed")
        time.sleep(max(0.0, until - time.monotonic()))
        assert world.command(item)["state"] in ("accepted", "signed", "relayed")
    finally:
        os.kill(world.ledger.pid, signal.SIGCONT)
    world.final(item)


@kind("ledger: killed with a transaction")
def ledger_killed(world: World) -> None:
    """The ledger is killed with -9 when it has taken a transaction; it comes back ten seconds
    later."""
    assert world.ledger is not None
    ledger, process = Rpc(world.ledger_url), world.ledger
    trap = Trap("eth_sendRawTransaction", "answered", lambda: kill_ledger(process))

    def fault(asked: str, params: list[Any]) -> Any:
        if asked != trap.statement.pattern:
            return PASS
        with suppress(Exception):  # of which ``PASS`` has the ledger's own again
            ledger.call(asked, *params)
        if trap.spring():
            raise RpcRefused("nobody is there", -32000)
        return PASS

    door = world.carrier.ledger_doors["send"]
    door.fault = fault
    try:
        item = world.issue()
        trap.wait()
    finally:
        door.fault = lambda _method, _params: PASS
        ledger.close()
    time.sleep(10)
    world.start_ledger()
    world.final(item)


@kind("EIO on fsync: ledger")
def ledger_cannot_sync(world: World) -> None:
    """The embedded ledger's disk refuses to sync; it makes no block, and goes on afterwards."""
    assert world.ledger is not None
    with injected(world.ledger.pid, "fsync,fdatasync", "error=EIO") as trace:
        item = world.issue()
        wait_for(lambda: trace.hits, "the ledger has tried to sync", 60)
        time.sleep(3)
        assert world.command(item)["state"] != "final"
    world.final(item)
