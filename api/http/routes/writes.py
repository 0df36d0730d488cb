"""Every write of the API as a route; the table of them is in ``write_table``.

The verb's own body, in the node, says which fields it takes; the address gives some of them. The
node checks the body, asks the policy and answers with a command, which is final later.
"""

import copy
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api.http.errors import BodyInvalid
from api.http.intent import TheIntent
from api.http.routes.write_table import COUNCIL_ACT, LANE_ACT, WRITES, Write
from api.http.shapes.commands import CommandShape
from identity.acts.types import ACT_TYPES
from node.commands.bodies import read_body
from node.council import acts as council
from node.releases import lane_acts

SIGNED_SAYS = {
    LANE_ACT: "Hand in an act that a lane has signed: a gate-out, a return, an interchange.",
    COUNCIL_ACT: "Hand in an act by which a council seat puts a motion or assents to one.",
}


def _endpoint(write: Write) -> Callable[..., Any]:
    async def perform(request: Request, intent: TheIntent) -> Response:
        body = _body(request)
        return await intent.perform(_verb(write, body), body)

    return perform


def _verb(write: Write, body: dict[str, Any]) -> str:
    """The verb; an act that was signed already says its own. Raises ActMalformed."""
    if write.verb == LANE_ACT:
        return lane_acts.verb_of(read_body(lane_acts.LaneActBody, body))
    if write.verb == COUNCIL_ACT:
        return council.verb_of(read_body(council.CouncilActBody, body))
    return write.verb


def _body(request: Request) -> dict[str, Any]:
    """The body with the address's fields; a field may not stand in both."""
    given = request.state.json
    if not isinstance(given, dict):
        raise BodyInvalid("The body is not a JSON object.", fields=[])
    twice = sorted(set(given) & set(request.path_params))
    if twice:
        raise BodyInvalid("The body repeats what the address says.", fields=twice)
    return {**given, **request.path_params}


def _says(write: Write) -> str:
    return SIGNED_SAYS.get(write.verb) or ACT_TYPES[write.verb].says


def _openapi(write: Write) -> dict[str, Any]:
    """The address's fields and the body's schema: the verb's own, split between the two."""
    schema = write.model.model_json_schema(
        ref_template=f"#/components/schemas/{write.verb}_{{model}}"
    )
    properties = copy.deepcopy(schema["properties"])
    in_path = [name for name in properties if f"{{{name}}}" in write.path]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": properties.pop(name)}
        for name in in_path
    ]
    body: dict[str, Any] = {
        **{name: schema[name] for name in ("oneOf", "anyOf", "allOf") if name in schema},
        "type": "object",
        "description": schema.get("description", ""),
        "properties": properties,
        "required": [name for name in schema.get("required", []) if name not in in_path],
        "additionalProperties": False,
    }
    content = {"schema": body, "example": dict(write.example)}
    return {
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": content}},
    }


def nested_schemas() -> dict[str, Any]:
    """The schemas that bodies refer to, under the names they refer to them by."""
    found: dict[str, Any] = {}
    for write in WRITES:
        template = f"#/components/schemas/{write.verb}_{{model}}"
        nested = write.model.model_json_schema(ref_template=template).get("$defs", {})
        found |= {f"{write.verb}_{name}": schema for name, schema in nested.items()}
    return found


def _router() -> APIRouter:
    """All writes as routes."""
    routes = APIRouter(tags=["writes"])
    for write in WRITES:
        routes.add_api_route(
            write.path,
            _endpoint(write),
            methods=["POST"],
            status_code=202,
            operation_id=write.verb,
            summary=_says(write),
            response_model=CommandShape,
            responses={200: {"model": CommandShape, "description": "What was waited for is so."}},
            openapi_extra=_openapi(write),
        )
    return routes


ROUTER = _router()
