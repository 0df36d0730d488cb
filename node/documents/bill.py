"""What a bill of lading says, read from DCSA's transport document.

The schema leaves room for bills that contradict themselves or that no title can stand for; these
are refused here. A title's present state is the ledger's to say, never the document's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from node.documents.errors import BillInconsistent, BillNotATitle
from node.documents.registry import TRANSPORT_DOCUMENT, validate
from privacy.canonical import JsonValue
from privacy.containers import check_container_number

Kind = Literal["straight", "order"]
FreightTerm = Literal["PRE", "COL"]


@dataclass(frozen=True)
class Bill:
    """What acts and checks need of a bill.

    Attributes:
        number: the carrier's number of the bill (``transportDocumentReference``).
        carrier_code: the carrier's code with the list it is from, as ``SMDG:HMM``.
        kind: ``order`` or ``straight``.
        order_party: name of the party to whose order it is (``endorsee``); None: blank or straight.
        consignee: name of the consignee of a straight bill; None: made out to order.
        port_of_loading: UN/LOCODE.
        port_of_discharge: UN/LOCODE.
        containers: ISO 6346 numbers, each once, in the document's order.
        freight_term: freight is prepaid (PRE) or collect (COL); None: not said.
    """

    number: str
    carrier_code: str
    kind: Kind
    order_party: str | None
    consignee: str | None
    port_of_loading: str
    port_of_discharge: str
    containers: tuple[str, ...]
    freight_term: FreightTerm | None


def read_bill(document: JsonValue) -> Bill:
    """Check ``document`` against its schema and read it.

    Raises: SchemaRefused, BillNotATitle, BillInconsistent, ContainerNumberMalformed,
        ContainerCheckDigitWrong.

    Source: the conditions in the descriptions of DCSA EBL 3.0.3, TransportDocument.
    """
    validate(document, TRANSPORT_DOCUMENT)
    bill = cast("dict[str, Any]", document)
    _check_can_be_a_title(bill)
    order_party, consignee = _parties(bill)
    return Bill(
        number=bill["transportDocumentReference"],
        carrier_code=f"{bill['carrierCodeListProvider']}:{bill['carrierCode']}",
        kind="order" if bill["isToOrder"] else "straight",
        order_party=order_party,
        consignee=consignee,
        port_of_loading=_port(bill, "portOfLoading"),
        port_of_discharge=_port(bill, "portOfDischarge"),
        containers=_containers(bill),
        freight_term=bill.get("freightPaymentTermCode"),
    )


def _check_can_be_a_title(bill: dict[str, Any]) -> None:
    if bill["transportDocumentTypeCode"] != "BOL":
        raise BillNotATitle("A sea waybill is no title.", field="transportDocumentTypeCode")
    if not bill["isElectronic"]:
        raise BillNotATitle("The bill says that it is on paper.", field="isElectronic")
    # DRAFT, APPROVED, surrendered, void: no holder may be given such a document as a live title.
    if bill["transportDocumentStatus"] != "ISSUED":
        raise BillNotATitle(
            "The bill does not say that it is issued.", field="transportDocumentStatus"
        )


def _parties(bill: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return order party and consignee; exactly one kind's rules must hold."""
    parties = bill["documentParties"]
    if bill["isToOrder"] and "consignee" in parties:
        raise BillInconsistent("A bill to order names a consignee.", rule="order_has_no_consignee")
    if not bill["isToOrder"] and "endorsee" in parties:
        raise BillInconsistent(
            "A straight bill names an endorsee.", rule="straight_has_no_endorsee"
        )
    if not bill["isToOrder"] and "consignee" not in parties:
        raise BillInconsistent(
            "A straight bill names no consignee.", rule="straight_has_a_consignee"
        )
    endorsee, consignee = parties.get("endorsee"), parties.get("consignee")
    return (endorsee and endorsee["partyName"]), (consignee and consignee["partyName"])


def _port(bill: dict[str, Any], name: str) -> str:
    code = bill["transports"][name].get("UNLocationCode")
    if not isinstance(code, str):
        raise BillInconsistent(
            "A port has no UN/LOCODE.", rule="ports_have_a_code", field=f"transports.{name}"
        )
    return code


def _containers(bill: dict[str, Any]) -> tuple[str, ...]:
    equipment = [entry["equipment"] for entry in bill["utilizedTransportEquipments"]]
    numbers = [check_container_number(entry["equipmentReference"]) for entry in equipment]
    if len(set(numbers)) != len(numbers):
        raise BillInconsistent("A container is named twice.", rule="containers_are_named_once")
    if not set(_stuffed(bill)) <= set(numbers):
        raise BillInconsistent(
            "Goods are in a container that the bill does not name.", rule="goods_are_in_a_container"
        )
    return tuple(numbers)


def _stuffed(bill: dict[str, Any]) -> Iterator[str]:
    """Yield the container of every cargo item."""
    for consignment in bill["consignmentItems"]:
        for item in consignment["cargoItems"]:
            yield item["equipmentReference"]
