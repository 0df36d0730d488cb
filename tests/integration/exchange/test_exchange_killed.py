"""A file between two nodes that are killed with -9 in its middle: it goes on, and arrives whole."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.peer_files import arriving
from support.peer_messages import owe
from support.peer_processes import PeerProcess, make_members, start, wait_for
from support.peers import bill_number, issue, make_bill

from identity.acts.words import Role

CONTENT = os.urandom(1024 * 1024) * 60


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[PeerProcess, PeerProcess]]:
    peers = make_members(tmp_path, {"carrier": Role.CARRIER, "shipper": Role.SHIPPER})
    with ExitStack() as started:
        yield start(peers["carrier"], started), start(peers["shipper"], started)


def come(to: PeerProcess) -> int:
    """How many bytes of the file have come."""
    try:
        return sum(path.stat().st_size for path in arriving(to.peer))
    except FileNotFoundError:  # named meanwhile
        return 0


def test_either_side_may_be_killed_in_the_middle_of_a_file(
    nodes: tuple[PeerProcess, PeerProcess],
) -> None:
    carrier, shipper = nodes
    root = issue(carrier.peer, make_bill(bill_number()))[1]
    owe(carrier.peer, root, shipper.peer)
    wait_for(lambda: shipper.http.get(f"/v1/documents/{root}").status_code == 200)
    path = f"/v1/documents/{root}/attachments"
    kept = carrier.http.post(
        path, params={"name": "survey.bin"}, content=CONTENT,
        headers={"Idempotency-Key": secrets.token_hex(16)},
    ).json()  # fmt: skip
    sending = f"{path}/{kept['id']}/deliveries"
    carrier.http.post(sending, json={"to": shipper.peer.id}).raise_for_status()

    wait_for(lambda: come(shipper) > 5_000_000)
    shipper.kill()
    before = come(shipper)
    assert 0 < before < len(CONTENT)
    shipper.restart()
    wait_for(lambda: come(shipper) > before)
    carrier.kill()
    between = come(shipper)
    assert before < between < len(CONTENT)
    # What has come is no file yet: nobody fetches it, and what came stays.
    assert shipper.http.get(path).json() == {"attachments": []}
    assert come(shipper) >= between
    carrier.restart()

    def state() -> str:
        return str(carrier.http.post(sending, json={"to": shipper.peer.id}).json()["state"])

    wait_for(lambda: state() == "acknowledged")
    fetched = shipper.http.get(f"{path}/{kept['id']}")
    assert hashlib.sha256(fetched.content).digest() == hashlib.sha256(CONTENT).digest()
    assert [file["id"] for file in shipper.http.get(path).json()["attachments"]] == [kept["id"]]
    assert come(shipper) == 0
