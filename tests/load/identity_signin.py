"""A storm of sign-ins beside a member's other requests: their p99 with it over without it.

The member's API runs as a process of its own, its clients as others. Rounds with and without a
storm alternate, so that what else the machine does meets both. The people of a storm sign in with
password and code; each password is compared by Argon2id at OWASP's parameters, and each account
signs in once, because a code is good once.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from line import Bar
from sign_in_load import PASSWORD
from support.office_node import found_network
from support.peers import PASSPHRASE, free_port

from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from identity.people import codes, passwords
from node.chain.network import save
from node.member import Addresses, create_member, grant_tokens, write_json
from node.node import Node
from node.people import accounts
from node.settings import Settings
from node.store.people import PasswordRow

HERE = Path(__file__).parent
ROUNDS, SECONDS, PEOPLE = 6, 8.0, 24
MOST_A_SECOND = 50
START_SECONDS = 120.0
API = (
    "import sys; from pathlib import Path; from node.serve import serve;"
    " from node.settings import Settings; from api.http.app import create_app;"
    " serve(Settings.load(Path(sys.argv[1])), ['api'], {'api': create_app})"
)


def measure() -> tuple[list[Bar], dict[str, Any]]:
    """Return the bar signin.p99_ratio and what was seen beside it."""
    with tempfile.TemporaryDirectory(prefix="li-") as folder, _api(Path(folder)) as (at, token):
        _requests(at, token, 2.0)  # what is loaded at first use is loaded
        quiet: dict[str, list[float]] = {"read": [], "write": []}
        loud: dict[str, list[float]] = {"read": [], "write": []}
        let_in: dict[str, int] = {}
        for number in range(ROUNDS):
            _add(quiet, _requests(at, token, SECONDS))
            people = str(Path(folder) / f"people-{number}.json")
            storm = _start("storm", at, people, str(SECONDS + 1), str(PEOPLE))
            time.sleep(0.5)
            _add(loud, _requests(at, token, SECONDS))
            for status, count in json.loads(storm.communicate()[0]).items():
                let_in[status] = let_in.get(status, 0) + count
    every = [[*took["read"], *took["write"]] for took in (quiet, loud)]
    bars = [Bar("signin.p99_ratio", p99(every[1]) / p99(every[0]), "ratio", "less", 1.2)]
    return bars, {
        "signin": {
            "sign_ins_per_s": round(let_in.get("303", 0) / (ROUNDS * (SECONDS + 1)), 1),
            "sign_ins": let_in,
            "requests": [len(each) for each in every],
            "argon2_ms": round(_argon2_ms(), 1),
            **{
                f"{kind}_{name}_ms": [round(share(took[kind], part), 2) for took in (quiet, loud)]
                for kind in ("read", "write")
                for name, part in (("p50", 0.5), ("p99", 0.99))
            },
        }
    }


def p99(took: list[float]) -> float:
    """The 99th percentile."""
    return share(took, 0.99)


def share(took: list[float], part: float) -> float:
    """The value that ``part`` of all do not exceed."""
    return sorted(took)[int(len(took) * part)]


def _add(all_of: dict[str, list[float]], more: dict[str, list[float]]) -> None:
    for kind, took in more.items():
        all_of[kind] += took


def _requests(address: str, token: str, seconds: float) -> dict[str, list[float]]:
    answer: dict[str, list[float]] = json.loads(
        _start("requests", address, token, str(seconds)).communicate()[0]
    )
    return answer


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(HERE / "sign_in_load.py"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def _api(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a member's API; give its address and a token."""
    directory = folder / "bench"
    port = free_port()
    addresses = Addresses("127.0.0.1", port, free_port(), "http://127.0.0.1:9")
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    new = create_member(directory, ("Bench", "Bench"), Role.CARRIER, addresses, passphrases)
    save(found_network(), directory / "network.json")
    write_json(directory / "profiles" / f"{new.hex_id}.json", new.profile.to_json())
    token = grant_tokens(directory, ["clerk"])["clerk"]
    _people(directory, folder)
    with (folder / "api.log").open("w") as log:
        environment = os.environ | {PASSPHRASE_VARIABLE: PASSPHRASE}
        command = [sys.executable, "-c", API, str(directory)]
        running = subprocess.Popen(command, stderr=log, env=environment)
        try:
            _wait(f"http://127.0.0.1:{port}/v1/ready")
            yield f"127.0.0.1:{port}", token
        finally:
            running.terminate()
            running.wait(20)


def _people(directory: Path, folder: Path) -> None:
    """Give the member accounts enough, and write each storm's names and second factors down."""
    node = Node(Settings.load(directory), {PASSPHRASE_VARIABLE: PASSPHRASE})
    hashed = passwords.hash_password(PASSWORD)
    for number in range(ROUNDS):
        told = {}
        with node.db.begin() as session:
            for each in range(int((SECONDS + 1) * MOST_A_SECOND)):
                name, secret = f"p{number}-{each}", secrets.token_bytes(codes.SECRET_BYTES)
                told[name] = secret.hex()
                accounts.add(session, name, name, ["clerk"], 0)
                sealed = node.people.seal_second_factor(name, secret)
                session.add(
                    PasswordRow(
                        account=name, hash=hashed, second_factor=sealed, step=-1, changed_at=0
                    )
                )
        (folder / f"people-{number}.json").write_text(json.dumps(told))
    node.close()


def _argon2_ms() -> float:
    hashed, begun = passwords.hash_password(PASSWORD), time.perf_counter()
    for _ in range(10):
        passwords.matches(hashed, PASSWORD)
    return (time.perf_counter() - begun) * 100


def _wait(address: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the API does not answer"
        time.sleep(0.2)
