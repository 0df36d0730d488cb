"""Write node/documents/schemas/dcsa-transport-document-3.0.3.json from the standard's OpenAPI file.

Usage: python tools/build_schemas.py [--check]
With --check nothing is written; the exit code is 1 when the committed file is stale.

What OpenAPI 3.0 writes differently from JSON Schema 2020-12 is translated: exclusive bounds,
``nullable``, ``int32``. Texts for people (descriptions, examples) are left out. A keyword this
script does not know stops it, so that a new release of the standard cannot lose a rule silently.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from committed import write_or_compare

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "tests/data/dcsa/openapi/EBL_v3.0.3.yaml"
SCHEMA_ID = "dcsa-transport-document-3.0.3"
TARGET = PROJECT / f"node/documents/schemas/{SCHEMA_ID}.json"
ROOT = "TransportDocument"
_REF = "#/components/schemas/"
_KEPT = {"title", "type", "required", "enum", "pattern", "minimum", "maximum"} | {
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
}
_DROPPED = {"description", "example", "deprecated"}
_FORMATS: dict[str, dict[str, Any]] = {
    "date": {"format": "date"},
    "date-time": {"format": "date-time"},
    "float": {},
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
}


def translate(schema: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """Return ``schema`` as JSON Schema 2020-12; names that it refers to are added to ``wanted``."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        wanted.add(name)
        return {"$ref": f"#/$defs/{name}"}
    result = dict(_FORMATS[schema["format"]]) if "format" in schema else {}
    for keyword, value in schema.items():
        if keyword in _KEPT:
            result[keyword] = value
        elif keyword == "properties":
            result[keyword] = {name: translate(inner, wanted) for name, inner in value.items()}
        elif keyword == "items":
            result[keyword] = translate(value, wanted)
        elif keyword in {"oneOf", "anyOf", "allOf"}:
            result[keyword] = [translate(inner, wanted) for inner in value]
        elif keyword not in _DROPPED | {"format", "exclusiveMinimum", "nullable"}:
            raise SystemExit(f"{SOURCE.name}: keyword {keyword!r} is not translated")
    if schema.get("exclusiveMinimum"):
        result["exclusiveMinimum"] = result.pop("minimum")
    if schema.get("nullable"):
        result["type"] = [schema["type"], "null"]
    return result


def build() -> str:
    """Return the schema file's text."""
    document = yaml.load(SOURCE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    done: dict[str, Any] = {}
    waiting = {ROOT}
    while waiting:
        name = min(waiting)
        done[name] = translate(schemas[name], waiting)
        waiting -= done.keys()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lading:schema:{SCHEMA_ID}",
        "$comment": f"{ROOT} of DCSA {SOURCE.stem}, github.com/dcsaorg/DCSA-OpenAPI at 5d0f833, "
        "Apache-2.0; translated by tools/build_schemas.py.",
        "$ref": f"#/$defs/{ROOT}",
        "$defs": dict(sorted(done.items())),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(write_or_compare(TARGET, build))
