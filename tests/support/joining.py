"""A newcomer and the council's seats, by the command line alone."""

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.members import wait_for
from support.offices import LADING, Office
from support.peers import PASSPHRASE, free_port
from typer.testing import CliRunner

from api.cli.main import app
from identity.council.seat import KEY, SETTINGS, STORE
from identity.keys.keystore import PASSPHRASE_VARIABLE, Keystore
from identity.keys.kinds import KeyKind
from node.member import grant_tokens, write_json

SIGNER_WORDS = "the signer's own passphrase"
INIT_ENVIRONMENT = {
    "LADING_SIGNER_PASSPHRASE": SIGNER_WORDS,
    "LADING_NODE_PASSPHRASE": PASSPHRASE,
    PASSPHRASE_VARIABLE: PASSPHRASE,
}


@dataclass(frozen=True)
class Ended:
    """How a command ended: what it said, and its error's code if it had one."""

    exit_code: int
    told: Any
    code: str | None


def run(*arguments: object, **environment: str) -> Ended:
    """Run a command of ``lading`` with --json, in this process."""
    command = [*map(str, arguments), "--json"]
    result = CliRunner().invoke(app, command, env={**INIT_ENVIRONMENT, **environment})
    if result.exception is None or isinstance(result.exception, SystemExit):
        told = json.loads(result.stdout) if result.stdout.strip() else None
        return Ended(result.exit_code, told, None)
    if not hasattr(result.exception, "code"):
        raise result.exception
    return Ended(1, None, result.exception.code)


def lading(*arguments: object, **environment: str) -> Any:
    """Run a command; return what it says, or fail the test."""
    ended = run(*arguments, **environment)
    assert ended.exit_code == 0, (arguments, ended)
    return ended.told


class Seat:
    """A council seat's desk: its directory, and its member's node to speak through."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.directory = folder / f"seat of {office.directory.name}"
        self.directory.mkdir(mode=0o700)
        store = Keystore.create(self.directory / STORE, PASSPHRASE)
        store.add(KEY, KeyKind.SECP256K1, "council", office.seat.private)
        write_json(self.directory / SETTINGS, {"council": 1, "member": office.id})
        shutil.copy(office.directory / "network.json", self.directory)
        self.environment = {"LADING_API": office.url, "LADING_TOKEN": office.tokens["admin"]}

    def __call__(self, *arguments: object) -> Any:
        """Run ``lading council`` here."""
        return lading("council", *arguments, **self.environment)

    def refused(self, *arguments: object) -> str:
        """Run it and return the code with which it is refused."""
        ended = run("council", *arguments, **self.environment)
        assert ended.exit_code != 0, ended.told
        return str(ended.code)

    def motion(self, verb: str) -> str:
        """Return the id of the one open motion of this verb, once the node shows it."""

        def ids() -> list[str]:
            told = self("list")["motions"]
            return [each["motion"] for each in told if each["verb"] == verb]

        wait_for(ids, f"the motion {verb} is shown")
        return ids()[0]


class Newcomer:
    """A member that began with ``lading init``; its signer and node run as programs."""

    def __init__(self, directory: Path, ledger: str, network: Path, *more: object) -> None:
        self.directory = directory
        api, peers = free_port(), free_port()
        told = lading(
            "init", directory, "--name", "Skagen Cold Stores", "--name-zh", "斯卡恩冷库",
            "--role", "shipper", "--role", "consignee", "--host", "127.0.0.1", "--listen",
            "127.0.0.1", "--ledger", ledger, "--api-port", api, "--peers-port", peers,
            "--network", network, *more,
        )  # fmt: skip
        self.id: str = told["admission"]["member"]
        self.tokens = grant_tokens(directory, ("clerk", "auditor", "admin"))
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{api}", timeout=60, trust_env=False)
        self._processes: list[subprocess.Popen[bytes]] = []

    def serve(self) -> None:
        """Start the signer and the node, and return once the node answers."""
        for command, words in (("sign", SIGNER_WORDS), ("serve", PASSPHRASE)):
            with (self.directory / f"{command}.log").open("ab") as log:
                self._processes.append(
                    subprocess.Popen(
                        [LADING, command, self.directory],
                        env=os.environ | {PASSPHRASE_VARIABLE: words},
                        stderr=log,
                    )
                )
        wait_for(self._answers, "the newcomer's node answers", 300)

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            process.wait(20)
        self._processes.clear()
        self.http.close()

    def _answers(self) -> bool:
        try:
            return self.http.get("/v1/health").status_code == 200
        except httpx.TransportError:
            return False

    get, post, do, bearer = Office.get, Office.post, Office.do, Office.bearer
