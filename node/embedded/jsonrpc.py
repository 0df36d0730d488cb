"""JSON-RPC 2.0 envelopes: bytes in, bytes out, batches included.

Source: https://www.jsonrpc.org/specification; error codes as geth gives them.
"""

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

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
RESPONSE_BYTES_LIMIT = 32 * 1024 * 1024

Answer = Callable[[str, list[Any]], Awaitable[Any]]

log = logging.getLogger(__name__)


async def respond(body: bytes, answer: Answer) -> bytes | None:
    """Return the response to one HTTP body, or None when there are only notifications."""
    try:
        request = _parse(body)
        if isinstance(request, list):
            return await _respond_batch(request, answer)
    except LedgerError as error:
        return _encode(_failure(None, error))
    response = await _respond_one(request, answer)
    return None if response is None else _encode(response)


async def _respond_batch(requests: list[Any], answer: Answer) -> bytes | None:
    if not requests:
        raise InvalidRequest("empty batch")
    if len(requests) > BATCH_LIMIT:
        raise LimitExceeded(f"batch too large: at most {BATCH_LIMIT}")
    parts: list[bytes] = []
    size = 0
    for request in requests:
        response = await _respond_one(request, answer if size < RESPONSE_BYTES_LIMIT else _too_much)
        if response is not None:
            parts.append(_encode(response))
            size += len(parts[-1])
    return b"[" + b",".join(parts) + b"]" if parts else None


async def _too_much(_method: str, _params: list[Any]) -> NoReturn:
    raise LimitExceeded("response too large: ask for less in one batch")


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
