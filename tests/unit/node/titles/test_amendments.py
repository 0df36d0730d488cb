"""An amended bill on its way: surrendered with it, consented to, put in place; and paper."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.offline import OfflineMember, fields_of, new_id, refused
from support.peers import make_bill

from identity.acts.words import Role, SurrenderPurpose, TitleKind, TitleState
from node.commands.bodies import NOBODY, to_hex
from node.documents.errors import DocumentNotHeld, KindMismatch, NumberingInvalid, PortMismatch
from node.errors import BodyInvalid
from node.store.documents import FOR_DISCLOSURE, DeliveryRow, DocumentRow
from node.store.projections import Title

AMENDMENT = int(SurrenderPurpose.AMENDMENT)


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    """A member that is carrier, holder and bank in one; each rule is tried apart."""
    member = OfflineMember(tmp_path_factory.mktemp("amendments"), "all", Role.CARRIER | Role.BANK)
    yield member
    member.node.close()


def amended_bill(member: OfflineMember, title: Title, **changes: Any) -> dict[str, Any]:
    with member.node.db.read() as session:
        bill: dict[str, Any] = member.node.documents.read_document(session, title.root)
    bill["consignmentItems"][0]["descriptionOfGoods"] = ["Other goods"]
    return bill | changes


def asked(member: OfflineMember, **given: Any) -> Title:
    """Let the node know an open amendment of a title, with the amended bill."""
    title = member.numbered()
    with member.node.db.read() as session:
        documents, bill = member.node.documents, amended_bill(member, title)
        kept = documents.keep_amended(session, bill, title)
    with member.node.db.begin() as session:
        documents.note_own(session, kept)
    terms = {
        "id": title.id, "carrier": member.id, "root": title.root, "amended": kept.root,
        "counterparty": member.id, "offer": new_id(), "offer_act": new_id(),
        "offer_purpose": AMENDMENT, "deadline": int(time.time()) + 600,
        "holder": member.other(), "controller": NOBODY,
    }  # fmt: skip
    return member.title(**terms | given)


def readers(member: OfflineMember, root: str) -> set[str]:
    rows = [row for row in member.rows(DeliveryRow) if row.root == root]
    return {row.to_member for row in rows if row.purpose != FOR_DISCLOSURE}


def test_the_amended_bill_goes_to_carrier_and_pledgee_before_the_surrender_is_signed(
    member: OfflineMember,
) -> None:
    carrier, bank = member.other(Role.CARRIER), member.other(Role.BANK)
    title = member.numbered(pledgee=bank, controller=bank)
    title = member.title(**title.model_dump() | {"carrier": carrier})
    bill = amended_bill(member, title)
    command = member.ask("Surrender", title=title.id, purpose="amendment", document=bill)
    assert command.act is not None
    fields = command.act["fields"]
    assert (fields["purpose"], fields["root"]) == (AMENDMENT, title.root)
    assert fields["amended"] not in (NOBODY, title.root)
    assert readers(member, fields["amended"]) == {carrier, bank}
    (row,) = member.work_for(command)
    assert len(row.payload["deliveries"]) == 2
    (kept,) = [row for row in member.rows(DocumentRow) if row.root == fields["amended"]]
    assert kept.title == title.id
    assert kept.numbering is not None


def test_an_amended_bill_keeps_number_kind_and_ports(member: OfflineMember) -> None:
    title = member.numbered()
    straight = member.numbered(kind=int(TitleKind.STRAIGHT))
    elsewhere = member.numbered(discharge=title.loading)
    for row, changes, error in (
        (title, {"transportDocumentReference": "ANOTHER1"}, NumberingInvalid),
        (straight, {}, KindMismatch),
        (elsewhere, {}, PortMismatch),
    ):
        bill = amended_bill(member, row, **changes)
        with pytest.raises(error):
            member.ask("Surrender", title=row.id, purpose="amendment", document=bill)


def test_an_amendment_and_nothing_else_comes_with_its_bill(member: OfflineMember) -> None:
    title = member.numbered()
    for purpose, document in (("amendment", None), ("paper", make_bill("X1")), ("other", None)):
        with pytest.raises(BodyInvalid):
            member.ask("Surrender", title=title.id, purpose=purpose, document=document)


def test_amendments_that_cannot_be_asked_for_are_refused_at_once(member: OfflineMember) -> None:
    bank = member.other(Role.BANK)
    numbered = member.numbered()
    document = amended_bill(member, numbered)
    given = {"root": numbered.root, "carrier": member.id}
    cases = {
        "NOT_THE_HOLDER": member.title(**given, holder=bank),
        "DEFAULT_RECORDED": member.title(**given, pledgee=bank, enforceable_from=1),
        "TITLE_FROZEN": member.title(**given, freezes=1),
        "WRONG_STATE": member.title(**given, state=int(TitleState.ISSUED)),
    }
    body = {"purpose": "amendment", "document": document}
    got = {refused(member, "Surrender", title=row.id, **body) for row in cases.values()}
    assert got == set(cases)


def test_the_carrier_amends_with_the_root_that_the_surrender_named(member: OfflineMember) -> None:
    title = asked(member)
    fields = fields_of(member, "Amend", title=title.id, offer=title.offer)
    assert (fields["offer"], fields["root"]) == (title.offer_act, title.amended)
    assert readers(member, title.amended) == {title.holder}


def test_a_pledged_title_is_amended_only_with_its_pledgees_consent(member: OfflineMember) -> None:
    bank = member.other(Role.BANK)
    open_, consented = asked(member, pledgee=bank), asked(member, pledgee=bank, consented=True)
    assert refused(member, "Amend", title=open_.id, offer=open_.offer) == "CONSENT_MISSING"
    fields = fields_of(member, "Amend", title=consented.id, offer=consented.offer)
    assert fields["root"] == consented.amended
    assert readers(member, consented.amended) == {consented.holder, bank}


def test_the_pledgee_consents_to_the_amended_root_once(member: OfflineMember) -> None:
    title = asked(member, pledgee=member.id)
    fields = fields_of(member, "ConsentAmendment", title=title.id, offer=title.offer)
    assert (fields["offer"], fields["amended"]) == (title.offer_act, title.amended)
    given = asked(member, pledgee=member.id, consented=True)
    body = {"title": given.id, "offer": given.offer}
    assert refused(member, "ConsentAmendment", **body) == "CONSENT_GIVEN"


@pytest.mark.parametrize("verb", ["Amend", "ConsentAmendment"])
def test_answers_to_no_such_amendment_are_refused_at_once(member: OfflineMember, verb: str) -> None:
    good = {"pledgee": member.id}
    cases = {
        "NO_OPEN_OFFER": member.title(**good, carrier=member.id),
        "PURPOSE_UNKNOWN": asked(member, **good, offer_purpose=int(SurrenderPurpose.PAPER)),
        "TITLE_FROZEN": asked(member, **good, freezes=1),
        "OFFER_LAPSED": asked(member, **good, deadline=1),
    }
    got = {refused(member, verb, title=row.id, offer=row.offer) for row in cases.values()}
    assert got == set(cases)
    title = asked(member, **good)
    assert refused(member, verb, title=title.id, offer=new_id()) == "AMENDMENT_MISMATCH"


@pytest.mark.parametrize("verb", ["Amend", "ConsentAmendment"])
def test_nobody_answers_for_a_bill_that_it_does_not_hold(member: OfflineMember, verb: str) -> None:
    title = asked(member, pledgee=member.id, amended=new_id())
    with pytest.raises(DocumentNotHeld):
        member.ask(verb, title=title.id, offer=title.offer)


def test_strangers_answer_no_amendment(member: OfflineMember) -> None:
    title = asked(member, carrier=member.other(Role.CARRIER))
    body = {"title": title.id, "offer": title.offer}
    assert refused(member, "Amend", **body) == "NOT_THE_CARRIER"
    assert refused(member, "ConsentAmendment", **body) == "NOT_THE_PLEDGEE"


def test_an_amendment_is_not_accepted_as_an_offer_is(member: OfflineMember) -> None:
    title = asked(member)
    assert refused(member, "Accept", title=title.id, offer=title.offer) == "PURPOSE_UNKNOWN"


def test_a_title_goes_to_paper_without_a_document_and_only_unpledged(member: OfflineMember) -> None:
    title = member.numbered()
    fields = fields_of(member, "Surrender", title=title.id, purpose="paper")
    assert (fields["purpose"], fields["amended"]) == (SurrenderPurpose.PAPER, NOBODY)
    enforcing = member.title(holder=member.other(), pledgee=member.id, enforceable_from=1)
    body = {"title": enforcing.id, "purpose": "paper"}
    assert refused(member, "Surrender", **body) == "PURPOSE_UNKNOWN"


def test_a_successor_holds_the_bill_before_a_title_is_surrendered_to_it(
    member: OfflineMember,
) -> None:
    successor = member.other(Role.CARRIER)
    absent = member.other(Role.CARRIER, successor=successor)
    title = member.title(carrier=absent, root=member.numbered().root)
    member.ask("Surrender", title=title.id)
    assert readers(member, title.root) == {successor}


def test_a_title_comes_back_from_paper_to_who_brought_it(member: OfflineMember) -> None:
    state = int(TitleState.PAPER)
    title = member.numbered(state=state, holder=NOBODY, controller=member.id)
    holder = member.other()
    fields = fields_of(member, "ReturnFromPaper", title=title.id, holder=holder)
    assert (fields["holder"], fields["root"]) == (holder, title.root)
    assert readers(member, title.root) == {holder}
    ask = {"title": title.id, "holder": holder}
    elsewhere = member.title(state=state, carrier=member.other())
    cases: dict[str, dict[str, Any]] = {
        "OFFER_TO_SELF": {"holder": member.id},
        "MEMBER_UNKNOWN": {"holder": new_id()},
        "WRONG_STATE": {"title": member.numbered().id},
        "NOT_THE_CARRIER": {"title": elsewhere.id},
    }
    assert {refused(member, "ReturnFromPaper", **ask | case) for case in cases.values()} == set(
        cases
    )


def test_only_the_pledgee_records_a_default_and_once(member: OfflineMember) -> None:
    pledged = member.title(holder=member.other(), pledgee=member.id)
    notice = to_hex(b"\x4e" * 32)
    assert fields_of(member, "RecordDefault", title=pledged.id, notice=notice)["notice"] == notice
    known = member.title(pledgee=member.id, enforceable_from=1)
    assert refused(member, "RecordDefault", title=known.id) == "DEFAULT_RECORDED"
    assert refused(member, "RecordDefault", title=member.title().id) == "NOT_THE_PLEDGEE"
