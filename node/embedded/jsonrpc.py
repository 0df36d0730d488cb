"""JSON-RPC 2.0 envelopes: bytes in, bytes out, batches included.

Source: https://www.jsonrpc.org/specification; error codes as geth gives them.
"""

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from identity.strict_json import read_json
from node.embedded.errors import (
    InvalidParams,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    ParseError,
    StorageUnavailable,
)

BATCH_LIMIT = 200

Answer = Callable[[str, list[Any]], Awaitable[Any]]

log = logging.getLogger(__name__)


async def respond(body: bytes, answer: Answer) -> bytes | None:
    """Return the response to one HTTP body, or None when there are only notifications."""
    try:
        request = _parse(body)
    except ParseError as error:
        return _encode(_failure(None, error))
    if not isinstance(request, list):
        response = await _respond_one(request, answer)
        return None if response is None else _encode(response)
    if not request:
        return _encode(_failure(None, InvalidRequest("empty batch")))
    if len(request) > BATCH_LIMIT:
        return _encode(_failure(None, LimitExceeded(f"batch too large: at most {BATCH_LIMIT}")))
    responses = [await _respond_one(each, answer) for each in request]
    kept = [each for each in responses if each is not None]
    return _encode(kept) if kept else None


async def _respond_one(request: Any, answer: Answer) -> dict[str, Any] | None:
    identity = request.get("id") if isinstance(request, dict) else None
    try:
        method, params = _read_request(request)
        result = await answer(method, params)
    except LedgerError as error:
        return _failure(identity, error)
    except sqlite3.Error as error:
        log.error("storage failed: %s", error)
        return _failure(identity, StorageUnavailable(f"the ledger's storage failed: {error}"))
    except Exception:
        log.exception("a request failed")
        return _failure(identity, LedgerError("internal error; the ledger's log says more"))
    if "id" not in request:
        return None
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def _parse(body: bytes) -> Any:
    try:
        return read_json(body)
    except ValueError as error:
        raise ParseError(f"invalid JSON: {error}"[:200]) from error


def _read_request(request: Any) -> tuple[str, list[Any]]:
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
        raise InvalidRequest("not a JSON-RPC 2.0 request")
    method, params = request.get("method"), request.get("params", [])
    if not isinstance(method, str) or len(method) > 100:
        raise InvalidRequest("method must be a string")
    if isinstance(request.get("id"), dict | list):
        raise InvalidRequest("id must be a string, a number or null")
    if not isinstance(params, list):
        raise InvalidParams("params must be a list")
    return method, params


def _failure(identity: Any, error: LedgerError) -> dict[str, Any]:
    content: dict[str, Any] = {"code": error.rpc_code, "message": str(error)}
    if error.data is not None:
        content["data"] = error.data
    shown = None if isinstance(identity, dict | list) else identity
    return {"jsonrpc": "2.0", "id": shown, "error": content}


def _encode(response: Any) -> bytes:
    return json.dumps(response, separators=(",", ":")).encode()
