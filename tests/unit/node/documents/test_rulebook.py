"""The rulebook: its format, its hash, and what authorities are told."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785

from node.chain.network import WaitingTimes
from node.documents.bill import read_bill
from node.documents.errors import PortUnknown, RulebookInvalid
from node.documents.registry import DELIVERY_ORDER, TRANSPORT_DOCUMENT, schema_ref
from node.documents.rulebook import (
    MAX_RULEBOOK_BYTES,
    default_rulebook,
    parse_rulebook,
    rulebook_hash,
    statutory_paths,
)
from privacy.commitments import commit, paths_below

PROJECT = Path(__file__).parents[4]
DEFAULT = PROJECT / "node/documents/rulebook-1.json"


@pytest.fixture
def content():
    return json.loads(DEFAULT.read_text())


@pytest.fixture
def bill():
    return json.loads((PROJECT / "tests/data/bill/transport-document.json").read_text())


def parsed(content):
    return parse_rulebook(json.dumps(content).encode())


def test_the_default_rulebook_names_the_ports_of_the_storys_bill(bill) -> None:
    read = read_bill(bill)
    rulebook = default_rulebook()
    for port in (read.port_of_loading, read.port_of_discharge):
        assert rulebook.port_name(rulebook.port_id(port)) == port


def test_customs_is_sent_what_names_container_goods_weights_carrier_and_parties(bill) -> None:
    rulebook = default_rulebook()
    port = rulebook.port_id("DEBRV")
    rule = statutory_paths(rulebook, port, "customs", TRANSPORT_DOCUMENT)
    tree = commit(bill, schema_ref(TRANSPORT_DOCUMENT), bytes(32))
    sent = set(paths_below(tree.paths, rule))
    assert sent >= {
        "transportDocumentReference",
        "carrierCode",
        "documentParties.shipper.partyName",
        "consignmentItems.0.descriptionOfGoods.0",
        "consignmentItems.0.HSCodes.0",
        "consignmentItems.0.cargoItems.0.cargoGrossWeight.value",
        "utilizedTransportEquipments.0.equipment.equipmentReference",
        "transports.portOfDischarge.UNLocationCode",
    }
    assert not [path for path in sent if path.startswith(("charges", "contractQuotation"))]


def test_other_authorities_and_other_documents_get_nothing_by_default() -> None:
    rulebook = default_rulebook()
    assert statutory_paths(rulebook, 2, "regulator", TRANSPORT_DOCUMENT) == ()
    assert statutory_paths(rulebook, 2, "customs", DELIVERY_ORDER) == ()


def test_a_rule_of_one_port_adds_to_that_of_all_ports(content) -> None:
    content["statutory"].append({**content["statutory"][0], "port": 2, "paths": ["charges"]})
    rulebook = parsed(content)
    assert "charges" in statutory_paths(rulebook, 2, "customs", TRANSPORT_DOCUMENT)
    assert "carrierCode" in statutory_paths(rulebook, 2, "customs", TRANSPORT_DOCUMENT)
    assert "charges" not in statutory_paths(rulebook, 1, "customs", TRANSPORT_DOCUMENT)


def test_the_hash_is_over_canonical_json_and_changes_with_every_rule(content) -> None:
    expected = sha256(rfc8785.dumps(content)).digest()
    assert rulebook_hash(default_rulebook()) == rulebook_hash(parsed(content)) == expected
    content["waiting_times_seconds"]["default_enforcement"] += 1
    assert rulebook_hash(parsed(content)) != expected


def test_waiting_times_are_read(content) -> None:
    content["waiting_times_seconds"] = {"default_enforcement": 5, "order_bound_transfer": 7}
    rulebook = parsed(content)
    assert rulebook.waiting == WaitingTimes(enforcement_seconds=5, transfer_seconds=7)


def test_a_port_that_no_rule_names_is_refused() -> None:
    with pytest.raises(PortUnknown):
        default_rulebook().port_id("USNYC")
    with pytest.raises(PortUnknown):
        default_rulebook().port_name(9999)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(rulebook=2),
        lambda c: c.update(version=0),
        lambda c: c.update(more={}),
        lambda c: c.pop("statutory"),
        lambda c: c["ports"].append({"id": 1, "unlocode": "USNYC"}),
        lambda c: c["ports"].append({"id": 99, "unlocode": "DEBRV"}),
        lambda c: c["ports"].append({"id": 0, "unlocode": "USNYC"}),
        lambda c: c["ports"].append({"id": 65536, "unlocode": "USNYC"}),
        lambda c: c["ports"].append({"id": 99, "unlocode": "New York"}),
        lambda c: c["waiting_times_seconds"].pop("default_enforcement"),
        lambda c: c["waiting_times_seconds"].update(default_enforcement=-1),
        lambda c: c["statutory"][0].update(port=77),
        lambda c: c["statutory"][0].update(port="DEBRV"),
        lambda c: c["statutory"][0].update(role="bank"),
        lambda c: c["statutory"][0].update(document_type="no-such-schema"),
        lambda c: c["statutory"][0].update(paths=[]),
        lambda c: c["statutory"][0].update(paths=["a..b"]),
        lambda c: c["statutory"][0].update(paths=["a~b"]),
    ],
    ids=range(18),
)
def test_a_rulebook_of_another_form_is_refused(content, change) -> None:
    change(content)
    with pytest.raises(RulebookInvalid):
        parsed(content)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b'{"rulebook":1,"rulebook":1}', b" " * (MAX_RULEBOOK_BYTES + 1)]
)
def test_bytes_that_are_no_rulebook_are_refused(data: bytes) -> None:
    with pytest.raises(RulebookInvalid):
        parse_rulebook(data)
