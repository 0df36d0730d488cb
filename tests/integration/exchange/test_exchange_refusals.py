"""What the peers listener refuses: strangers, forged, replayed and misdirected messages, junk."""

import json
import secrets
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from support.peer_messages import held, numbered, owe, package_of, post, refusal, sealed
from support.peers import (
    Peer,
    bill_number,
    make_bill,
    make_member,
    numbering_of,
    open_peer,
    set_status,
)

from identity.acts.words import MemberStatus, Role
from node.documents.package import Package
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import tree_of
from node.exchange import messages, tls
from node.exchange.errors import PeerNotActive
from node.exchange.receiving import DISCLOSURES, DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE, MAX_BODY_BYTES, seal_for

CONTAINER = "MAEU6543213"


def test_a_strangers_certificate_ends_the_connection(
    peers: dict[str, Peer], tmp_path: Path, carrier: Peer, shipper: Peer
) -> None:
    stranger = open_peer(*make_member(tmp_path, "stranger", Role.SHIPPER))
    with pytest.raises(httpx.TransportError):
        post(stranger, shipper, b"x" * 40, signer=carrier)
    stranger.close()


def test_a_connection_without_a_certificate_or_with_tls_1_2_is_refused(
    carrier: Peer, shipper: Peer
) -> None:
    bare = ssl.create_default_context()
    bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
    with tls.peer_client(bare) as client, pytest.raises(httpx.TransportError):
        client.get(shipper.url + "/peer/v1/profile")
    old = tls.client_context(
        tls.tls_files(carrier.new.directory), shipper.new.profile.tls_certificates
    )
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with tls.peer_client(old) as client, pytest.raises(httpx.TransportError):
        client.get(shipper.url + "/peer/v1/profile")


def test_a_sender_hangs_up_on_a_server_that_is_not_the_receiver(
    carrier: Peer, shipper: Peer, customs: Peer
) -> None:
    pinned = tls.client_context(
        tls.tls_files(carrier.new.directory), customs.new.profile.tls_certificates
    )
    with tls.peer_client(pinned) as client, pytest.raises(httpx.ConnectError):
        client.get(shipper.url + "/peer/v1/profile")


def test_the_signature_and_not_the_connection_says_who_speaks(
    carrier: Peer, customs: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    answer = post(customs, shipper, body, signer=carrier)
    assert answer.json()["statement"]["to"] == carrier.id


def test_a_tampered_body_is_refused(carrier: Peer, shipper: Peer, bill: tuple[str, str]) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    headers = messages.sign(
        shipper.url + DOCUMENTS, body, CONTENT_TYPE, carrier.id, "message",
        carrier.keys.ed25519_key("message"),
    )  # fmt: skip
    changed = body[:-1] + bytes([body[-1] ^ 1])
    assert refusal(post(carrier, shipper, changed, headers=headers)) == (
        401, "PEER_SIGNATURE_INVALID",
    )  # fmt: skip
    assert not held(shipper, root)


def test_a_replayed_message_is_refused(carrier: Peer, shipper: Peer, bill: tuple[str, str]) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    headers = messages.sign(
        shipper.url + DOCUMENTS, body, CONTENT_TYPE, carrier.id, "message",
        carrier.keys.ed25519_key("message"),
    )  # fmt: skip
    assert post(carrier, shipper, body, headers=headers).status_code == 200
    assert refusal(post(carrier, shipper, body, headers=headers)) == (409, "MESSAGE_REPLAYED")


def test_a_message_for_one_member_is_refused_by_another(
    carrier: Peer, shipper: Peer, customs: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    headers = messages.sign(
        shipper.url + DOCUMENTS, body, CONTENT_TYPE, carrier.id, "message",
        carrier.keys.ed25519_key("message"),
    )  # fmt: skip
    passed_on = headers | {"Host": shipper.url.removeprefix("https://")}
    assert refusal(post(carrier, customs, body, headers=passed_on)) == (421, "WRONG_RECEIVER")
    assert refusal(post(carrier, customs, body, headers=headers))[1] == "PEER_SIGNATURE_INVALID"
    # Signed anew for customs, what was sealed for the shipper still does not open.
    assert refusal(post(carrier, customs, body)) == (422, "NOT_A_READER")


def test_a_member_cannot_pass_off_what_another_sealed_as_its_own(
    carrier: Peer, shipper: Peer, customs: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    assert refusal(post(customs, shipper, body)) == (422, "ENVELOPE_DOES_NOT_OPEN")
    renamed = bytes(32) + body[32:]
    assert refusal(post(carrier, shipper, renamed)) == (422, "ENVELOPE_DOES_NOT_OPEN")


def test_a_suspended_member_is_neither_heard_nor_sent_to(
    peers: dict[str, Peer], shipper: Peer, bill: tuple[str, str]
) -> None:
    bank, carrier = peers["bank"], peers["carrier"]
    body = sealed(bank, shipper, numbered(carrier))
    set_status(shipper, bank, MemberStatus.SUSPENDED)
    set_status(carrier, bank, MemberStatus.SUSPENDED)
    try:
        assert refusal(post(bank, shipper, body)) == (403, "PEER_NOT_ACTIVE")
        assert refusal(post(carrier, shipper, body, signer=bank)) == (403, "PEER_NOT_ACTIVE")
        with pytest.raises(PeerNotActive):
            carrier.exchange.deliver(owe(carrier, bill[1], bank))
    finally:
        set_status(shipper, bank, MemberStatus.ACTIVE)
        set_status(carrier, bank, MemberStatus.ACTIVE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema_id": "lading-unknown-1"}, "SCHEMA_UNKNOWN"),
        ({"document": {"transportDocumentReference": "X"}}, "SCHEMA_REFUSED"),
        ({"numbering": None}, "NUMBERING_INVALID"),
        ({"title": "0x" + "ab" * 32}, "NUMBERING_INVALID"),
    ],
)
def test_a_package_that_does_not_hold_is_refused_with_its_reason(
    carrier: Peer, shipper: Peer, change: dict[str, object], code: str
) -> None:
    package = numbered(carrier, **change)
    root = "0x" + ("11" * 32 if code == "SCHEMA_UNKNOWN" else tree_of(package).root.hex())
    assert refusal(post(carrier, shipper, sealed(carrier, shipper, package, root))) == (422, code)
    assert not held(shipper, root)


def test_a_wrong_check_digit_is_refused(carrier: Peer, shipper: Peer) -> None:
    number = bill_number()
    title, numbering = numbering_of(carrier, number)
    text = json.dumps(make_bill(number)).replace(CONTAINER, "MAEU6543210")
    package = Package(
        TRANSPORT_DOCUMENT, json.loads(text), secrets.token_bytes(32), title, numbering
    )
    answer = post(carrier, shipper, sealed(carrier, shipper, package))
    assert refusal(answer) == (422, "CONTAINER_CHECK_DIGIT_WRONG")


def test_a_document_under_another_root_is_refused(carrier: Peer, shipper: Peer) -> None:
    body = sealed(carrier, shipper, numbered(carrier), root="0x" + "cd" * 32)
    assert refusal(post(carrier, shipper, body)) == (422, "ROOT_MISMATCH")
    assert not held(shipper, "0x" + "cd" * 32)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    carrier: Peer, shipper: Peer
) -> None:
    context = tls.client_context(
        tls.tls_files(carrier.new.directory), shipper.new.profile.tls_certificates
    )
    address = ("127.0.0.1", shipper.port)
    with socket.create_connection(address) as raw, context.wrap_socket(raw) as connection:
        connection.sendall(
            f"POST {DOCUMENTS} HTTP/1.1\r\nHost: 127.0.0.1:{shipper.port}\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode()
        )
        answer = connection.recv(4096)
    assert b" 413 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "body",
    [b"", b"x", bytes(32), bytes(33), bytes(32) + b"LDE1" + bytes(200), b"{}" * 100],
)
@pytest.mark.parametrize("path", [DOCUMENTS, DISCLOSURES])
def test_hostile_bodies_are_refused_and_never_a_failure_of_the_node(
    carrier: Peer, shipper: Peer, body: bytes, path: str
) -> None:
    assert 400 <= refusal(post(carrier, shipper, body, path=path))[0] < 500


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"[]", b"{}", b"1" * 5000, b"[" * 5000, b'{"package":1}', b"null",
        b'{"package":true,"schema":[],"document":7,"seed":0,"title":{},"numbering":[]}',
        b'{"disclosed":1,"title":"0x","disclosure":{}}',
        b'{"disclosed":1,"title":"0x' + b"11" * 32 + b'","disclosure":{"disclosure":1}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["document", "disclosure"])
def test_hostile_contents_are_refused_and_never_a_failure_of_the_node(
    carrier: Peer, customs: Peer, content: bytes, kind: str
) -> None:
    key = customs.keys.x25519_key("envelope").public_key().public_bytes_raw()
    body = seal_for(kind, "0x" + "11" * 32, carrier.id, customs.id, key, content)
    path = DOCUMENTS if kind == "document" else DISCLOSURES
    assert refusal(post(carrier, customs, body, path=path))[0] == 422


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (415, "MEDIA_TYPE_UNKNOWN")),
        ({"Content-Type": CONTENT_TYPE}, (401, "PEER_SIGNATURE_INVALID")),
        ({"Content-Type": CONTENT_TYPE, "Signature": "a=:AA==:", "Signature-Input": "a=()"},
         (401, "PEER_SIGNATURE_INVALID")),
        ({"Content-Type": CONTENT_TYPE, "Signature": "\x7f", "Signature-Input": "((((" * 500},
         (401, "PEER_SIGNATURE_INVALID")),
    ],
)  # fmt: skip
def test_hostile_headers_are_refused_and_never_a_failure_of_the_node(
    carrier: Peer, shipper: Peer, headers: dict[str, str], expected: tuple[int, str | None]
) -> None:
    answer = post(carrier, shipper, b"x" * 40, headers=headers or {"X-Nothing": "1"})
    assert refusal(answer) == expected


def test_routes_that_are_not_there_are_answered_with_a_code(carrier: Peer, shipper: Peer) -> None:
    answer = post(carrier, shipper, b"x", path="/peer/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "NO_ROUTE")


def test_a_disclosure_that_leaves_out_what_is_due_is_refused(
    carrier: Peer, customs: Peer, bill: tuple[str, str]
) -> None:
    from node.documents.statutory import Disclosed

    title, root = bill
    tree = tree_of(package_of(carrier, root))
    some = Disclosed(title, tree.disclose(["transports.portOfDischarge.UNLocationCode"]))
    body = seal_for(
        "disclosure", root, carrier.id, customs.id, carrier.directory.envelope_key(customs.id),
        some.to_bytes(),
    )  # fmt: skip
    answer = post(carrier, customs, body, path=DISCLOSURES)
    assert refusal(answer) == (422, "DISCLOSURE_INCOMPLETE")
