"""The schemas: up to date, self-contained, and strict as their standards mean it."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from jsonschema import Draft202012Validator

from identity.acts.words import ConditionKind, Role
from node.documents.errors import SchemaRefused, SchemaUnknown
from node.documents.registry import (
    DELIVERY_ORDER,
    MAX_REPORTED_ERRORS,
    RULEBOOK,
    SCHEMA_IDS,
    TRANSPORT_DOCUMENT,
    schema,
    schema_ref,
    validate,
)

PROJECT = Path(__file__).parents[4]
SCHEMAS = PROJECT / "node/documents/schemas"
DCSA = PROJECT / "tests/data/dcsa/messages"


@pytest.fixture
def bill():
    return json.loads((PROJECT / "tests/data/bill/transport-document.json").read_text())


def refused(document, schema_id: str = TRANSPORT_DOCUMENT) -> list[dict]:
    with pytest.raises(SchemaRefused) as caught:
        validate(document, schema_id)
    return caught.value.facts["errors"]


def test_the_committed_transport_document_schema_is_that_of_the_standards_file() -> None:
    subprocess.run([sys.executable, PROJECT / "tools/build_schemas.py", "--check"], check=True)


@pytest.mark.parametrize("schema_id", SCHEMA_IDS)
def test_every_schema_is_valid_self_contained_and_named_by_its_canonical_digest(
    schema_id: str,
) -> None:
    content = json.loads((SCHEMAS / f"{schema_id}.json").read_text())
    Draft202012Validator.check_schema(content)
    references = [line for line in json.dumps(content).split('"') if line.startswith("#/")]
    assert all(name.removeprefix("#/$defs/") in content["$defs"] for name in references)
    assert content["$id"] == f"urn:lading:schema:{schema_id}"
    assert schema_ref(schema_id).id == schema_id
    assert schema_ref(schema_id).digest == sha256(rfc8785.dumps(content)).digest()


def test_no_schema_file_is_left_out_of_the_registry() -> None:
    assert {path.stem for path in SCHEMAS.iterdir()} == set(SCHEMA_IDS)


def test_an_unknown_schema_is_refused() -> None:
    for schema_id in ["", "no-such-schema", "../errors"]:
        with pytest.raises(SchemaUnknown):
            schema(schema_id)


def test_the_standards_own_complete_sample_follows_the_schema() -> None:
    text = (DCSA / "pint-3.0.0-transport-document.json").read_text()
    filled = text.replace("TRANSPORT_DOCUMENT_REFERENCE_PLACEHOLDER", "HDMU1")
    validate(json.loads(filled), TRANSPORT_DOCUMENT)


def test_an_exclusive_bound_of_the_standard_holds(bill) -> None:
    weight = bill["consignmentItems"][0]["cargoItems"][0]["cargoGrossWeight"]
    weight["value"] = 0
    path = "consignmentItems.0.cargoItems.0.cargoGrossWeight.value"
    assert refused(bill) == [{"path": path, "rule": "exclusiveMinimum", "expected": 0}]


def test_every_broken_rule_is_named_with_its_path_and_without_the_value(bill) -> None:
    bill["carrierCode"] = "A TOP SECRET VALUE"
    bill["isToOrder"] = "another secret"
    del bill["transports"]["portOfLoading"]
    errors = {error["path"]: error for error in refused(bill)}
    assert errors["carrierCode"]["rule"] == "maxLength"
    assert errors["isToOrder"] == {"path": "isToOrder", "rule": "type", "expected": "boolean"}
    assert errors["transports"]["expected"] == ["portOfLoading"]
    assert "secret" not in json.dumps(list(errors.values())).lower()


def test_at_most_twenty_errors_are_reported_and_more_are_announced() -> None:
    with pytest.raises(SchemaRefused) as caught:
        validate({"conditions": [{}] * 50}, DELIVERY_ORDER)
    assert len(caught.value.facts["errors"]) == MAX_REPORTED_ERRORS
    assert caught.value.facts["more"] is True


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_what_is_no_object_is_refused(document) -> None:
    assert refused(document)[0]["path"] == ""


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("transportDocumentReference", "HDMU1\n", "pattern"),
        ("transportDocumentReference", " HDMU1", "pattern"),
        ("shippedOnBoardDate", "2023-02-30", "format"),
        ("shippedOnBoardDate", "20231219", "format"),
        ("shippedOnBoardDate", "2023-W01-1", "format"),
        ("numberOfRiderPages", 2**31, "maximum"),
    ],
)
def test_patterns_dates_and_integers_mean_what_the_standard_means(bill, field, value, rule) -> None:
    assert [(error["path"], error["rule"]) for error in refused({**bill, field: value})] == [
        (field, rule)
    ]


def test_digits_of_other_scripts_are_no_digits(bill) -> None:
    bill["consignmentItems"][0]["HSCodes"] = ["٠١٢٣٤٥"]
    assert [error["rule"] for error in refused(bill)] == ["pattern"]


@pytest.mark.parametrize(
    ("time", "follows"),
    [
        ("2024-09-04T09:41:00Z", True),
        ("2024-09-04T09:41:00.5+02:00", True),
        ("2024-09-04T09:41:00", False),
        ("2024-09-04", False),
        ("2024-09-04T25:00:00Z", False),
    ],
)
def test_a_time_has_a_zone(bill, time: str, follows: bool) -> None:
    packaging = bill["consignmentItems"][0]["cargoItems"][0]["outerPackaging"]
    packaging["dangerousGoods"] = [{"fumigationDateTime": time}]
    rules = {error["rule"] for error in refused(bill) if error["path"].endswith("DateTime")}
    assert rules == (set() if follows else {"format"})


def test_conditions_and_roles_of_the_schemas_are_those_of_the_acts() -> None:
    order = schema(DELIVERY_ORDER)[0]["properties"]["conditions"]["items"]["properties"]
    assert set(order["kind"]["enum"]) == {kind.name.lower() for kind in ConditionKind}
    statutory = schema(RULEBOOK)[0]["properties"]["statutory"]["items"]["properties"]
    assert set(statutory["role"]["enum"]) <= {role.name.lower() for role in Role}
