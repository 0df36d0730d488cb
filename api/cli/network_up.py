"""``lading network up``: the validators of several organisations on one machine, until stopped."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from api.cli.ports import free_ports
from api.cli.shared_ledger import validator_program
from api.cli.supervisor import Supervisor
from node.engine.machine import Machine, found, lay_down
from node.engine.process import wait_until_follows
from node.member import write_json

START_SECONDS = 120.0
LOOK_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(directory: Path, validators: int, threshold: int, granite: bool, as_json: bool) -> None:
    """Found the network where there is none, run it, and return when asked to stop."""
    say = (lambda _: None) if as_json else _say
    supervisor = Supervisor()
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    try:
        machine = Machine.load(directory)
        if machine is None:
            names = [f"org{number}" for number in range(1, validators + 1)]
            say(f"Laying down {validators} organisations.")
            machine = lay_down(
                directory, names, free_ports(2 * validators), threshold, granite=granite
            )
            found(machine, say)
        for organisation in machine.organisations:
            supervisor.add(validator_program(organisation))
        for organisation in machine.organisations:
            wait_until_follows(organisation, machine.bundle.chain, START_SECONDS)
        write_json(directory / "pids.json", supervisor.pids)
        _tell(machine, as_json)
        while True:
            for change in supervisor.look():
                say(change)
            time.sleep(LOOK_SECONDS)
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()


def _tell(machine: Machine, as_json: bool) -> None:
    urls = dict(zip(sorted(machine.passphrases), machine.urls, strict=True))
    if as_json:
        print(json.dumps({"ready": True, "chain_id": machine.bundle.founding.chain_id, **urls}))
        return
    for name, url in urls.items():
        _say(f"{name:<10} {url}")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _leave(_: int, __: FrameType | None) -> NoReturn:
    raise SystemExit(0)
