"""An error as the peers listener answers it: a problem (RFC 9457) with a stable code.

The sender's node reads the status alone to decide whether to try again: those in ``FINAL`` say
that the same message will never be taken.
"""

import json
import logging

from starlette.responses import Response

from identity.errors import IdentityError
from identity.errors import Unavailable as IdentityUnavailable
from node.documents.errors import VaultFull
from node.errors import Invalid, NodeError, Refused, Unavailable
from node.exchange import errors
from node.metrics import peer_refusals
from node.store.errors import StorageUnavailable
from privacy.errors import PrivacyError

# The nearest class in an error's ancestry decides; what has none here is a fault of this node.
STATUSES: dict[type[Exception], int] = {
    errors.BodyTooLarge: 413,
    errors.BodyTooSlow: 408,
    errors.MediaTypeUnknown: 415,
    errors.PeerSignatureInvalid: 401,
    errors.PeerUnknown: 403,
    errors.PeerNotActive: 403,
    errors.ProfileNotHeld: 403,
    errors.MessageReplayed: 409,
    errors.WrongReceiver: 421,
    errors.TooManyMessages: 429,
    errors.IntakeFull: 429,
    StorageUnavailable: 507,
    VaultFull: 507,
    Invalid: 422,
    Refused: 422,
    Unavailable: 503,
    PrivacyError: 422,
    IdentityUnavailable: 503,
    IdentityError: 422,
}
FINAL = frozenset({413, 415, 422})
DEFAULT_RETRY_SECONDS = 1

_log = logging.getLogger("lading.peers")


def problem(error: Exception) -> Response:
    """Return the answer for ``error``; one without a status is logged and answered as 500."""
    status = next((STATUSES[c] for c in type(error).__mro__ if c in STATUSES), 500)
    if not isinstance(error, NodeError | PrivacyError | IdentityError):
        _log.error("a peer's message failed", exc_info=error)
        return _problem(500, "INTERNAL", "The node failed.", "Wait; it is tried again.", {})
    answer = _problem(status, error.code, error.message, error.what_to_do, dict(error.facts))
    if status in (429, 503):
        wait = error.facts.get("retry_after_seconds", DEFAULT_RETRY_SECONDS)
        answer.headers["retry-after"] = str(wait)
    return answer


def _problem(
    status: int, code: str, detail: str, what_to_do: str, facts: dict[str, object]
) -> Response:
    peer_refusals.labels(code, status).inc()
    body = {
        "type": "about:blank",
        "title": code,
        "status": status,
        "detail": detail,
        "code": code,
        "what_to_do": what_to_do,
        "facts": facts,
    }
    return Response(json.dumps(body), status, media_type="application/problem+json")
