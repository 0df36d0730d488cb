"""Several writes at once: up to fifty commands, each of which stands or falls alone."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from api.http.commands import command_json
from api.http.doors import actor_of, node_of
from api.http.errors import BodyInvalid, IdempotencyKeyMalformed
from api.http.intent import KEY, ForGoal, Waiting, hand_in
from api.http.problems import CodedError, problem_json
from api.http.routes.write_table import EXAMPLE_ID
from api.http.shapes.commands import BulkShape
from node.commands.handler import MAX_ASKED
from node.commands.requests import Asked
from node.commands.verbs import VERBS
from node.store.commands import Command

router = APIRouter(tags=["writes"])

_ITEM = {
    "type": "object",
    "required": ["key", "verb", "body"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "description": "as the header Idempotency-Key of a write alone"},
        "verb": {"type": "string", "enum": sorted(VERBS)},
        "body": {
            "type": "object",
            "description": "the body of the verb's own route, with the fields of its address",
        },
    },
}
_BODY = {
    "type": "object",
    "required": ["commands"],
    "additionalProperties": False,
    "properties": {
        "commands": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ASKED,
            "items": {"anyOf": [_ITEM, {"description": "anything else is refused alone"}]},
        }
    },
}
_EXAMPLE = {
    "commands": [
        {"key": "withdraw-0001", "verb": "Withdraw", "body": {"title": EXAMPLE_ID,
                                                            "offer": EXAMPLE_ID}},
    ]
}  # fmt: skip


@router.post(
    "/v1/commands/bulk",
    response_model=BulkShape,
    operation_id="bulk",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _BODY, "example": _EXAMPLE}},
        }
    },
)
async def perform_all(request: Request, waiting: ForGoal) -> Response:
    """Take up to fifty commands; each has its own key, and its own answer whatever the others'."""
    read = [_read(item) for item in _commands(request.state.json)]
    asked = [item for item in read if isinstance(item, Asked)]
    answers = await hand_in(node_of(request), actor_of(request), asked) if asked else []
    commands = [answer for answer in answers if isinstance(answer, Command)]
    there = {command.id: command for command in await waiting.for_goals(commands)}
    told = iter(answers)
    each = [
        _answer(waiting, item, next(told) if isinstance(item, Asked) else item, there)
        for item in read
    ]
    return JSONResponse({"answers": each})


def _commands(given: Any) -> list[Any]:
    commands = given.get("commands") if isinstance(given, dict) and len(given) == 1 else None
    if not isinstance(commands, list) or not 1 <= len(commands) <= MAX_ASKED:
        fields = [{"field": "commands", "rule": f"list of 1 to {MAX_ASKED}"}]
        raise BodyInvalid(f"The body is not a list of 1 to {MAX_ASKED} commands.", fields=fields)
    return commands


def _read(item: Any) -> Asked | BodyInvalid | IdempotencyKeyMalformed:
    """Return one command as asked for, or what is wrong with it."""
    if not isinstance(item, dict) or set(item) != {"key", "verb", "body"}:
        return BodyInvalid("A command has key, verb and body, and nothing else.", fields=[])
    key, verb, body = item["key"], item["verb"], item["body"]
    if not isinstance(key, str) or not KEY.fullmatch(key):
        return IdempotencyKeyMalformed("The command's key is not one.")
    if not isinstance(verb, str) or not isinstance(body, dict):
        return BodyInvalid("A verb is a string, and a body is an object.", fields=[])
    return Asked(key, verb, body)


def _answer(
    waiting: Waiting, item: Asked | CodedError, answer: Command | CodedError,
    there: dict[str, Command],
) -> dict[str, Any]:  # fmt: skip
    key = item.key if isinstance(item, Asked) else None
    if isinstance(answer, Command):
        command = there[answer.id]
        status = waiting.status_of(command)
        return {"key": key, "status": status, "command": command_json(command), "problem": None}
    problem = problem_json(answer)
    return {"key": key, "status": problem["status"], "command": None, "problem": problem}
