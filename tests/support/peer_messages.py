"""Deliveries as a node makes them, and as nobody should, for tests."""

import secrets

import httpx
from support.peers import (
    Peer,
    bill_number,
    make_bill,
    numbering_of,
)

from node.documents import deliveries
from node.documents.package import Package
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import tree_of
from node.exchange import messages, tls
from node.exchange.receiving import DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE, seal_for
from node.store.documents import FOR_DOCUMENT, DeliveryRow


def owe(sender: Peer, root: str, to: Peer) -> int:
    with sender.database.begin() as session:
        return deliveries.owe(session, root, to.id, FOR_DOCUMENT)


def delivery(sender: Peer, number: int) -> DeliveryRow:
    with sender.database.read() as session:
        return session.get_one(DeliveryRow, number)


def held(peer: Peer, root: str) -> bool:
    with peer.database.read() as session:
        return peer.documents.holds(session, root)


def package_of(peer: Peer, root: str) -> Package:
    with peer.database.read() as session:
        return peer.documents.package(session, root)


def post(
    sender: Peer,
    to: Peer,
    body: bytes,
    *,
    signer: Peer | None = None,
    headers: dict[str, str] | None = None,
    path: str = DOCUMENTS,
) -> httpx.Response:
    """Send raw bytes with the sender's certificate and, unless told, its signature."""
    signer = signer or sender
    context = tls.client_context(
        tls.tls_files(sender.new.directory), to.new.profile.tls_certificates
    )
    signed = headers or messages.sign(
        to.url + path, body, CONTENT_TYPE, signer.id, "message", signer.keys.ed25519_key("message")
    )
    with tls.peer_client(context) as client:
        return client.post(to.url + path, content=body, headers=signed)


def sealed(sender: Peer, to: Peer, package: Package, root: str | None = None) -> bytes:
    root = root or "0x" + tree_of(package).root.hex()
    key = to.keys.x25519_key("envelope").public_key().public_bytes_raw()
    return seal_for("document", root, sender.id, to.id, key, package.to_bytes())


def numbered(carrier: Peer, **changes: object) -> Package:
    """A package that a carrier could send, with some of it changed."""
    number = bill_number()
    title, numbering = numbering_of(carrier, number)
    parts: dict[str, object] = {
        "schema_id": TRANSPORT_DOCUMENT,
        "document": make_bill(number),
        "seed": secrets.token_bytes(32),
        "title": title,
        "numbering": numbering,
    }
    return Package(**(parts | changes))  # type: ignore[arg-type]


def refusal(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["what_to_do"]
    return response.status_code, problem["code"]
