"""Members deliver documents over real mutual TLS on loopback, with real keys and databases."""

import secrets
import threading
from pathlib import Path

import httpx
import pytest
from sqlmodel import select
from support.peer_messages import delivery, held, numbered, owe, package_of, post, sealed
from support.peers import (
    DISCHARGE,
    Peer,
    bill_number,
    make_bill,
    make_member,
    numbering_of,
    open_peer,
    title_row,
)

from identity.acts.words import Role
from node.documents import deliveries
from node.documents.delivery_order import build_delivery_order
from node.documents.registry import DELIVERY_ORDER, TRANSPORT_DOCUMENT
from node.documents.rulebook import default_rulebook
from node.documents.service import tree_of
from node.errors import Waiting
from node.exchange import tls
from node.exchange.errors import PeerUnavailable
from node.exchange.receipts import check_receipt
from node.store.audit import AuditRow
from node.store.documents import (
    ACKNOWLEDGED,
    FAILED,
    WAITING,
    DocumentRow,
    OrderedContainerRow,
)

PORT = default_rulebook().ports[DISCHARGE]
CONTAINER = "MAEU6543213"
PUBLIC = {"rulebook.json"}


def test_a_document_is_delivered_checked_kept_and_signed_for(
    carrier: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    title, root = bill
    number = owe(carrier, root, shipper)
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert row.state == ACKNOWLEDGED
    check_receipt(row.receipt, "document", root, shipper.id, carrier.id, carrier.directory)
    assert package_of(shipper, root) == package_of(carrier, root)
    with shipper.database.read() as session:
        assert session.get_one(DocumentRow, root).source_member == carrier.id
        audit = session.exec(select(AuditRow).where(AuditRow.object == title)).all()
        assert [(row.verb, row.subject) for row in audit] == [("Receive document", carrier.id)]
        accepted = shipper.documents.accept_check(session, title_row(carrier, shipper, title, root))
        assert accepted.containers == (CONTAINER,)


def test_a_repeated_delivery_gets_the_same_receipt_and_has_one_effect(
    carrier: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    first, second = post(carrier, shipper, body), post(carrier, shipper, body)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()


def test_deliveries_of_one_document_at_the_same_moment_get_one_receipt(
    carrier: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    body = sealed(carrier, shipper, package_of(carrier, root))
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(post(carrier, shipper, body)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


def test_a_delivery_to_a_node_that_is_down_waits_and_is_sent_once_it_is_up(
    carrier: Peer, peers: dict[str, Peer], bill: tuple[str, str]
) -> None:
    bank = peers["bank"]
    _, root = bill
    number = owe(carrier, root, bank)
    with pytest.raises(PeerUnavailable):
        carrier.exchange.deliver(number)
    with carrier.database.read() as session, pytest.raises(Waiting):
        deliveries.require_acknowledged(session, [number])
    bank.serve()
    carrier.exchange.deliver(number)
    carrier.exchange.deliver(number)
    with carrier.database.read() as session:
        deliveries.require_acknowledged(session, [number])
    carrier.exchange.close()
    bank.stop()


def test_a_bill_is_not_sent_before_it_is_numbered(carrier: Peer, shipper: Peer) -> None:
    with carrier.database.begin() as session:
        stored = carrier.documents.store_own(session, make_bill(bill_number()), TRANSPORT_DOCUMENT)
    number = owe(carrier, stored.root, shipper)
    with pytest.raises(Waiting):
        carrier.exchange.deliver(number)
    assert delivery(carrier, number).state == WAITING


def test_a_document_that_the_receiver_refuses_for_good_fails_what_waits_for_it(
    carrier: Peer, shipper: Peer
) -> None:
    document = make_bill(bill_number())
    title, numbering = numbering_of(carrier, bill_number())
    with carrier.database.begin() as session:
        stored = carrier.documents.store_own(session, document, TRANSPORT_DOCUMENT)
        carrier.documents.number(session, stored.root, title, numbering)
    number = owe(carrier, stored.root, shipper)
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert (row.state, row.refusal) == (FAILED, "NUMBERING_INVALID")
    with carrier.database.read() as session, pytest.raises(deliveries.DeliveryRefused):
        deliveries.require_acknowledged(session, [number])
    assert not held(shipper, stored.root)
    assert owe(carrier, stored.root, shipper) == number
    assert delivery(carrier, number).state == WAITING


def test_a_member_reads_the_profile_of_another(carrier: Peer, shipper: Peer) -> None:
    context = tls.client_context(
        tls.tls_files(carrier.new.directory), shipper.new.profile.tls_certificates
    )
    with tls.peer_client(context) as client:
        answer = client.get(shipper.url + "/peer/v1/profile")
    assert answer.json() == shipper.new.profile.to_json()


def test_a_member_that_joins_is_let_in_without_a_restart(
    peers: dict[str, Peer], tmp_path: Path, shipper: Peer, carrier: Peer
) -> None:
    from support.peers import introduce

    newcomer = open_peer(*make_member(tmp_path, "newcomer", Role.SHIPPER))
    introduce(shipper, newcomer.new)
    introduce(shipper, carrier.new)
    body = sealed(newcomer, shipper, numbered(carrier))
    assert post(newcomer, shipper, body).status_code == 200
    newcomer.close()


def test_authorities_are_sent_the_statutory_fields_and_find_the_container(
    carrier: Peer, customs: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    title, root = bill
    with carrier.database.begin() as session:
        (number,) = carrier.statutory.tell(session, root, PORT)
    with customs.database.begin() as session:
        row = title_row(carrier, shipper, title, root)
        session.add(row)
        assert [found.id for found in customs.statutory.missing(session)] == [title]
        with pytest.raises(Exception, match="has not sent"):
            customs.statutory.require_disclosure(session, row)
    carrier.exchange.deliver(number)
    assert delivery(carrier, number).state == ACKNOWLEDGED
    assert not held(customs, root)
    with customs.database.read() as session:
        row = session.get_one(type(row), title)
        customs.statutory.require_disclosure(session, row)
        assert customs.statutory.missing(session) == []
        assert customs.statutory.titles_of_container(session, CONTAINER) == [title]
        told = customs.statutory.told(session, row)
    shown = {field.path: field.value for field in told.fields}
    assert shown["transports.portOfDischarge.UNLocationCode"] == DISCHARGE
    assert not any(path.startswith("termsAndConditions") for path in shown)
    with customs.database.begin() as session:
        session.delete(session.get_one(type(row), title))


def test_a_delivery_order_is_found_by_its_containers(carrier: Peer, shipper: Peer) -> None:
    title = "0x" + secrets.token_hex(32)
    document = build_delivery_order(
        order_number="DO-1",
        title=title,
        title_root="0x" + secrets.token_hex(32),
        terminal=shipper.id,
        port=DISCHARGE,
        conditions={"freight": carrier.id},
        containers=[CONTAINER],
    )
    with carrier.database.begin() as session:
        stored = carrier.documents.store_own(session, document, DELIVERY_ORDER, title)
    carrier.exchange.deliver(owe(carrier, stored.root, shipper))
    for peer in (carrier, shipper):
        with peer.database.read() as session:
            row = session.get_one(OrderedContainerRow, (CONTAINER, stored.root))
            assert row.title == title
            assert peer.documents.read_document(session, stored.root) == document


def test_a_full_disk_keeps_nothing_and_the_sender_tries_again(
    carrier: Peer, peers: dict[str, Peer], bill: tuple[str, str]
) -> None:
    import resource

    bank = peers["bank"]
    _, root = bill
    number = owe(carrier, root, bank)
    bank.serve()
    files = set((bank.new.directory / "vault").iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        # EFBIG on the vault's file, as a full disk would be ENOSPC; the databases stay below.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
        with pytest.raises(PeerUnavailable) as caught:
            carrier.exchange.deliver(number)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.facts["status"] == 507
    assert not held(bank, root)
    assert set((bank.new.directory / "vault").iterdir()) == files
    carrier.exchange.deliver(number)
    assert held(bank, root)
    carrier.exchange.close()
    bank.stop()


def test_nothing_of_a_document_is_found_at_a_member_that_it_was_not_for(
    carrier: Peer, shipper: Peer, peers: dict[str, Peer], bill: tuple[str, str]
) -> None:
    _, root = bill
    carrier.exchange.deliver(owe(carrier, root, shipper))
    with carrier.database.begin() as session:
        told = carrier.statutory.tell(session, root, PORT)
    for number in told:
        carrier.exchange.deliver(number)
    stranger, package = peers["consignee"].new.directory, package_of(carrier, root)
    tree = tree_of(package)
    secrets_of_it = [package.seed, package.seed.hex().encode(), bytes.fromhex(root[2:])]
    for shown in tree.disclose(tree.paths).fields:
        secrets_of_it += [shown.salt, shown.salt.hex().encode()]
        if isinstance(shown.value, str) and len(shown.value) > 8:
            secrets_of_it.append(shown.value.encode())
    for peer in (carrier, shipper):
        with peer.database.read() as session:
            digest = session.get_one(DocumentRow, root).vault_digest
        content = (peer.new.directory / "vault" / digest).read_bytes()
        secrets_of_it += [content[at : at + 32] for at in range(200, len(content) - 32, 4096)]
    files = [path for path in stranger.rglob("*") if path.is_file()]
    on_sqlite = not peers["consignee"].database.is_postgresql
    assert any(path.name.endswith("-wal") for path in files) == on_sqlite
    for path in files:
        if path.name not in PUBLIC:
            content = path.read_bytes()
            assert not [part for part in secrets_of_it if part in content], path


def test_a_receiver_keeps_no_plain_text_on_its_disk(
    carrier: Peer, shipper: Peer, bill: tuple[str, str]
) -> None:
    _, root = bill
    carrier.exchange.deliver(owe(carrier, root, shipper))
    package = package_of(carrier, root)
    parts = [package.seed, package.seed.hex().encode()]
    parts += [value.encode() for value in tree_of(package).fields.values()
              if isinstance(value, str) and " " in value]  # fmt: skip
    for path in shipper.new.directory.rglob("*"):
        if path.is_file() and path.name not in PUBLIC:
            content = path.read_bytes()
            assert not [part for part in parts if part in content], path
