"""Files go from member to member in parts over real mutual TLS, and go on where they stopped."""

import os
import time

import pytest
from sqlmodel import select
from support.peer_files import (
    announce,
    arriving,
    attach,
    owe_file,
    received,
    sealed_bytes_of,
    send_part,
    shared,
)
from support.peer_messages import delivery, owe
from support.peers import Peer, bill_number, issue, make_bill

from node.documents.attachments import Manifest
from node.documents.errors import ReaderNotEntitled, VaultDamaged
from node.errors import Waiting
from node.exchange import arriving as files
from node.exchange import limits
from node.exchange.errors import PeerRefused, PeerUnavailable
from node.exchange.parts import PART_BYTES
from node.store.audit import AuditRow
from node.store.documents import ACKNOWLEDGED, FAILED, WAITING, ArrivingRow, AttachmentRow

CONTENT = os.urandom(PART_BYTES) + b"Survey of 400 steel drums." * 60_000
Bill = tuple[str, str]


def code_of(
    error: pytest.ExceptionInfo[PeerUnavailable] | pytest.ExceptionInfo[PeerRefused],
) -> str:
    return str(error.value.facts["peer_code"])


def test_a_file_is_sent_in_parts_checked_kept_and_signed_for(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT)
    number = owe_file(carrier, manifest, shipper)
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert row.state == ACKNOWLEDGED
    assert row.receipt is not None
    assert row.receipt["statement"]["root"] == manifest.stream
    assert received(shipper, manifest) == CONTENT
    assert sealed_bytes_of(shipper, manifest) == sealed_bytes_of(carrier, manifest)
    assert arriving(shipper) == []
    with shipper.database.read() as session:
        verbs = session.exec(select(AuditRow.verb).where(AuditRow.object == bill[1])).all()
        assert session.exec(select(ArrivingRow)).all() == []
    assert verbs == ["Receive attachment"]


@pytest.mark.parametrize("size", [0, 1, 65_536, PART_BYTES])
def test_a_file_of_any_size_arrives(carrier: Peer, shipper: Peer, bill: Bill, size: int) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT[:size])
    number = owe_file(carrier, manifest, shipper)
    carrier.exchange.deliver(number)
    assert delivery(carrier, number).state == ACKNOWLEDGED
    assert received(shipper, manifest) == CONTENT[:size]


def test_a_file_goes_on_where_it_stopped(carrier: Peer, shipper: Peer, bill: Bill) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT)
    sealed = sealed_bytes_of(carrier, manifest)
    assert announce(carrier, manifest, shipper) == {"have": 0}
    assert send_part(carrier, manifest, shipper, 0, sealed[:700_000]) == {"have": 700_000}
    assert received(shipper, manifest) is None
    # Whoever was stopped: the receiver's answer says how far the file has come.
    assert announce(carrier, manifest, shipper) == {"have": 700_000}
    number = owe_file(carrier, manifest, shipper)
    carrier.exchange.deliver(number)
    assert delivery(carrier, number).state == ACKNOWLEDGED
    assert received(shipper, manifest) == CONTENT


def test_parts_twice_late_and_out_of_order_change_nothing(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT)
    sealed = sealed_bytes_of(carrier, manifest)
    announce(carrier, manifest, shipper)

    def part(offset: int, count: int) -> object:
        return send_part(carrier, manifest, shipper, offset, sealed[offset : offset + count])

    assert part(500_000, 500_000) == {"have": 0}
    assert part(0, 500_000) == {"have": 500_000}
    assert part(0, 500_000) == {"have": 500_000}
    assert part(400_000, 500_000) == {"have": 500_000}
    assert part(500_000, 500_000) == {"have": 1_000_000}
    have = 1_000_000
    while have < len(sealed):
        answer = part(have, 900_000)
        have = min(have + 900_000, len(sealed))
    assert answer["statement"]["outcome"] == "stored"
    assert part(0, 500_000) == answer
    assert announce(carrier, manifest, shipper) == answer
    assert received(shipper, manifest) == CONTENT


def test_a_file_whose_bytes_are_not_those_announced_is_awaited_again(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT[:200_000])
    sealed = sealed_bytes_of(carrier, manifest)
    announce(carrier, manifest, shipper)
    wrong = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(PeerUnavailable) as caught:
        send_part(carrier, manifest, shipper, 0, wrong)
    assert code_of(caught) == "FILE_DAMAGED"
    assert announce(carrier, manifest, shipper) == {"have": 0}
    number = owe_file(carrier, manifest, shipper)
    carrier.exchange.deliver(number)
    assert received(shipper, manifest) == CONTENT[:200_000]


def test_a_file_that_does_not_open_as_announced_is_refused_for_good(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT[:1000])
    lying = Manifest(
        bill[1], manifest.stream, "a", "text/plain", 1000, "0x" + "77" * 32, manifest.key
    )
    announce(carrier, lying, shipper)
    with pytest.raises(PeerRefused) as caught:
        send_part(carrier, lying, shipper, 0, sealed_bytes_of(carrier, manifest))
    assert code_of(caught) == "MESSAGE_MALFORMED"
    assert received(shipper, manifest) is None
    assert arriving(shipper) == []
    assert not (shipper.new.directory / "vault" / manifest.stream[2:]).exists()


def test_a_damaged_file_is_not_sent(carrier: Peer, shipper: Peer, bill: Bill) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT)
    file = carrier.new.directory / "vault" / manifest.stream[2:]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    number = owe_file(carrier, manifest, shipper)
    with pytest.raises(VaultDamaged):
        carrier.exchange.deliver(number)
    assert received(shipper, manifest) is None
    file.write_bytes(whole)  # restored from a backup
    carrier.exchange.deliver(number)
    assert received(shipper, manifest) == CONTENT


def test_a_file_before_its_document_waits(carrier: Peer, shipper: Peer, bill: Bill) -> None:
    document = owe(carrier, bill[1], shipper)
    manifest = attach(carrier, bill[1], CONTENT[:1000])
    number = owe_file(carrier, manifest, shipper)
    with pytest.raises(Waiting):
        carrier.exchange.deliver(number)
    with pytest.raises(PeerUnavailable) as caught:  # and the receiver would not take it either
        announce(carrier, manifest, shipper)
    assert code_of(caught) == "WAITING"
    carrier.exchange.deliver(document)
    carrier.exchange.deliver(number)
    assert delivery(carrier, number).state == ACKNOWLEDGED


def test_a_member_that_is_no_reader_neither_gets_a_file_nor_can_push_one(
    carrier: Peer, shipper: Peer, customs: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT[:1000])
    with pytest.raises(ReaderNotEntitled):
        owe_file(carrier, manifest, customs)
    with pytest.raises(PeerRefused) as caught:
        announce(customs, manifest, shipper)
    assert code_of(caught) == "READER_NOT_ENTITLED"
    with pytest.raises(PeerUnavailable) as caught:
        send_part(customs, manifest, shipper, 0, b"x")
    assert code_of(caught) == "FILE_NOT_ANNOUNCED"


def test_a_receiver_that_has_a_file_sends_it_on_to_who_sent_the_document(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    carrier.serve()
    carrier.exchange.deliver(owe(carrier, bill[1], shipper))
    manifest = attach(shipper, bill[1], b"the shipper's certificate")
    number = owe_file(shipper, manifest, carrier)
    shipper.exchange.deliver(number)
    assert delivery(shipper, number).state == ACKNOWLEDGED
    assert received(carrier, manifest) == b"the shipper's certificate"
    shipper.exchange.close()
    carrier.stop()


def test_a_file_that_its_receiver_refuses_fails_and_can_be_owed_again(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifest = shared(carrier, shipper, bill[1], CONTENT[:1000])
    number = owe_file(carrier, manifest, shipper)
    with carrier.database.begin() as session:
        session.delete(session.get_one(AttachmentRow, manifest.stream))
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert (row.state, row.refusal) == (FAILED, "DOCUMENT_NOT_HELD")


def test_a_member_with_many_unfinished_files_is_told_to_wait(
    carrier: Peer, shipper: Peer, bill: Bill
) -> None:
    manifests = [
        shared(carrier, shipper, bill[1], CONTENT[:1000]) for _ in range(limits.FILES_ARRIVING + 1)
    ]
    for manifest in manifests[:-1]:
        assert announce(carrier, manifest, shipper) == {"have": 0}
    with pytest.raises(PeerUnavailable) as caught:
        announce(carrier, manifests[-1], shipper)
    assert (caught.value.facts["status"], code_of(caught)) == (429, "INTAKE_FULL")
    assert caught.value.facts["retry_after_seconds"] == 60
    # Those of which nothing came for a week are given up, and make room.
    long_ago = int(time.time()) - files.GIVEN_UP_SECONDS - 1
    for path in arriving(shipper):
        os.utime(path, (long_ago, long_ago))
    with shipper.database.begin() as session:
        for row in session.exec(select(ArrivingRow)):
            row.announced_at = long_ago
            session.add(row)
    assert announce(carrier, manifests[-1], shipper) == {"have": 0}
    assert len(arriving(shipper)) == 1
    with carrier.database.read() as session:
        assert session.get_one(AttachmentRow, manifests[0].stream).root == bill[1]


def test_one_file_from_two_members_is_kept_once(peers: dict[str, Peer], bill: Bill) -> None:
    carrier, shipper, consignee = (peers[name] for name in ("carrier", "shipper", "consignee"))
    manifest = shared(carrier, shipper, bill[1], CONTENT[:1000])
    carrier.exchange.deliver(owe_file(carrier, manifest, shipper))
    for sender in (carrier, shipper):
        number = owe(sender, bill[1], consignee)
        sender.exchange.deliver(number)
        file = owe_file(sender, manifest, consignee)
        sender.exchange.deliver(file)
        assert delivery(sender, file).state == ACKNOWLEDGED
    assert received(consignee, manifest) == CONTENT[:1000]
    with consignee.database.read() as session:
        rows = session.exec(select(AttachmentRow)).all()
    assert [row.stream for row in rows] == [manifest.stream]


def test_a_delivery_that_waits_is_a_row_and_no_more(carrier: Peer, shipper: Peer) -> None:
    root = issue(carrier, make_bill(bill_number()))[1]
    assert delivery(carrier, owe(carrier, root, shipper)).state == WAITING
