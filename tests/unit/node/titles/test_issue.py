"""What a bill becomes when it is issued, and which bills are refused."""

from collections.abc import Iterator

import pytest
from sqlmodel import select
from support.offline import LOADING, OfflineMember
from support.peers import bill_number, make_bill

from identity.acts.words import MemberStatus, Role, TitleKind
from node.commands.bodies import NOBODY
from node.documents.errors import BillNotATitle, PortUnknown, SchemaRefused
from node.errors import BillAlreadyIssued, ContractRefused, PartyUnknown
from node.store.commands import Command
from node.store.documents import DocumentRow
from privacy.errors import ContainerCheckDigitWrong


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    carrier = OfflineMember(tmp_path_factory.mktemp("issue"), "carrier", Role.CARRIER)
    yield carrier
    carrier.node.close()


def straight(consignee: str) -> dict:
    bill = make_bill(bill_number()) | {"isToOrder": False}
    bill["documentParties"]["consignee"] = {
        "partyName": consignee,
        "identifyingCodes": [{"codeListProvider": "ZZZ", "partyCode": "X"}],
    }
    return bill


def test_an_issue_has_the_bills_ports_kind_and_root_and_waits_for_its_number(
    carrier: OfflineMember,
) -> None:
    holder = carrier.other()
    command = carrier.ask("Issue", document=make_bill(bill_number()), holder=holder)
    assert command.act is not None
    fields = command.act["fields"]
    assert (fields["kind"], fields["party"], fields["holder"]) == (TitleKind.ORDER, NOBODY, holder)
    assert fields["loading"] == LOADING
    assert command.object is None
    assert {row.root for row in carrier.rows(DocumentRow)} >= {fields["root"]}
    assert [row.kind for row in carrier.work_for(command)] == ["number"]


def test_the_consignee_of_a_straight_bill_is_the_member_of_that_name(
    carrier: OfflineMember,
) -> None:
    command = carrier.ask("Issue", document=straight("carrier"), holder=carrier.other())
    assert command.act is not None
    assert command.act["fields"]["kind"] == TitleKind.STRAIGHT
    assert command.act["fields"]["party"] == carrier.id


def test_a_straight_bill_to_somebody_who_is_no_member_is_refused(carrier: OfflineMember) -> None:
    with pytest.raises(PartyUnknown):
        carrier.ask("Issue", document=straight("Nobody & Sons"), holder=carrier.other())


def test_a_number_is_claimed_until_its_command_ends_in_vain(carrier: OfflineMember) -> None:
    bill, holder = make_bill(bill_number()), carrier.other()
    first = carrier.ask("Issue", document=bill, holder=holder)
    with pytest.raises(BillAlreadyIssued) as refused:
        carrier.ask("Issue", document=bill, holder=holder)
    assert refused.value.facts["command"] == first.id
    with carrier.node.db.begin() as session:
        session.exec(select(Command).where(Command.id == first.id)).one().claim = None
    carrier.ask("Issue", document=bill, holder=holder)


@pytest.mark.parametrize(
    ("status", "code"),
    [(MemberStatus.SUSPENDED, "MEMBER_NOT_ACTIVE"), (None, "MEMBER_UNKNOWN")],
)
def test_a_holder_who_cannot_accept_is_refused(
    carrier: OfflineMember, status: MemberStatus | None, code: str
) -> None:
    holder = "0x" + "ee" * 32 if status is None else carrier.other(status=status)
    with pytest.raises(ContractRefused) as refused:
        carrier.ask("Issue", document=make_bill(bill_number()), holder=holder)
    assert refused.value.code == code


def test_a_carrier_does_not_issue_to_itself(carrier: OfflineMember) -> None:
    with pytest.raises(ContractRefused) as refused:
        carrier.ask("Issue", document=make_bill(bill_number()), holder=carrier.id)
    assert refused.value.code == "OFFER_TO_SELF"


def test_a_member_that_is_no_carrier_does_not_issue(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shipper = OfflineMember(tmp_path_factory.mktemp("issue"), "shipper", Role.SHIPPER)
    with pytest.raises(ContractRefused) as refused:
        shipper.ask("Issue", document=make_bill(bill_number()), holder=shipper.other())
    assert refused.value.code == "ROLE_MISSING"
    shipper.node.close()


def test_a_bill_with_a_fault_is_refused_and_nothing_is_kept(carrier: OfflineMember) -> None:
    holder, before = carrier.other(), len(carrier.rows(DocumentRow))
    wrong_digit = make_bill(bill_number())
    wrong_digit["utilizedTransportEquipments"][0]["equipment"]["equipmentReference"] = "MAEU6543210"
    elsewhere = make_bill(bill_number())
    elsewhere["transports"]["portOfDischarge"]["UNLocationCode"] = "USNYC"
    for bill, kind in (
        (wrong_digit, ContainerCheckDigitWrong),
        (elsewhere, PortUnknown),
        (make_bill(bill_number()) | {"transportDocumentTypeCode": "SWB"}, BillNotATitle),
        (make_bill(bill_number()) | {"isToOrder": "yes"}, SchemaRefused),
    ):
        with pytest.raises(kind):
            carrier.ask("Issue", document=bill, holder=holder)
    assert len(carrier.rows(DocumentRow)) == before
