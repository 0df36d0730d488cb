"""SM2 co-signatures between members' nodes: sent, kept, and demanded before an acceptance."""

import secrets
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlmodel import select
from support.authorities import NOW
from support.cosigned import DOMAIN, cosigned, offer
from support.paths import Path, end_extensions
from support.peer_messages import delivery
from support.peers import Peer

from identity.acts.typed import Act, digest, encode
from identity.certificates.assembling import Revoked
from identity.certificates.errors import RevocationUnknown
from identity.certificates.purposes import Kind, Purpose
from identity.certificates.roots import add_root
from identity.companions.companion import Companion
from identity.companions.errors import CompanionRefused
from identity.signer.client import SignedAct
from node.companions.errors import CompanionMissing, CompanionUnfit
from node.store.companions import CompanionRow
from node.store.documents import ACKNOWLEDGED, FAILED, FOR_COMPANION, DeliveryRow


def path_of(peer: Peer) -> Path:
    path = Path("sm2", Kind.ACTS, Purpose.ACTS)
    uris = [f"urn:lading:member:{peer.id}", "urn:lading:subject:acts"]
    draft = path.end_draft
    extensions = end_extensions(Kind.ACTS, path.end.public, path.issuing.public, uris)
    path.end_draft = type(draft)(**{**vars(draft), "extensions": extensions})
    return path


@pytest.fixture
def path(carrier: Peer, shipper: Peer) -> Path:
    """The carrier's authority, which the shipper trusts for the carrier."""
    path = path_of(carrier)
    pem = path.root_certificate().parsed.public_bytes(Encoding.PEM)
    add_root(shipper.new.directory / "trust", pem, carrier.id, [Purpose.ACTS])
    time.sleep(0.6)  # the directory is looked at twice a second
    return path


def signed_offer(carrier: Peer, shipper: Peer, path: Path) -> tuple[Act, Companion, str]:
    act, companion = cosigned(
        path, offer(carrier.id, bytes.fromhex(shipper.id[2:]), secrets.token_bytes(32))
    )
    return act, companion, "0x" + digest(DOMAIN, act).hex()


def keep(carrier: Peer, act: Act, companion: Companion) -> list[int]:
    """Keep it as the signing desk does; return the deliveries that it owes."""
    wire = encode(act, bytes(65))
    signed = SignedAct(act, digest(DOMAIN, act), bytes(20), wire, companion)
    companions = carrier.exchange.companions
    with carrier.database.begin() as session:
        companions.keep_own(session, signed)
        session.get_one(CompanionRow, "0x" + signed.digest.hex()).companion = companion.to_json()
    with carrier.database.read() as session:
        rows = session.exec(
            select(DeliveryRow).where(
                DeliveryRow.purpose == FOR_COMPANION, DeliveryRow.root == "0x" + signed.digest.hex()
            )
        )
        return [row.id for row in rows if row.id is not None]


def require(peer: Peer, hashed: str) -> None:
    with peer.database.read() as session:
        peer.exchange.companions.require(session, hashed)


def test_a_co_signature_comes_to_whom_the_act_names_and_lets_it_accept(
    carrier: Peer, shipper: Peer, path: Path
) -> None:
    act, companion, hashed = signed_offer(carrier, shipper, path)
    with pytest.raises(CompanionMissing):
        require(shipper, hashed)
    (number,) = keep(carrier, act, companion)
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert (row.state, row.to_member) == (ACKNOWLEDGED, shipper.id)
    require(shipper, hashed)


def test_a_certificate_that_is_revoked_meanwhile_is_refused(
    carrier: Peer, shipper: Peer, path: Path
) -> None:
    act, companion, hashed = signed_offer(carrier, shipper, path)
    (number,) = keep(carrier, act, companion)
    carrier.exchange.deliver(number)
    require(shipper, hashed)
    path.revoked = {path.end_draft.serial: Revoked(NOW, x509.ReasonFlags.key_compromise)}
    later, told, _ = signed_offer(carrier, shipper, path)
    newer = told.with_lists(each.der for each in path.lists(number=2))
    (number,) = keep(carrier, later, newer)
    carrier.exchange.deliver(number)
    with pytest.raises(CompanionRefused):
        require(shipper, hashed)


def test_without_lists_or_root_it_is_not_accepted(carrier: Peer, shipper: Peer) -> None:
    stranger = path_of(carrier)
    act, companion, hashed = signed_offer(carrier, shipper, stranger)
    (number,) = keep(carrier, act, companion)
    carrier.exchange.deliver(number)
    with pytest.raises(CompanionRefused):
        require(shipper, hashed)


def test_stale_lists_leave_it_unaccepted(carrier: Peer, shipper: Peer, path: Path) -> None:
    act, companion, hashed = signed_offer(carrier, shipper, path)
    stale = path.lists(next_update=NOW - 100)
    (number,) = keep(carrier, act, companion.with_lists(each.der for each in stale))
    carrier.exchange.deliver(number)
    with pytest.raises(RevocationUnknown):
        require(shipper, hashed)


def test_a_co_signature_of_another_members_act_is_refused_for_good(
    carrier: Peer, shipper: Peer, path: Path
) -> None:
    act, companion, hashed = signed_offer(carrier, shipper, path)
    content = carrier.exchange.companions
    (number,) = keep(carrier, act, companion)
    with carrier.database.begin() as session:
        row = session.get_one(CompanionRow, hashed)
        other = offer(carrier.id, bytes.fromhex(shipper.id[2:]), secrets.token_bytes(32))
        changed, _ = cosigned(path, other)
        row.act = {**row.act, "fields": {**row.act["fields"], "counter": 4}}
        session.add(row)
    carrier.exchange.deliver(number)
    row = delivery(carrier, number)
    assert (row.state, row.refusal) == (FAILED, "COMPANION_UNFIT")
    with pytest.raises(CompanionUnfit):
        content.take(b"{}", hashed, carrier.id)
    assert changed.fields["companion"] != act.fields["companion"]


def test_an_act_without_a_companion_owes_nothing(carrier: Peer, shipper: Peer) -> None:
    act = offer(carrier.id, bytes.fromhex(shipper.id[2:]), secrets.token_bytes(32))
    signed = SignedAct(act, digest(DOMAIN, act), bytes(20), encode(act, bytes(65)))
    with carrier.database.begin() as session:
        carrier.exchange.companions.keep_own(session, signed)
        assert session.get(CompanionRow, "0x" + signed.digest.hex()) is None
