"""``lading up``: a whole small consortium on one machine, from nothing, until it is stopped.

The supervisor starts each member's processes with that member's secrets alone and keeps them
running; after the founding it opens nothing of theirs. A file ``stopped`` in a member's directory
keeps that member's node (not its signer) stopped for as long as it is there.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import httpx
import typer

from api.cli.consortium import (
    Consortium,
    found_consortium,
    lay_down,
    lay_down_lane,
    lay_down_seats,
    port_of_discharge,
    rogue_keys,
)
from api.cli.errors import NotAnswered
from api.cli.shared_ledger import SharedLedger, shared_ledger
from api.cli.supervisor import Program, Supervisor, python_program
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save
from node.chain.rpc import Rpc
from node.engine.machine import FILE as MACHINE
from node.member import write_json

PARTS_APART = ("api", "peers", "follow", "send", "work")
START_SECONDS = 180.0
LOOK_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
UNFINISHED = "unfinished"
Say = Callable[[str], None]


def run(
    directory: Path, apart: frozenset[str], rogues: bool, engine: str | None, as_json: bool
) -> None:
    """Lay the consortium down where there is none, run it, and return when asked to stop.

    Args:
        engine: the shared ledger of a new consortium; None: the embedded one, or as it is.
    """
    say = (lambda _: None) if as_json else _say
    supervisor = Supervisor()
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "pids.json").unlink(missing_ok=True)
        consortium = _start(directory.resolve(), supervisor, rogues, apart, engine, say)
        _tell(consortium, as_json)
        _keep(consortium, supervisor, say)
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()


def _keep(consortium: Consortium, supervisor: Supervisor, say: Say) -> NoReturn:
    told: dict[str, int] = {}
    while True:
        for change in supervisor.look():
            say(change)
        if supervisor.pids != told:
            # On a full disk the members go on, and this is tried again.
            with contextlib.suppress(OSError):
                write_json(consortium.directory / "pids.json", supervisor.pids)
                told = supervisor.pids
        time.sleep(LOOK_SECONDS)


def _start(
    directory: Path,
    supervisor: Supervisor,
    rogues: bool,
    apart: frozenset[str],
    engine: str | None,
    say: Say,
) -> Consortium:
    consortium = Consortium.load(directory)
    if consortium is None:
        _clear(directory)
        shared = shared_ledger(engine or "embedded", directory, None)
    else:
        shared = _as_it_is(consortium, engine)
    shared.start(supervisor, say)
    _until(shared.answers, supervisor, "the ledger answers")
    if consortium is None:
        say("Laying down six members: keys, certificates, profiles.")
        consortium = _lay_down(directory, shared, rogues, say)
    for name in consortium.told["members"]:
        _start_member(supervisor, consortium, name, name in apart)
    say("Waiting for six nodes to answer.")
    for name, member in consortium.told["members"].items():
        _until(lambda api=member["api"]: _is_well(api), supervisor, f"{name}'s node answers")  # type: ignore[misc]
    _start_gateway(supervisor, consortium)
    gate = consortium.told["gate"]["url"]
    _until(lambda: _is_well(gate, "/health"), supervisor, "the gate answers")
    return consortium


def _as_it_is(consortium: Consortium, engine: str | None) -> SharedLedger:
    """Return the ledger of a consortium that is there; it does not change."""
    if engine not in (None, consortium.engine):
        raise typer.BadParameter(f"This consortium's ledger is {consortium.engine}.")
    return shared_ledger(consortium.engine, consortium.directory, consortium.told["ledger"])


def _clear(directory: Path) -> None:
    """Take away what a founding left that was cut short: no one was ever told of it."""
    if (directory / UNFINISHED).exists():
        for path in directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        (directory / MACHINE).unlink(missing_ok=True)
    elif any(directory.iterdir()):
        raise typer.BadParameter(f"{directory} holds something else than a consortium.")
    (directory / UNFINISHED).touch()


def _lay_down(directory: Path, shared: SharedLedger, with_rogues: bool, say: Say) -> Consortium:
    members, told = lay_down(directory, shared.url)
    terminal = next(member for member in members if member.directory.name == "terminal")
    told["gate"] = lay_down_lane(terminal, told).told
    rogues = rogue_keys() if with_rogues else None
    if rogues is not None:
        told["attack"] = rogues.told
    say("Founding: contracts, then the council's motions, two of three seats each.")
    seats = lay_down_seats(directory, members, told)
    rpc = Rpc(shared.url(members[0].directory.name))
    network = found_consortium(rpc, members, rogues, seats, shared)
    rpc.close()
    for member in members:
        save(network, member.directory / "network.json")
    for seat in told["council"].values():
        save(network, Path(seat["directory"]) / "network.json")
    save(network, directory / "network.json")
    told |= {
        "network": str(directory / "network.json"),
        "engine": shared.engine,
        "ledger_directory": str(shared.directory),
        "port_of_discharge": port_of_discharge(),
    }
    write_json(directory / "consortium.json", told)
    (directory / UNFINISHED).unlink()
    return Consortium(directory, told)


def _start_member(supervisor: Supervisor, consortium: Consortium, name: str, apart: bool) -> None:
    member: dict[str, Any] = consortium.told["members"][name]
    home = Path(member["directory"])
    logs = home / "logs"

    def secret(process: str) -> dict[str, str]:
        return {PASSPHRASE_VARIABLE: member["passphrases"][process]}

    supervisor.add(
        Program(
            f"{name} sign",
            python_program("identity.signer", "--dir", str(home)),
            logs / "sign.log",
            secret("signer"),
        )
    )
    for part in PARTS_APART if apart else ("",):
        arguments = ["serve", str(home), *(["--part", part] if part else [])]
        supervisor.add(
            Program(
                f"{name} serve {part}".strip(),
                _lading(*arguments),
                logs / f"serve{'-' if part else ''}{part}.log",
                secret("node"),
                home / "stopped",
            )
        )


def _start_gateway(supervisor: Supervisor, consortium: Consortium) -> None:
    gate, terminal = consortium.told["gate"], consortium.told["members"]["terminal"]
    supervisor.add(
        Program(
            "terminal gateway",
            _lading("gateway", gate["settings"]),
            Path(terminal["directory"]) / "logs" / "gateway.log",
            {PASSPHRASE_VARIABLE: gate["passphrase"], "LADING_TOKEN": terminal["tokens"]["gate"]},
        )
    )


def _lading(*arguments: str) -> list[str]:
    """The command line of this installation's ``lading``."""
    return [sys.executable, str(Path(sys.executable).with_name("lading")), *arguments]


def _until(fact: Callable[[], bool], supervisor: Supervisor, expected: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not fact():
        supervisor.look()
        if time.monotonic() > deadline:
            raise NotAnswered(
                "CONSORTIUM_NOT_UP",
                f"It did not happen within {START_SECONDS:.0f} seconds that {expected}.",
                "Read the logs in the consortium's directory, then start it again.",
            )
        time.sleep(LOOK_SECONDS)


def _is_well(url: str, path: str = "/v1/health") -> bool:
    try:
        return httpx.get(url + path, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _tell(consortium: Consortium, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"ready": True, "consortium": str(consortium.directory)}), flush=True)
        return
    for name, member in consortium.told["members"].items():
        _say(f"{name:<10} API and page {member['api']}   directory {member['directory']}")
    _say(f"{'gate':<10} readings     {consortium.told['gate']['url']}/readings")
    _say(f"tokens: {consortium.directory / 'consortium.json'} (keep it to yourself)")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _leave(_: int, __: FrameType | None) -> NoReturn:
    """Leave whatever is being done, the founding too; what is unfinished is begun anew."""
    raise SystemExit(0)
