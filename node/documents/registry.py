"""The schemas that documents are checked against, by id.

A schema is named on the ledger's side of a document by id and digest (SHA-256 of its canonical
JSON), so a changed file here is another schema. Refusals name fields and rules, never values.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from node.documents.errors import SchemaRefused, SchemaUnknown
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.commitments import SchemaRef
from privacy.fields import path_to

TRANSPORT_DOCUMENT = "dcsa-transport-document-3.0.3"
DELIVERY_ORDER = "lading-delivery-order-1"
RULEBOOK = "lading-rulebook-1"
SCHEMA_IDS = (TRANSPORT_DOCUMENT, DELIVERY_ORDER, RULEBOOK)
MAX_REPORTED_ERRORS = 20

_formats = FormatChecker(formats=())


@cache
def schema(schema_id: str) -> tuple[dict[str, Any], SchemaRef]:
    """Return a schema (JSON Schema 2020-12; do not change it) and its id with digest.

    Raises: SchemaUnknown.
    """
    if schema_id not in SCHEMA_IDS:
        raise SchemaUnknown("This node has no schema of this id.", schema=schema_id[:200])
    content = (files("node.documents") / "schemas" / f"{schema_id}.json").read_bytes()
    parsed = parse_json(content)
    reference = SchemaRef(schema_id, sha256(canonical_json(parsed)).digest())
    return cast("dict[str, Any]", parsed), reference


def schema_ref(schema_id: str) -> SchemaRef:
    """Return a schema's id with digest. Raises: SchemaUnknown."""
    return schema(schema_id)[1]


def validate(document: JsonValue, schema_id: str) -> None:
    """Refuse ``document`` unless it follows the schema of ``schema_id``.

    Raises: SchemaUnknown; SchemaRefused with up to ``MAX_REPORTED_ERRORS`` errors in its facts,
        each ``{"path", "rule", "expected"}``; the path of the document itself is empty.
    """
    errors = list(islice(_errors(document, schema_id), MAX_REPORTED_ERRORS + 1))
    if not errors:
        return
    first = errors[0]
    raise SchemaRefused(
        f"The document does not follow {schema_id}: {first['path'] or 'the document'} "
        f"breaks the rule {first['rule']}.",
        schema=schema_id,
        errors=errors[:MAX_REPORTED_ERRORS],
        more=len(errors) > MAX_REPORTED_ERRORS,
    )


def _errors(document: JsonValue, schema_id: str) -> Iterator[dict[str, JsonValue]]:
    for error in _validator(schema_id).iter_errors(document):
        path = ""
        for name in error.absolute_path:
            path = path_to(path, name)
        yield {"path": path[:1024], "rule": str(error.validator), "expected": _expected(error)}


def _expected(error: ValidationError) -> JsonValue:
    """Say what the schema asks for, without repeating what the document has."""
    asked = cast("Any", error.validator_value)
    if error.validator == "required":
        return sorted(set(asked) - set(cast("dict[str, JsonValue]", error.instance)))
    if error.validator in {"oneOf", "anyOf"}:
        return [form.get("required", form.get("const")) for form in asked]
    if error.validator in {"additionalProperties", "uniqueItems"}:
        return None
    return cast("JsonValue", asked)


@cache
def _validator(schema_id: str) -> Draft202012Validator:
    strict = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return cast("Draft202012Validator", strict(schema(schema_id)[0], format_checker=_formats))


def _pattern(
    _validator: Any, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Apply a pattern as ECMA-262 means it: ``$`` only at the very end, ``\\d`` only 0 to 9."""
    if isinstance(instance, str) and not _ecma(pattern).search(instance):
        yield ValidationError("The text does not follow the pattern.")


@cache
def _ecma(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern).replace(r"\d", "[0-9]"))


@_formats.checks("date", raises=ValueError)
def _is_date(instance: object) -> bool:
    """RFC 3339 full-date."""
    return not isinstance(instance, str) or (
        len(instance) == 10 and bool(date.fromisoformat(instance)) and "W" not in instance
    )


@_formats.checks("date-time", raises=ValueError)
def _is_date_time(instance: object) -> bool:
    """RFC 3339 date-time: with a time zone."""
    return not isinstance(instance, str) or (
        instance[10:11] in {"T", "t"} and datetime.fromisoformat(instance).tzinfo is not None
    )
