"""Which profiles count, and what a member with a broken one can do to the others: nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.peers import Peer, introduce, make_peers, set_status

from identity.acts.words import MemberStatus, Role
from node.exchange import tls
from node.exchange.directory import Directory
from node.exchange.errors import (
    MessageMalformed,
    PeerNotActive,
    PeerUnknown,
    ProfileNotHeld,
)
from node.exchange.receipts import check_receipt, give_receipt
from node.exchange.sealed import open_from, root_of, seal_for
from privacy.errors import EnvelopeDoesNotOpen

ROOT = "0x" + "ab" * 32


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Peer]]:
    roles = {"one": Role.SHIPPER, "two": Role.BANK}
    peers = make_peers(tmp_path_factory.mktemp("members"), roles)
    yield peers
    for peer in peers.values():
        peer.close()


@pytest.fixture
def one(peers: dict[str, Peer]) -> Iterator[Peer]:
    """A member whose directory reads every profile anew."""
    one, two = peers["one"], peers["two"]
    yield replace(one, directory=Directory(one.new.directory / "profiles", one.database))
    introduce(one, two.new)


@pytest.fixture
def two(peers: dict[str, Peer]) -> Peer:
    return peers["two"]


def profile_file(one: Peer, two: Peer) -> Path:
    return one.new.directory / "profiles" / f"{two.id}.json"


def test_a_profile_counts_while_its_hash_is_the_ledgers(one: Peer, two: Peer) -> None:
    assert one.directory.profile(two.id) == two.new.profile
    one.directory.check_certificate(two.new.profile.tls_certificates[0])
    assert two.new.profile.tls_certificates[0] in one.directory.certificates()


def test_a_changed_profile_is_as_good_as_none(one: Peer, two: Peer) -> None:
    path = profile_file(one, two)
    changed = json.loads(path.read_text())
    changed["endpoints"]["peers"] = "https://elsewhere:1"
    path.write_text(json.dumps(changed))
    with pytest.raises(ProfileNotHeld):
        one.directory.profile(two.id)
    with pytest.raises(PeerUnknown):
        one.directory.check_certificate(two.new.profile.tls_certificates[0])


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 10_000, b"\xff", b"1" * 400_000])
def test_a_file_that_is_no_profile_is_as_good_as_none(one: Peer, two: Peer, content: bytes) -> None:
    profile_file(one, two).write_bytes(content)
    with pytest.raises(ProfileNotHeld):
        one.directory.profile(two.id)


def test_a_profile_in_another_members_place_is_as_good_as_none(one: Peer, two: Peer) -> None:
    own = one.new.directory / "profiles" / f"{one.id}.json"
    profile_file(one, two).write_bytes(own.read_bytes())
    with pytest.raises(ProfileNotHeld):
        one.directory.message_key(two.id, "message")


def test_a_member_that_the_ledger_does_not_know_is_unknown(one: Peer) -> None:
    for member in ("0x" + "99" * 32, "", "../../etc/passwd", "x" * 10_000):
        with pytest.raises(PeerUnknown):
            one.directory.message_key(member, "message")
    with pytest.raises(PeerUnknown):
        one.directory.message_key(one.id, "no such key")


@pytest.mark.parametrize("status", [MemberStatus.SUSPENDED, MemberStatus.LEFT])
def test_a_member_that_is_not_active_is_told_apart_from_a_stranger(
    one: Peer, two: Peer, status: MemberStatus
) -> None:
    set_status(one, two, status)
    with pytest.raises(PeerNotActive):
        one.directory.profile(two.id)
    with pytest.raises(PeerNotActive):
        one.directory.check_certificate(two.new.profile.tls_certificates[0])
    assert two.new.profile.tls_certificates[0] not in one.directory.certificates()


def test_a_profile_with_bytes_that_are_no_certificate_does_not_stop_the_others(
    one: Peer, two: Peer
) -> None:
    junk = b"\x30\x03junk"
    certificates = [junk, *two.new.profile.tls_certificates]
    context = tls.server_context(tls.tls_files(one.new.directory), lambda: certificates)
    assert context.cert_store_stats()["x509"] == 1


def test_a_new_certificate_names_its_member_and_both_uses() -> None:
    from cryptography import x509

    der, _ = tls.make_tls("0x" + "12" * 32, ["127.0.0.1", "node.example"])
    certificate = x509.load_der_x509_certificate(der)
    assert certificate.subject.rfc4514_string() == "CN=" + "12" * 32
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert len(list(uses)) == 2


def test_a_tls_key_is_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    tls.write_tls(tmp_path, "0x" + "12" * 32)
    assert tls.tls_files(tmp_path).key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        tls.write_tls(tmp_path, "0x" + "12" * 32)


def test_a_receipt_holds_for_what_it_says_alone(one: Peer, two: Peer) -> None:
    key = two.keys.ed25519_key("message")
    receipt = give_receipt("document", ROOT, two.id, one.id, 1_800_000_000, "message", key)
    check_receipt(receipt, "document", ROOT, two.id, one.id, one.directory)
    for changed in (
        {"kind": "disclosure"}, {"root": "0x" + "cd" * 32}, {"at": 1}, {"to": two.id},
        {"outcome": "refused"}, {"receipt": 2}, {"more": 1},
    ):  # fmt: skip
        forged = receipt | {"statement": receipt["statement"] | changed}
        kind = str(changed.get("kind", "document"))
        root = str(changed.get("root", ROOT))
        with pytest.raises(MessageMalformed):
            check_receipt(forged, kind, root, two.id, one.id, one.directory)


@pytest.mark.parametrize(
    "junk", [None, [], {}, {"statement": {}, "kid": "message", "signature": "0x"}, "receipt"]
)
def test_an_answer_that_is_no_receipt_is_none(one: Peer, two: Peer, junk: object) -> None:
    with pytest.raises(MessageMalformed):
        check_receipt(junk, "document", ROOT, two.id, one.id, one.directory)


def test_a_receipt_by_another_members_key_is_refused(one: Peer, two: Peer) -> None:
    key = one.keys.ed25519_key("message")
    receipt = give_receipt("document", ROOT, two.id, one.id, 1_800_000_000, "message", key)
    with pytest.raises(MessageMalformed):
        check_receipt(receipt, "document", ROOT, two.id, one.id, one.directory)


def test_a_sealed_body_opens_for_its_kind_sender_receiver_and_root_alone(
    one: Peer, two: Peer
) -> None:
    key = two.keys.x25519_key("envelope")
    public = key.public_key().public_bytes_raw()
    body = seal_for("document", ROOT, one.id, two.id, public, b"content")
    assert root_of(body) == ROOT
    assert open_from("document", body, one.id, two.id, key) == b"content"
    for kind, changed, sender in (
        ("disclosure", body, one.id),
        ("document", bytes(32) + body[32:], one.id),
        ("document", body, two.id),
    ):
        with pytest.raises(EnvelopeDoesNotOpen):
            open_from(kind, changed, sender, two.id, key)
