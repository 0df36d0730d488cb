"""Every refusal as problem+json (RFC 9457), and the one table from error classes to statuses.

A class that has no entry takes its nearest ancestor's; a test walks the error trees of every
package and fails on one without a status.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

import identity.errors
import identity.people.errors
import node.approvals.errors
import node.errors
import node.events.errors
import privacy.errors
from api.http import errors as door
from node.metrics import refusals

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[type[Exception], int] = {
    door.Invalid: 400,
    door.BodyTooLarge: 413,
    door.BodyTooSlow: 408,
    door.BodyNotJson: 415,
    door.BodyEncoded: 415,
    door.AddressTooLong: 414,
    door.HeadersTooLarge: 431,
    door.BodyInvalid: 422,
    door.RequestInvalid: 422,
    door.Refused: 403,
    door.CredentialMissing: 401,
    door.CredentialUnknown: 401,
    door.NothingHere: 404,
    door.MethodRefused: 405,
    door.Unavailable: 503,
    identity.errors.Invalid: 422,
    identity.errors.Refused: 409,
    identity.errors.RateExceeded: 429,
    identity.errors.Unavailable: 503,
    identity.people.errors.NotAccepted: 403,
    identity.people.errors.TooManyAttempts: 429,
    privacy.errors.Invalid: 422,
    privacy.errors.NotJson: 400,
    privacy.errors.DuplicateKey: 400,
    privacy.errors.DocumentTooLarge: 413,
    privacy.errors.DocumentTooDeep: 400,
    privacy.errors.Refused: 409,
    node.errors.Invalid: 422,
    node.errors.Refused: 409,
    node.errors.NotAllowed: 403,
    node.errors.Unavailable: 503,
    node.approvals.errors.ApprovalUnknown: 404,
    identity.errors.ApprovalRefused: 403,
    node.events.errors.SubscriberUnknown: 404,
    node.events.errors.DeadLetterUnknown: 404,
    node.events.errors.StreamsTooMany: 429,
}

TITLES = {
    400: "The request is malformed",
    401: "A token of this member is needed",
    403: "Not allowed",
    404: "Nothing here",
    405: "The method is not allowed",
    408: "The request took too long",
    409: "Refused",
    413: "The request is too large",
    414: "The address is too long",
    415: "The media type is not supported",
    422: "The request is not valid",
    429: "Too many requests",
    431: "The headers are too large",
    500: "An error of this node",
    503: "Not available now",
}

_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="lading"'},
    503: {"Retry-After": "2"},  # seconds; what is not available now often is after a restart
}

CodedError = (
    door.DoorError
    | identity.errors.IdentityError
    | privacy.errors.PrivacyError
    | node.errors.NodeError
)
ROOTS: tuple[type[CodedError], ...] = (
    door.DoorError,
    identity.errors.IdentityError,
    privacy.errors.PrivacyError,
    node.errors.NodeError,
)


def status_of(kind: type[Exception]) -> int:
    """The HTTP status of an error class: its own, or its nearest ancestor's.

    Raises: KeyError, when neither it nor an ancestor has one.
    """
    for ancestor in kind.__mro__:
        if ancestor in STATUSES:
            return STATUSES[ancestor]
    raise KeyError(kind.__name__)


def problem(
    status: int, code: str, detail: str, what_to_do: str, facts: Mapping[str, Any] | None = None
) -> JSONResponse:
    """One problem document; ``type`` is a URN made of the code, so it resolves to nothing."""
    refusals.labels(code, str(status)).inc()
    headers = _HEADERS.get(status)
    body = {
        "type": f"urn:lading:problem:{code}",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "what_to_do": what_to_do,
        "facts": {name: _plain(value) for name, value in (facts or {}).items()},
    }
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: CodedError) -> JSONResponse:
    """The problem document of an error of any package's tree."""
    return problem(status_of(type(error)), error.code, error.message, error.what_to_do, error.facts)


def problem_json(error: CodedError) -> dict[str, Any]:
    """What ``problem_of`` would answer, to stand inside another answer."""
    status = status_of(type(error))
    return _body(status, error.code, error.message, error.what_to_do, error.facts)


def _body(
    status: int, code: str, detail: str, what_to_do: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": f"urn:lading:problem:{code}",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "what_to_do": what_to_do,
        "facts": {name: _plain(value) for name, value in facts.items()},
    }


def _plain(value: Any) -> Any:
    """A fact as JSON: bytes as 0x hex, what JSON lacks as text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
