"""A process whose log takes no byte more starts and works all the same."""

import os
import subprocess
import sys
import time
from pathlib import Path

from support.office_node import found_network
from support.peers import PASSPHRASE, make_member

from identity.acts.words import Role
from identity.errors import IdentityError
from identity.keys.keystore import PASSPHRASE_VARIABLE
from identity.signer.client import Signer
from node.chain.network import save

FULL = Path("/dev/full")


def test_a_signer_starts_and_answers(tmp_path: Path) -> None:
    new, _ = make_member(tmp_path, "carrier", Role.CARRIER)
    save(found_network(), new.directory / "network.json")
    with FULL.open("wb", buffering=0) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "identity.signer", "--dir", str(new.directory)],
            env=os.environ | {PASSPHRASE_VARIABLE: PASSPHRASE},
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 120
        while not answers(Signer(new.directory / "signer.sock")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(20)


def answers(signer: Signer) -> bool:
    try:
        signer.status()
    except IdentityError:
        return False
    return True
