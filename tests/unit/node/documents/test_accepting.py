"""What must hold of a document before its title is accepted, and what an authority must be told."""

import secrets
from collections.abc import Iterator

import pytest
from sqlmodel import Session
from support.peers import (
    Peer,
    assign,
    bill_number,
    issue,
    make_bill,
    make_peers,
    numbering_of,
    title_row,
)

from identity.acts.words import KeyPurpose, Role, TitleKind, TitleState
from node.documents.delivery_order import build_delivery_order
from node.documents.errors import (
    DisclosureIncomplete,
    DocumentNotHeld,
    KindMismatch,
    NumberingInvalid,
    PartyMismatch,
    PortMismatch,
    SchemaRefused,
    SchemaUnknown,
)
from node.documents.package import Package
from node.documents.registry import DELIVERY_ORDER, TRANSPORT_DOCUMENT
from node.documents.rulebook import default_rulebook
from node.documents.service import tree_of
from node.documents.statutory import Disclosed
from node.errors import DisclosureMissing
from node.store.documents import DocumentRow
from node.store.projections import MemberKey, Title
from privacy.errors import PrivacyError

PORTS = default_rulebook().ports
PORT = PORTS["DEBRV"]
CONTAINER = "MAEU6543213"
ROLES = {"carrier": Role.CARRIER, "shipper": Role.SHIPPER, "customs": Role.CUSTOMS}
CODES = [{"codeListProvider": "ZZZ", "partyCode": "CODE"}]


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Peer]]:
    peers = make_peers(tmp_path_factory.mktemp("members"), ROLES)
    assign(peers, PORT, Role.CUSTOMS, peers["customs"])
    yield peers
    for peer in peers.values():
        peer.close()


@pytest.fixture(scope="module")
def carrier(peers: dict[str, Peer]) -> Peer:
    return peers["carrier"]


@pytest.fixture(scope="module")
def customs(peers: dict[str, Peer]) -> Peer:
    return peers["customs"]


@pytest.fixture
def session(peers: dict[str, Peer]) -> Iterator[Session]:
    """A shipper's transaction; nothing of it stays."""
    with peers["shipper"].database.read() as session:
        yield session


def hand(carrier: Peer, to: Peer, session: Session, root: str) -> None:
    """Put a carrier's document where a delivery would put it, after the same check."""
    with carrier.database.read() as own:
        package = carrier.documents.package(own, root)
    to.documents.check_package(session, package, root)
    to.documents.record(session, package, root, carrier.id, to.documents.keep(package, root))
    session.flush()


def received(peers: dict[str, Peer], session: Session, **changes: object) -> tuple[Title, Peer]:
    document = make_bill(bill_number())
    title, root = issue(peers["carrier"], document)
    hand(peers["carrier"], peers["shipper"], session, root)
    row = title_row(peers["carrier"], peers["shipper"], title, root, **changes)
    return row, peers["shipper"]


def test_a_title_whose_document_is_here_and_in_order_is_accepted(
    peers: dict[str, Peer], session: Session
) -> None:
    title, shipper = received(peers, session)
    assert shipper.documents.accept_check(session, title).containers == (CONTAINER,)


def test_a_title_whose_document_is_not_here_is_refused(
    peers: dict[str, Peer], session: Session
) -> None:
    title, shipper = received(peers, session)
    title.root = "0x" + "ee" * 32
    with pytest.raises(DocumentNotHeld):
        shipper.documents.accept_check(session, title)


def test_a_title_under_another_tag_for_the_same_document_is_refused(
    peers: dict[str, Peer], session: Session
) -> None:
    title, shipper = received(peers, session)
    title.id = "0x" + secrets.token_hex(32)
    with pytest.raises(NumberingInvalid):
        shipper.documents.accept_check(session, title)


def test_a_title_of_a_carrier_that_did_not_number_the_bill_is_refused(
    peers: dict[str, Peer], session: Session, customs: Peer
) -> None:
    title, shipper = received(peers, session)
    title.carrier = customs.id
    with pytest.raises(NumberingInvalid):
        shipper.documents.accept_check(session, title)


def test_a_numbering_key_that_the_ledger_does_not_have_numbers_nothing(
    peers: dict[str, Peer], session: Session, carrier: Peer
) -> None:
    title, shipper = received(peers, session)
    key = next(key for key, purpose in carrier.new.keys if purpose is KeyPurpose.NUMBERING)
    session.delete(session.get_one(MemberKey, (carrier.id, "0x" + key.hex())))
    session.flush()
    with pytest.raises(NumberingInvalid):
        shipper.documents.accept_check(session, title)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"kind": int(TitleKind.STRAIGHT)}, KindMismatch),
        ({"discharge": PORTS["CNSHA"]}, PortMismatch),
        ({"loading": PORTS["CNSHA"]}, PortMismatch),
        ({"party": "0x" + "aa" * 32}, PartyMismatch),
    ],
)
def test_a_title_that_says_other_than_its_bill_is_refused(
    peers: dict[str, Peer], session: Session, changes: dict, refusal: type[Exception]
) -> None:
    title, shipper = received(peers, session, **changes)
    with pytest.raises(refusal):
        shipper.documents.accept_check(session, title)


def test_an_endorsement_since_the_issue_may_name_another_party(
    peers: dict[str, Peer], session: Session
) -> None:
    title, shipper = received(peers, session, state=int(TitleState.LIVE), party="0x" + "aa" * 32)
    shipper.documents.accept_check(session, title)


def test_a_straight_bill_names_its_consignee_as_its_profile_does(
    peers: dict[str, Peer], session: Session, customs: Peer
) -> None:
    document = make_bill(bill_number()) | {"isToOrder": False}
    document["documentParties"] |= {
        "consignee": {"partyName": "shipper", "identifyingCodes": CODES}
    }
    title, root = issue(peers["carrier"], document)
    shipper = peers["shipper"]
    hand(peers["carrier"], shipper, session, root)
    straight = {"kind": int(TitleKind.STRAIGHT)}
    row = title_row(peers["carrier"], shipper, title, root, party=shipper.id, **straight)
    shipper.documents.accept_check(session, row)
    row.party = customs.id
    with pytest.raises(PartyMismatch):
        shipper.documents.accept_check(session, row)


def test_a_delivery_order_is_no_titles_document(
    peers: dict[str, Peer], session: Session, carrier: Peer
) -> None:
    title = "0x" + secrets.token_hex(32)
    document = build_delivery_order(
        order_number="DO-1", title=title, title_root=title, terminal=carrier.id, port="DEBRV",
        conditions={"freight": carrier.id}, containers=[CONTAINER],
    )  # fmt: skip
    shipper = peers["shipper"]
    stored = shipper.documents.store_own(session, document, DELIVERY_ORDER, title)
    with pytest.raises(KindMismatch):
        shipper.documents.accept_check(session, title_row(carrier, shipper, title, stored.root))


def test_an_own_document_that_fails_its_schema_is_not_kept(
    peers: dict[str, Peer], session: Session
) -> None:
    documents = peers["shipper"].documents
    vault = peers["shipper"].new.directory / "vault"
    before = set(vault.iterdir())
    with pytest.raises(SchemaRefused):
        documents.store_own(session, {"transportDocumentReference": "X"}, TRANSPORT_DOCUMENT)
    with pytest.raises(SchemaUnknown):
        documents.store_own(session, {"a": 1}, "lading-nothing-1")
    assert set(vault.iterdir()) == before


def test_a_package_is_read_as_it_was_written(carrier: Peer) -> None:
    number = bill_number()
    title, numbering = numbering_of(carrier, number)
    package = Package(TRANSPORT_DOCUMENT, make_bill(number), bytes(32), title, numbering)
    assert Package.from_bytes(package.to_bytes()) == package


def test_who_holds_a_document_has_its_numbering_in_the_database_and_nothing_else_of_it(
    peers: dict[str, Peer], session: Session, carrier: Peer
) -> None:
    title, _ = received(peers, session)
    row = session.get_one(DocumentRow, title.root)
    assert row.numbering is not None
    assert set(row.numbering) == {"carrier", "bill_number", "signature"}
    assert row.source_member == carrier.id


def disclosed(carrier: Peer, root: str, authority: Peer) -> Disclosed:
    with carrier.database.read() as session:
        return carrier.statutory.disclosed_to(session, root, authority.id)


def test_only_authorities_at_the_port_of_discharge_are_told(
    peers: dict[str, Peer], carrier: Peer, customs: Peer
) -> None:
    with carrier.database.read() as session:
        assert carrier.statutory.authorities(session, PORT, TRANSPORT_DOCUMENT) == [customs.id]
        assert carrier.statutory.authorities(session, PORTS["CNSHA"], TRANSPORT_DOCUMENT) == []
        assert carrier.statutory.authorities(session, PORT, DELIVERY_ORDER) == []


def test_an_authority_sets_no_condition_of_a_title_it_was_not_told_of(
    peers: dict[str, Peer], carrier: Peer, customs: Peer
) -> None:
    title, root = issue(carrier, make_bill(bill_number()))
    row = title_row(carrier, peers["shipper"], title, root)
    told = disclosed(carrier, root, customs)
    with customs.database.read() as session:
        with pytest.raises(DisclosureMissing):
            customs.statutory.require_disclosure(session, row)
        shown = customs.statutory.check(session, told.disclosure, root)
        digest = customs.statutory.keep(told, root, carrier.id)
        customs.statutory.record(session, told, shown, root, carrier.id, digest)
        session.flush()
        customs.statutory.require_disclosure(session, row)
        # Of another root, or by another sender, is to be told of something else.
        for other in (
            title_row(carrier, peers["shipper"], title, "0x" + "ab" * 32),
            title_row(customs, peers["shipper"], title, root),
        ):
            with pytest.raises(DisclosureMissing):
                customs.statutory.require_disclosure(session, other)
        elsewhere = title_row(carrier, peers["shipper"], title, root, discharge=PORTS["CNSHA"])
        customs.statutory.require_disclosure(session, elsewhere)  # nothing is due to it there


def test_a_member_to_which_no_rule_gives_anything_needs_no_disclosure(
    peers: dict[str, Peer], session: Session, carrier: Peer
) -> None:
    title = title_row(carrier, peers["shipper"], "0x" + "01" * 32, "0x" + "02" * 32)
    peers["shipper"].statutory.require_disclosure(session, title)
    assert peers["shipper"].statutory.missing(session) == []


def test_a_disclosure_shows_what_is_due_and_nothing_more(carrier: Peer, customs: Peer) -> None:
    _, root = issue(carrier, make_bill(bill_number()))
    told = disclosed(carrier, root, customs)
    shown = {field.path for field in told.disclosure.fields}
    assert "utilizedTransportEquipments.0.equipment.equipmentReference" in shown
    assert not any(path.startswith(("termsAndConditions", "charges")) for path in shown)
    assert Disclosed.from_bytes(told.to_bytes()) == told


def test_a_disclosure_of_another_document_or_of_too_little_is_refused(
    carrier: Peer, customs: Peer
) -> None:
    _, root = issue(carrier, make_bill(bill_number()))
    with carrier.database.read() as session:
        tree = tree_of(carrier.documents.package(session, root))
    little = tree.disclose(["transports.portOfDischarge.UNLocationCode"])
    with customs.database.read() as session:
        with pytest.raises(DisclosureIncomplete):
            customs.statutory.check(session, little, root)
        with pytest.raises(PrivacyError):
            customs.statutory.check(
                session, disclosed(carrier, root, customs).disclosure, "0x" + "cc" * 32
            )
