"""A member's pages at localhost, a real server in a thread, and a browser before them."""

import json
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from time import time

import pytest
import uvicorn
from playwright.sync_api import Browser
from support.browsers import Person, running_browser
from support.office_node import CLOSED, PASSPHRASE, Office, found_network, give_tokens

from api.http.app import create_app
from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save
from node.member import Addresses, create_member, write_json
from node.node import Node
from node.people import accounts
from node.settings import Settings
from node.store.projections import Member as MemberRow


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
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
def pages(office: Office) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(office.node), lifespan="off", log_config=None)
    )
    thread = Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


@pytest.fixture
def person(browser: Browser, pages: str) -> Iterator[Callable[[], Person]]:
    """Somebody new at a browser, as often as asked."""
    come: list[Person] = []

    def comes() -> Person:
        come.append(Person(browser, pages))
        return come[-1]

    yield comes
    for each in come:
        each.close()


@pytest.fixture
def account(office: Office) -> Callable[[str], str]:
    """Make an account by its name; return the code that opens it."""

    def make(name: str) -> str:
        with office.node.db.begin() as session:
            return accounts.add(session, name, name.title(), ["clerk"], int(time()))

    return make
