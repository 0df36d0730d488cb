"""The story's bill, and bills that are refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from node.documents.bill import Bill, read_bill
from node.documents.errors import BillInconsistent, BillNotATitle, SchemaRefused
from privacy.errors import ContainerCheckDigitWrong, ContainerNumberMalformed

PROJECT = Path(__file__).parents[4]
STORY_BILL = PROJECT / "tests/data/bill/transport-document.json"
CODES = [{"codeListProvider": "ZZZ", "partyCode": "CODE"}]
CONSIGNEE = {"partyName": "A consignee", "identifyingCodes": CODES}
ENDORSEE = {"partyName": "A bank", "identifyingCodes": CODES}


@pytest.fixture
def document():
    return json.loads(STORY_BILL.read_text())


def put_in_container(document, number: str) -> None:
    document["utilizedTransportEquipments"][0]["equipment"]["equipmentReference"] = number
    document["consignmentItems"][0]["cargoItems"][0]["equipmentReference"] = number


def broken_rule(document) -> str:
    with pytest.raises(BillInconsistent) as caught:
        read_bill(document)
    return caught.value.facts["rule"]


def test_the_committed_bill_is_what_the_script_builds() -> None:
    subprocess.run([sys.executable, PROJECT / "tools/build_bill.py", "--check"], check=True)


def test_the_storys_bill_is_a_blank_bill_to_order_of_one_container(document) -> None:
    assert read_bill(document) == Bill(
        number="HDMUAARB2401877",
        carrier_code="SMDG:HMM",
        kind="order",
        order_party=None,
        consignee=None,
        port_of_loading="DKAAR",
        port_of_discharge="DEBRV",
        containers=("MAEU6543213",),
        freight_term="PRE",
    )
    assert "PLACEHOLDER" not in json.dumps(document)


def test_the_samples_own_container_number_is_refused(document) -> None:
    put_in_container(document, "MAEU6543210")
    with pytest.raises(ContainerCheckDigitWrong):
        read_bill(document)


def test_a_container_without_an_iso_number_is_refused(document) -> None:
    put_in_container(document, "BOX 17")
    with pytest.raises(ContainerNumberMalformed):
        read_bill(document)


def test_a_bill_to_the_order_of_a_party_names_it(document) -> None:
    document["documentParties"]["endorsee"] = ENDORSEE
    assert read_bill(document).order_party == "A bank"


def test_a_straight_bill_names_its_consignee(document) -> None:
    document["isToOrder"] = False
    document["documentParties"]["consignee"] = CONSIGNEE
    bill = read_bill(document)
    assert (bill.kind, bill.order_party, bill.consignee) == ("straight", None, "A consignee")


def test_a_bill_to_order_with_a_consignee_is_refused(document) -> None:
    document["documentParties"]["consignee"] = CONSIGNEE
    assert broken_rule(document) == "order_has_no_consignee"


def test_a_straight_bill_with_an_endorsee_is_refused(document) -> None:
    document["isToOrder"] = False
    document["documentParties"] |= {"consignee": CONSIGNEE, "endorsee": ENDORSEE}
    assert broken_rule(document) == "straight_has_no_endorsee"


def test_a_straight_bill_without_a_consignee_is_refused(document) -> None:
    document["isToOrder"] = False
    assert broken_rule(document) == "straight_has_a_consignee"


def test_a_sea_waybill_is_no_title(document) -> None:
    document |= {"transportDocumentTypeCode": "SWB", "isToOrder": False}
    with pytest.raises(BillNotATitle):
        read_bill(document)


def test_a_paper_bill_is_refused(document) -> None:
    with pytest.raises(BillNotATitle):
        read_bill({**document, "isElectronic": False})


@pytest.mark.parametrize("status", ["DRAFT", "SURRENDERED_FOR_DELIVERY", "VOIDED", "VOID", "x"])
def test_a_bill_that_is_not_in_the_state_issued_is_refused(document, status: str) -> None:
    with pytest.raises(BillNotATitle):
        read_bill({**document, "transportDocumentStatus": status})


def test_a_port_without_a_code_is_refused(document) -> None:
    document["transports"]["portOfDischarge"] = {"locationName": "Bremerhaven"}
    assert broken_rule(document) == "ports_have_a_code"


def test_a_container_named_twice_is_refused(document) -> None:
    document["utilizedTransportEquipments"] *= 2
    assert broken_rule(document) == "containers_are_named_once"


def test_goods_in_a_container_that_is_not_named_are_refused(document) -> None:
    document["consignmentItems"][0]["cargoItems"][0]["equipmentReference"] = "CSQU3054383"
    assert broken_rule(document) == "goods_are_in_a_container"


def test_a_bill_without_containers_is_refused(document) -> None:
    with pytest.raises(SchemaRefused):
        read_bill({**document, "utilizedTransportEquipments": []})


def test_a_bill_that_breaks_its_schema_is_refused(document) -> None:
    del document["transportDocumentReference"]
    with pytest.raises(SchemaRefused):
        read_bill(document)


def test_an_unknown_freight_term_is_refused_and_an_absent_one_is_not_said(document) -> None:
    with pytest.raises(SchemaRefused):
        read_bill({**document, "freightPaymentTermCode": "LATER"})
    del document["freightPaymentTermCode"]
    assert read_bill(document).freight_term is None
