"""A real node of a shipper, without processes; its ledger does not answer."""

import hashlib
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn

from api.http.app import create_app
from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from identity.keys.secp256k1 import SigningKey
from node.chain.network import (
    CONTRACT_NAMES,
    DeployedContract,
    Network,
    Seat,
    network_id,
    save,
)
from node.documents.rulebook import default_rulebook, rulebook_hash
from node.member import Addresses, create_member, write_json
from node.node import Node
from node.settings import Settings
from node.store.projections import Member as MemberRow

PASSPHRASE = "a passphrase of a test"
ROLES = ("issuer", "clerk", "finance", "gate", "officer", "auditor", "admin")
GENESIS = "0x" + "11" * 32
OTHER = "0x" + "0b" * 32
CLOSED = "http://127.0.0.1:9"  # the discard port: nothing listens


@dataclass(frozen=True)
class Office:
    """One member's node with a token for each role."""

    node: Node
    directory: Path
    tokens: dict[str, str]

    @property
    def id(self) -> str:
        return self.node.settings.member

    def bearer(self, role: str = "clerk") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


def found_network() -> Network:
    """A network.json that its council signed, of contracts that stand nowhere."""
    keys = {"0x" + f"{n:02x}" * 32: SigningKey.generate() for n in (1, 2)}
    seats = tuple(Seat(member, "0x" + key.address.hex()) for member, key in keys.items())
    nonce = "0x" + secrets.token_hex(32)
    network = Network(
        chain_id=5151,
        network_id=network_id(seats, 2, GENESIS, 5151, nonce),
        nonce=nonce,
        genesis=GENESIS,
        engine="embedded",
        operator=None,
        deployed_height=1,
        contracts={
            name: DeployedContract("0x" + f"{n:02x}" * 20, "0x" + f"{n:02x}" * 32)
            for n, name in enumerate(CONTRACT_NAMES, 1)
        },
        threshold=2,
        seats=seats,
        rulebook="0x" + rulebook_hash(default_rulebook()).hex(),
        witnesses=(),
    )
    for member, key in keys.items():
        network = network.signed_by(member, key)
    return network


def give_tokens(directory: Path) -> dict[str, str]:
    tokens = {role: secrets.token_urlsafe(32) for role in ROLES}
    write_json(
        directory / "tokens.json",
        [
            {
                "subject": f"{role}@{directory.name}",
                "roles": [role],
                "sha256": hashlib.sha256(token.encode()).hexdigest(),
            }
            for role, token in tokens.items()
        ],
    )
    return tokens


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    directory = tmp_path_factory.mktemp("member") / "shipper"
    new = create_member(
        directory,
        ("Aarhus Export House", "奥胡斯出口公司"),
        Role.SHIPPER,
        Addresses("127.0.0.1", 8001, 8002, CLOSED),
        {"signer": PASSPHRASE, "node": PASSPHRASE},
    )
    save(found_network(), directory / "network.json")
    profile = json.loads((directory / "profile.json").read_bytes())
    write_json(directory / "profiles" / f"{new.hex_id}.json", profile)
    node = Node(Settings.load(directory), {PASSPHRASE_VARIABLE: PASSPHRASE})
    with node.db.begin() as session:
        session.add(
            MemberRow(
                id=new.hex_id, number=1, roles=int(new.roles), status=1, counter=1,
                profile="0x" + new.profile.hash.hex(), rulebook="0x" + "00" * 32, admitted_block=1,
            )
        )  # fmt: skip
    yield Office(node, directory, give_tokens(directory))
    node.close()


@pytest.fixture(scope="module")
def address(member: Office) -> Iterator[str]:
    """The API's address: a real server in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(member.node)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    thread = Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        yield client
