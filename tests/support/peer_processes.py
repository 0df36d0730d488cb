"""Members' nodes as processes that exchange with each other, and have no ledger.

What a ledger would tell stands in their tables already (``support.peers``); the parts that would
ask it are not run. Keys, TLS, databases and vaults are real.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from support.office_node import found_network, give_tokens
from support.peers import PASSPHRASE, Peer, introduce, make_member, open_peer

from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save

LADING = Path(sys.executable).with_name("lading")
PARTS = ("api", "peers", "work")


@dataclass
class PeerProcess:
    """One member's node as a process; ``http`` speaks to its API as a clerk."""

    peer: Peer
    process: subprocess.Popen[bytes]
    http: httpx.Client

    def kill(self) -> None:
        """End it with -9."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again, and return once it answers."""
        self.process = _serve(self.peer)
        wait_for(self.answers)

    def answers(self) -> bool:
        try:
            return self.http.get("/v1/me").status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(20)
        self.peer.close()


def make_members(folder: Path, roles: Mapping[str, Role]) -> dict[str, Peer]:
    """Lay down members that know each other; no process runs yet."""
    made = {name: make_member(folder, name, role) for name, role in roles.items()}
    network = found_network()
    for new, _ in made.values():
        save(network, new.directory / "network.json")
    peers = {name: open_peer(new, port) for name, (new, port) in made.items()}
    for peer in peers.values():
        for other, _ in made.values():
            introduce(peer, other)
    return peers


def start(peer: Peer, started: ExitStack) -> PeerProcess:
    """Start a member's node, have ``started`` end it, and return once it answers."""
    token = give_tokens(peer.new.directory)["clerk"]
    http = httpx.Client(
        base_url=peer.new.profile.api_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
        trust_env=False,
    )
    running = PeerProcess(peer, _serve(peer), http)
    started.callback(running.close)
    wait_for(running.answers)
    return running


def wait_for(true: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


def _serve(peer: Peer) -> subprocess.Popen[bytes]:
    parts = [word for part in PARTS for word in ("--part", part)]
    with (peer.new.directory / "serve.log").open("ab") as log:
        return subprocess.Popen(
            [LADING, "serve", peer.new.directory, *parts],
            env=os.environ | {PASSPHRASE_VARIABLE: PASSPHRASE},
            stderr=log,
        )
