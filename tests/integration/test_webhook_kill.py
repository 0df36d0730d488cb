"""A node killed with -9 between a webhook's sending and its acknowledgement sends it again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlmodel import select
from support.office_node import CLOSED, PASSPHRASE, found_network
from support.webhook_receivers import Message, receiving

from identity.acts.words import Role
from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.chain.network import save
from node.events.reading import Filter
from node.events.stream import append
from node.events.subscribers import Owner, Wish, create
from node.member import Addresses, create_member, write_json
from node.node import Node
from node.settings import Settings
from node.store.events import WEBHOOK, EventRow, SubscriberRow

ENVIRONMENT = {PASSPHRASE_VARIABLE: PASSPHRASE}
ADMIN = Owner("admin@shipper", "admin", all=True)
SENDS = """
import sys, threading
from pathlib import Path
from node.node import Node
from node.settings import Settings
Node(Settings.load(Path(sys.argv[1]))).messengers().start()
threading.Event().wait()
"""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    directory = tmp_path / "shipper"
    addresses = Addresses("127.0.0.1", 8001, 8002, CLOSED)
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    create_member(directory, ("Aarhus", "奥胡斯"), Role.SHIPPER, addresses, passphrases)
    save(found_network(), directory / "network.json")
    settings = json.loads((directory / "settings.json").read_bytes())
    write_json(directory / "settings.json", settings | {"webhook_targets": "any"})
    return Node(Settings.load(directory), ENVIRONMENT)


def start(node: Node) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SENDS, str(node.settings.directory)]
    return subprocess.Popen(command, env=os.environ | ENVIRONMENT)


def test_what_was_sent_and_not_acknowledged_comes_again_under_the_same_id(node: Node) -> None:
    running: list[subprocess.Popen[bytes]] = []
    killed = threading.Event()

    def kill_once(_message: Message) -> None:
        if not killed.is_set():  # it has been sent, and is not answered yet
            os.kill(running[0].pid, signal.SIGKILL)
            running[0].wait()
            killed.set()

    with receiving(before=kill_once) as receiver:
        _, sealed = node.webhook_secrets.new()
        with node.db.begin() as session:
            create(session, ADMIN, Wish("erp", Filter(), 0, receiver.url, sealed))
            for _ in range(3):
                append(session, EventRow(at=1_900_000_000, kind="acted", verb="Offer"))
        running.append(start(node))
        assert killed.wait(60)
        with node.db.begin() as session:
            append(session, EventRow(at=1_900_000_000, kind="acted", verb="Offer"))
        running.append(start(node))
        try:
            messages = receiver.wait_for(3, seconds=60)
            until = time.monotonic() + 20
            while _acked(node) < 4:
                assert time.monotonic() < until
                time.sleep(0.02)
        finally:
            running[1].kill()
            running[1].wait()
    node.close()
    assert [message.positions for message in messages] == [[1, 2, 3], [1, 2, 3], [4]]
    assert messages[0].id == messages[1].id != messages[2].id
    assert messages[0].body == messages[1].body


def _acked(node: Node) -> int:
    with node.db.read() as session:
        return session.exec(select(SubscriberRow.acked).where(SubscriberRow.kind == WEBHOOK)).one()
