"""A real node of a shipper, without processes; its ledger does not answer."""

import json
import socket
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
import uvicorn
from support.office_node import CLOSED, PASSPHRASE, Office, found_network, give_tokens

from api.http.app import create_app
from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save
from node.member import Addresses, create_member, write_json
from node.node import Node
from node.settings import Settings
from node.store.projections import Member as MemberRow


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
                profile="0x" + new.profile.hash.hex(), rulebook="0x" + "00" * 32,
                successor="0x" + "00" * 32, admitted_block=1,
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
    own = {"Origin": address}  # as a browser says of a form from this page
    with httpx.Client(base_url=address, headers=own, trust_env=False, timeout=30) as client:
        yield client
