"""What goes from node to node: cut off, twice, out of order, a day late."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from faults.clocks import DAY_SECONDS, shifted
from faults.kills import trap_for
from faults.kinds import kind
from faults.world import SECRET, File, Member, World, wait_for
from sqlmodel import col, select
from support.peers import PASSPHRASE

from identity.keys.keystore import PASSPHRASE_VARIABLE
from node.exchange import messages
from node.exchange.arriving import ATTACHMENTS, PARTS
from node.exchange.parts import CONTENT_TYPE as PART_TYPE
from node.exchange.parts import PART_BYTES, part_body
from node.exchange.receiving import DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE, seal_for
from node.exchange.tls import client_context, peer_client, tls_files
from node.node import Node
from node.settings import Settings
from node.store.documents import (
    ACKNOWLEDGED,
    FOR_ATTACHMENT,
    FOR_DOCUMENT,
    WAITING,
    AttachmentRow,
    DeliveryRow,
    DocumentRow,
)

LARGE_BYTES = 8 * 2**20
STALL_BYTES = 3 * 2**20
HANDSHAKE_BYTES = 5_000
OF_A_FILE = 64 * 1024


def hand_in(member: Member, root: str, content: bytes) -> str:
    """Keep a file beside a document; return its id."""
    answer = member.ask(
        "POST", f"/v1/documents/{root}/attachments", params={"name": "survey.bin"},
        content=content, headers={"Idempotency-Key": secrets.token_hex(16)}, timeout=120,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def send_file(world: World, sender: Member, receiver: Member, root: str, content: bytes) -> File:
    """Hand a file in and have it sent; it is noted as one that must arrive."""
    stream = hand_in(sender, root, content)
    path = f"/v1/documents/{root}/attachments/{stream}/deliveries"
    answer = sender.ask("POST", path, json={"to": receiver.id})
    assert answer.status_code == 202, answer.text
    file = File(sender.name, receiver.name, root, stream, content)
    world.files.append(file)
    return file


def secret_bytes(size: int) -> bytes:
    """Bytes that no file of the machine may hold in the clear."""
    return (SECRET.encode() + os.urandom(1000)) * (size // 1016 + 1)


def arrived(member: Member) -> int:
    """How many bytes have come of files that are not whole yet."""
    found = (member.directory / "vault").glob("*.arriving")
    return sum(path.stat().st_size for path in found)


def acknowledged(member: Member, what: str) -> bool:
    """Whether the receiver of a document or file has signed for it."""
    with member.database.read() as session:
        rows = session.exec(select(DeliveryRow).where(DeliveryRow.root == what)).all()
    return bool(rows) and all(row.state == ACKNOWLEDGED for row in rows)


@contextmanager
def stalled(world: World) -> Iterator[None]:
    """Let only some of what is sent to the shipper come through, for the body."""
    door = world.shipper.peers_door
    assert door is not None
    door.stalled_after = STALL_BYTES
    door.cut()  # what was open has sent some already
    try:
        yield
    finally:
        door.stalled_after = None


@kind("exchange: sender dies mid-file")
def sender_mid_file(world: World) -> None:
    """The sender's node dies when a part of a large file has gone out; it goes on from there."""
    _, root = world.held_title()
    work = world.carrier.programs["work"]
    with stalled(world):
        file = send_file(world, world.carrier, world.shipper, root, secret_bytes(LARGE_BYTES))
        come = wait_for(lambda: arrived(world.shipper), "some of the file has come", 90)
        work.kill()
    assert 0 < come <= STALL_BYTES < len(file.content)
    work.start()
    wait_for(lambda: acknowledged(world.carrier, file.id), "the file is acknowledged")


@kind("exchange: receiver dies mid-file")
def receiver_mid_file(world: World) -> None:
    """The receiver's node dies when a part of a large file has come; what came stays."""
    _, root = world.held_title()
    serve = world.shipper.programs["serve"]
    with stalled(world):
        file = send_file(world, world.carrier, world.shipper, root, secret_bytes(LARGE_BYTES))
        wait_for(lambda: arrived(world.shipper), "some of the file has come", 90)
        serve.kill()
        come = arrived(world.shipper)
    assert 0 < come < len(file.content)
    serve.start()
    wait_for(lambda: acknowledged(world.carrier, file.id), "the file is acknowledged")


@kind("exchange: received, no receipt")
def receiver_before_receipt(world: World) -> None:
    """The receiver dies when it has noted a file and its receipt is not out: the same again gets
    the same receipt."""
    _, root = world.held_title()
    trap = trap_for(world.carrier, "peers", "INSERT INTO given_receipt", "committed")
    file = send_file(world, world.shipper, world.carrier, root, secret_bytes(OF_A_FILE))
    trap.wait()
    world.carrier.programs["peers"].start()
    wait_for(lambda: acknowledged(world.shipper, file.id), "the file is acknowledged")


@kind("messages: each several times")
def answers_lost(world: World) -> None:
    """The shipper takes what it is sent and its answers are lost, so everything comes again."""
    door = world.shipper.peers_door
    assert door is not None
    _, root = world.held_title()
    before = door.lost
    door.loses_answers_after = HANDSHAKE_BYTES
    door.cut()
    try:
        item = world.issue()
        file = send_file(world, world.carrier, world.shipper, root, secret_bytes(OF_A_FILE))
        wait_for(lambda: door.lost >= before + 4, "answers are lost", 90)
        # The title's document is longer than what is answered. The file too; but where it has come,
        # its announcement alone is answered with the receipt, and that is short.
        assert world.command(item)["state"] == "accepted"
    finally:
        door.loses_answers_after = None
    world.final(item)
    wait_for(lambda: acknowledged(world.carrier, file.id), "the file is acknowledged")


class Hand:
    """Sends the carrier's own signed messages to the shipper, in whatever order."""

    def __init__(self, world: World) -> None:
        self._carrier, self._shipper = world.carrier, world.shipper
        environment = {PASSPHRASE_VARIABLE: PASSPHRASE}
        settings = Settings.load(world.bank.directory)  # anybody's; the carrier's stands below
        told = settings.model_dump() | {
            "directory": world.carrier.directory,
            "member": world.carrier.id,
            "database": world.carrier.database.url,
        }
        self.node = Node(Settings(**told), environment)
        context = client_context(
            tls_files(world.carrier.directory), world.shipper.new.profile.tls_certificates
        )
        self._client = peer_client(context)

    def signed(self, path: str, body: bytes, content_type: str) -> dict[str, str]:
        """Return the headers of a message that is signed now."""
        key = self.node.keys.ed25519_key("message")
        url = self._shipper.new.profile.peers_url + path
        return messages.sign(url, body, content_type, self._carrier.id, "message", key)

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        url = self._shipper.new.profile.peers_url + path
        return self._client.post(url, content=body, headers=headers)

    def sealed(self, purpose: str, what: str, content: bytes) -> bytes:
        key = self.node.directory.envelope_key(self._shipper.id)
        return seal_for(purpose, what, self._carrier.id, self._shipper.id, key, content)

    def package(self, root: str) -> bytes:
        with self.node.db.read() as session:
            return self.node.documents.package(session, root).to_bytes()

    def file(self, stream: str) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Return a file's manifest, and its sealed bytes in parts with their offsets."""
        with self.node.db.read() as session:
            manifest = self.node.attachments.manifest(session.get_one(AttachmentRow, stream))
        parts = []
        with self.node.attachments.streams.sealed(bytes.fromhex(stream[2:])) as read:
            for offset in range(0, manifest.sealed_size, PART_BYTES):
                parts.append((offset, read(offset, PART_BYTES)))
        return manifest.to_bytes(), parts

    def close(self) -> None:
        self._client.close()
        self.node.close()


def owed(world: World, count: int) -> list[DeliveryRow]:
    """Wait until the carrier owes the shipper so many documents; return the deliveries."""

    def rows() -> list[DeliveryRow] | None:
        query = select(DeliveryRow).where(
            DeliveryRow.state == WAITING, DeliveryRow.purpose == FOR_DOCUMENT
        )
        with world.carrier.database.read() as session:
            found = session.exec(query.order_by(col(DeliveryRow.id))).all()
        return list(found) if len(found) >= count else None

    return wait_for(rows, f"{count} documents wait for the shipper", 90)


@contextmanager
def held_back(world: World) -> Iterator[None]:
    """Let nothing reach the shipper until the carrier's own couriers are dead."""
    door = world.shipper.peers_door
    assert door is not None
    door.refuses = True
    door.cut()
    try:
        yield
        world.carrier.programs["work"].kill()
    finally:
        door.refuses = False


@kind("messages: out of order, replayed")
def out_of_order(world: World) -> None:
    """Parts before their file is announced, a file before its document, documents in reverse,
    parts in reverse, the same signed message again: what can be taken is taken once."""
    _, root = world.held_title()
    with held_back(world):
        items = [world.issue() for _ in range(3)]
        rows = owed(world, 3)
        old = send_file(world, world.carrier, world.shipper, root, secret_bytes(3 * PART_BYTES))
        new = send_file(world, world.carrier, world.shipper, rows[0].root, secret_bytes(OF_A_FILE))
    hand = Hand(world)
    try:
        _send_in_disorder(hand, [row.root for row in rows], old.id, new.id)
    finally:
        hand.close()
    with world.shipper.database.read() as session:
        held = set(session.exec(select(DocumentRow.root)))
    assert {row.root for row in rows} <= held
    world.carrier.programs["work"].start()
    for item in items:
        world.final(item)
    for file in (old, new):
        wait_for(lambda f=file: acknowledged(world.carrier, f.id), "the file is acknowledged")  # type: ignore[misc]


def _send_in_disorder(hand: Hand, roots: list[str], old: str, new: str) -> None:
    def told(path: str, body: bytes, kind_of_content: str) -> tuple[int, Any]:
        headers = hand.signed(path, body, kind_of_content)
        answer = hand.send(path, body, headers)
        again = hand.send(path, body, headers)
        assert (again.status_code, again.json()["code"]) == (409, "MESSAGE_REPLAYED"), again.text
        return answer.status_code, answer.json()

    manifest, parts = hand.file(old)
    unannounced = told(PARTS, part_body(old, *parts[-1]), PART_TYPE)
    assert unannounced[0] >= 400, unannounced
    early, _ = hand.file(new)
    too_early = told(ATTACHMENTS, hand.sealed(FOR_ATTACHMENT, new, early), CONTENT_TYPE)
    assert too_early[0] >= 400, too_early
    receipts = []
    for root in reversed(roots):
        for _ in range(2):
            body = hand.sealed(FOR_DOCUMENT, root, hand.package(root))
            status, receipt = told(DOCUMENTS, body, CONTENT_TYPE)
            assert status == 200, receipt
            receipts.append(receipt)
    assert receipts[0::2] == receipts[1::2], "the same document twice has two receipts"
    announced = told(ATTACHMENTS, hand.sealed(FOR_ATTACHMENT, old, manifest), CONTENT_TYPE)
    assert announced == (200, {"have": 0}), announced
    for offset, content in reversed(parts):
        told(PARTS, part_body(old, offset, content), PART_TYPE)


@kind("messages: a day late")
def a_day_late(world: World) -> None:
    """A file waits 24 hours for its receiver and is taken; a message that was signed 24 hours ago
    is refused; then the clocks are right again, and nothing stands still."""
    _, root = world.held_title()
    with held_back(world):
        file = send_file(world, world.carrier, world.shipper, root, secret_bytes(OF_A_FILE))
    hand = Hand(world)
    body = hand.sealed(FOR_ATTACHMENT, file.id, hand.file(file.id)[0])
    headers = hand.signed(ATTACHMENTS, body, CONTENT_TYPE)
    late = [(world.carrier, "work"), (world.shipper, "serve")]
    try:
        with shifted(late, DAY_SECONDS):
            wait_for(world.shipper.well, "the shipper runs")
            answer = hand.send(ATTACHMENTS, body, headers)
            told = (answer.status_code, answer.json()["code"])
            assert told == (401, "PEER_SIGNATURE_INVALID"), answer.text
            wait_for(lambda: acknowledged(world.carrier, file.id), "the file arrives a day late")
    finally:
        hand.close()
    world.held_title()
