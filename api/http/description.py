"""The API as OpenAPI tells it: every status an operation may answer with, and nothing else.

A route says what it takes and what it gives; the refusals that a route shares with all of its kind
(no credential, no such object, a body in another form) are added here, by rule, so that a new route
has them too. A test tries the whole description against a running node.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.door import OPEN
from api.http.problems import MEDIA_TYPE, TITLES

Json = dict[str, Any]

WRITING = ("post", "put", "patch", "delete")
KEY_PATTERN = r"^[\x21-\x7e]{8,128}$"
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457, with a stable code and what to do.",
    "required": ["type", "title", "status", "detail", "code", "what_to_do", "facts"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri", "pattern": "^urn:lading:problem:[A-Z0-9_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "enum": sorted(TITLES)},
        "detail": {"type": "string"},
        "code": {"type": "string", "pattern": "^[A-Z0-9_]+$"},
        "what_to_do": {"type": "string"},
        "facts": {"type": "object", "description": "ids, counts and limits; never what was sent"},
    },
    "example": {
        "type": "urn:lading:problem:NOT_THE_CONTROLLER",
        "title": "Refused",
        "status": 409,
        "detail": "Only who controls the title may do this.",
        "code": "NOT_THE_CONTROLLER",
        "what_to_do": "Read the title again: somebody else controls it now.",
        "facts": {},
    },
}
HEADERS: dict[int, Json] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    405: {"Allow": {"required": True, "schema": {"type": "string"}}},
    503: {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 0}}},
}


def describe(app: FastAPI, schemas: Json) -> Json:
    """Return the description of ``app``.

    Args:
        schemas: those that operations refer to and FastAPI does not know, by name.
    """
    told = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    parts = told.setdefault("components", {})
    parts.setdefault("schemas", {}).update(schemas | {"Problem": PROBLEM})
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["responses"] = {f"Problem{status}": _response(status) for status in TITLES}
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return told


def refusals_of(path: str, method: str, operation: Json) -> list[int]:
    """Return the statuses of the refusals that an operation may answer with."""
    found = {503}
    if path not in OPEN:
        found |= {401, 403}
    if operation.get("parameters"):
        found |= {404, 409, 422}
    if "requestBody" in operation:
        found |= {400, 408, 413, 415, 422}
    if method in WRITING:
        found |= {400, 404, 409, 413, 415, 422, 429}
    return sorted(found)


def _complete(path: str, method: str, operation: Json) -> None:
    operation["security"] = [] if path in OPEN else [{"token": []}]
    operation["responses"].pop("422", None)  # FastAPI's own: never answered
    for status in refusals_of(path, method, operation):
        reference = {"$ref": f"#/components/responses/Problem{status}"}
        operation["responses"].setdefault(str(status), reference)
    for parameter in operation.get("parameters", ()):
        _state(parameter)


def _state(parameter: Json) -> None:
    """State an optional parameter as what it is when it is given, and the key as required."""
    if parameter["name"].lower() == "idempotency-key":
        parameter["required"] = True
        parameter["schema"] = {"type": "string", "pattern": KEY_PATTERN}
        return
    kinds = parameter["schema"].get("anyOf", [])
    given = [kind for kind in kinds if kind != {"type": "null"}]
    if len(given) < len(kinds) and len(given) == 1:
        parameter["schema"] = given[0]


def _response(status: int) -> Json:
    response: Json = {
        "description": TITLES[status] + ".",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"properties": {"status": {"const": status}}},
                    ]
                }
            }
        },
    }
    if status in HEADERS:
        response["headers"] = HEADERS[status]
    return response
