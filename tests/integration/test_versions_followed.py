"""A second version of Titles: the follower goes on where the council's act says it stands."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rlp
from eth_abi.abi import encode as abi_encode
from eth_hash.auto import keccak
from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded
from ledger_process import running_ledger

from identity.acts.objects import VERSIONS
from identity.acts.typed import Act, digest, encode
from identity.acts.words import TitleKind, TitleState
from node.chain import artifacts
from node.chain.deploy import send, wait_final
from node.chain.follower import Follower
from node.chain.network import SUCCEEDED_NAMES, Network
from node.chain.rpc import data, read_bytes
from node.chain.versions import in_force
from node.chain.views import view
from node.store.database import Database
from node.store.projections import Title
from node.store.schema import upgrade

ROOT = b"\x55" * 32


@pytest.fixture
def founded(tmp_path: Path) -> Iterator[Founded]:
    with running_ledger(tmp_path) as url:
        network = Founded(url)
        yield network
        network.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()


def deploy_successor(founded: Founded) -> bytes:
    """Deploy Titles again, naming the one in force; return its address."""
    network, founder = founded.network, founded.founder
    count = founded.ledger.call("eth_getTransactionCount", data(founder.address), "latest")
    nonce = int(count, 16)
    before = [network.address("Network"), network.address("Titles")]
    code = artifacts.load("Titles").bytecode + abi_encode(["address", "address"], before)
    engine = network.profile
    sent = send(founded.ledger, founder, network.chain_id, nonce, b"", code, 25_000_000, engine)
    wait_final(founded.ledger, sent, engine)
    return keccak(rlp.encode([founder.address, nonce]))[-20:]


def activate(founded: Founded, titles: bytes) -> None:
    """Let two seats put the contracts in force with other Titles."""
    network = founded.network
    contracts = [titles if n == "Titles" else network.address(n) for n in SUCCEEDED_NAMES]
    wires = []
    for seat, key in list(founded.council.items())[:2]:
        header = {
            "principal": read_bytes(seat), "delegation": NOBODY, "object": VERSIONS, "counter": 1,
            "expires": int(time.time()) + 240, "companion": NOBODY,
        }  # fmt: skip
        act = Act("ActivateVersion", {**header, "version": 2, "contracts": contracts})
        wires.append(encode(act, key.sign(digest(network.domain("Network"), act))))
    founded.submit("Network", *wires)


def test_titles_are_followed_into_a_second_version(founded: Founded, store: Database) -> None:
    title, deadline = os.urandom(32), int(time.time()) + 3_600
    shipper = founded.members["shipper"].id
    _, wire = founded.act(
        "carrier", "Issue", title, 0, kind=int(TitleKind.ORDER), party=NOBODY, holder=shipper,
        deadline=deadline, loading=PORT_OF_LOADING, discharge=PORT_OF_DISCHARGE, root=ROOT,
    )  # fmt: skip
    founded.submit("Titles", wire)
    activate(founded, deploy_successor(founded))
    follow(founded, store)
    assert read(store, title).offer == "0x" + "00" * 32
    first, founded.network = founded.network, now_in_force(founded, store)
    terms = {"capacity": 1, "endorsement": 0, "deadline": deadline, "root": ROOT}
    offer, offered = founded.act("carrier", "Offer", title, 1, to=shipper, **terms)
    _, accepted = founded.act("shipper", "Accept", title, 2, offer=read_bytes(offer), root=ROOT)
    founded.submit("Titles", offered, accepted)
    new = founded.network
    founded.network = first  # what a node knows is the founding
    follow(founded, store)
    row = read(store, title)
    assert (row.state, row.holder, row.counter) == (TitleState.LIVE, data(shipper), 3)
    block = int(founded.ledger.call("eth_blockNumber"), 16)
    told = view(founded.ledger, new, "Titles", "titleOf", title, block=block)
    assert (told["state"], told["counter"]) == (row.state, row.counter)


def follow(founded: Founded, store: Database) -> None:
    follower = Follower(founded.ledger, store, founded.network)
    while follower.step():
        pass


def now_in_force(founded: Founded, store: Database) -> Network:
    with store.read() as session:
        return in_force(session, founded.network)


def read(store: Database, title: bytes) -> Title:
    with store.read() as session:
        return session.get_one(Title, data(title))
