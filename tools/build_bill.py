"""Write the bill of lading that the story carries: tests/data/bill/transport-document.json.

Usage: python tools/build_bill.py [--check]
With --check nothing is written; the exit code is 1 when the committed file is stale.

DCSA's PINT sample is complete but a straight bill; its negotiable sample has the goods, in a
booking's form. The bill is the first, made out to order and blank, with the goods, containers and
notify party of the second and a container number whose check digit is right.
"""

import json
from pathlib import Path
from typing import Any

from committed import write_or_compare

PROJECT = Path(__file__).parents[1]
MESSAGES = PROJECT / "tests/data/dcsa/messages"
TARGET = PROJECT / "tests/data/bill/transport-document.json"
BILL_NUMBER = "HDMUAARB2401877"
SHIPPING_INSTRUCTION = "SI-HDMU-2401877"
BOOKING = "HDMUBK2401877"
WRONG_CONTAINER = "MAEU6543210"
CONTAINER = "MAEU6543213"


def read(name: str) -> Any:
    """Return a sample message with every placeholder filled in."""
    text = (MESSAGES / name).read_text(encoding="utf-8")
    for placeholder, value in {
        "TRANSPORT_DOCUMENT_REFERENCE_PLACEHOLDER": BILL_NUMBER,
        "SHIPPING_INSTRUCTION_REFERENCE_PLACEHOLDER": SHIPPING_INSTRUCTION,
        "{CBR}": BOOKING,
        WRONG_CONTAINER: CONTAINER,
    }.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def transport_equipment(requested: dict[str, Any], equipment: dict[str, Any]) -> dict[str, Any]:
    """Turn a booking's equipment into a transport document's, of the same type as ``equipment``."""
    reference = {"equipment": {**equipment, "equipmentReference": requested["equipmentReference"]}}
    kept = {name: value for name, value in requested.items() if name != "equipmentReference"}
    return reference | kept


def build() -> str:
    """Return the bill's text."""
    bill = read("pint-3.0.0-transport-document.json")
    negotiable = read("ebl-api-3.0.0-negotiable-bl.json")
    equipment = bill["utilizedTransportEquipments"][0]["equipment"]
    bill["isToOrder"] = True
    del bill["documentParties"]["consignee"]
    bill["documentParties"]["notifyParties"] = negotiable["documentParties"]["notifyParties"]
    bill["consignmentItems"] = negotiable["consignmentItems"]
    bill["utilizedTransportEquipments"] = [
        transport_equipment(requested, equipment)
        for requested in negotiable["utilizedTransportEquipments"]
    ]
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(write_or_compare(TARGET, build))
