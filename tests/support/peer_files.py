"""Files beside documents, kept at one member and sent to another, for tests."""

import secrets
from pathlib import Path
from typing import Any

from support.peer_messages import owe
from support.peers import Peer

from node.documents import deliveries
from node.documents.attachments import Manifest
from node.exchange.arriving import ATTACHMENTS, PARTS
from node.exchange.parts import CONTENT_TYPE as PART_TYPE
from node.exchange.parts import part_body
from node.exchange.sealed import CONTENT_TYPE, seal_for
from node.store.documents import FOR_ATTACHMENT, AttachmentRow


def attach(peer: Peer, root: str, content: bytes) -> Manifest:
    """Keep a file beside a document, as the API does."""
    writer = peer.attachments.write(root)
    writer.write(content)
    manifest, digest = peer.attachments.seal(writer.finish(), root, "survey.bin", "text/plain")
    with peer.database.begin() as session:
        key = secrets.token_hex(8)
        peer.attachments.note_own(session, manifest, digest, "clerk@test", "clerk", key)
    return manifest


def owe_file(sender: Peer, manifest: Manifest, to: Peer) -> int:
    with sender.database.begin() as session:
        row = session.get_one(AttachmentRow, manifest.stream)
        return deliveries.owe_attachment(session, row, to.id)


def shared(sender: Peer, to: Peer, root: str, content: bytes) -> Manifest:
    """A file at ``sender`` beside a document that ``to`` has."""
    sender.exchange.deliver(owe(sender, root, to))
    return attach(sender, root, content)


def sealed_bytes_of(peer: Peer, manifest: Manifest) -> bytes:
    return (peer.new.directory / "vault" / manifest.stream[2:]).read_bytes()


def announce(sender: Peer, manifest: Manifest, to: Peer) -> Any:
    """Announce a file by hand; return what the receiver answers."""
    key = to.keys.x25519_key("envelope").public_key().public_bytes_raw()
    body = seal_for(
        FOR_ATTACHMENT, manifest.stream, sender.id, to.id, key, manifest.to_bytes()
    )  # fmt: skip
    return sender.exchange.client.post(to.id, ATTACHMENTS, body, CONTENT_TYPE)


def send_part(sender: Peer, manifest: Manifest, to: Peer, offset: int, content: bytes) -> Any:
    body = part_body(manifest.stream, offset, content)
    return sender.exchange.client.post(to.id, PARTS, body, PART_TYPE)


def received(peer: Peer, manifest: Manifest) -> bytes | None:
    """What a member can read of a file; None where it does not hold it."""
    with peer.database.read() as session:
        row = session.get(AttachmentRow, manifest.stream)
    return None if row is None else b"".join(peer.attachments.read(peer.attachments.manifest(row)))


def arriving(peer: Peer) -> list[Path]:
    """The unfinished files in a member's vault."""
    return sorted((peer.new.directory / "vault").glob("*.arriving"))
