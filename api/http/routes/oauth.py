"""Where machines get access tokens: OAuth 2.0 client credentials with private_key_jwt.

It speaks OAuth's own form (RFC 6749 section 5), not the API's. Whatever is wrong with an assertion,
the answer is the same; the log has the reason.
"""

import time
from typing import Any
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.http.door import MACHINES
from api.http.doors import node_of
from api.http.origins import address_of, own_origin
from identity.people.errors import NotAccepted, ScopeInvalid
from identity.policy.decide import Actor
from node.audit.record import record
from node.people import attempts, clients
from node.people.signing_in import NOBODY

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FIELDS = ("grant_type", "client_assertion_type", "client_assertion", "client_id", "scope")
MAX_FIELDS = 12
Answer = tuple[int, dict[str, Any]]
log = structlog.get_logger("people")
router = APIRouter(include_in_schema=False)


@router.post(MACHINES)
async def give_token(request: Request) -> Response:
    """Give an access token to a machine that proves itself by its key."""
    form = _form(await request.body())
    if form is None or form.get("client_assertion_type") != ASSERTION_TYPE:
        return _refusal(400, "invalid_request")
    if form.get("grant_type") != "client_credentials":
        return _refusal(400, "unsupported_grant_type")
    status, answer = await run_in_threadpool(_given, request, form)
    headers = {"Retry-After": str(answer["retry_after"])} if status == 429 else None
    return JSONResponse(answer, status, headers)


def _given(request: Request, form: dict[str, str]) -> Answer:
    node, now = node_of(request), int(time.time())
    # Counted apart from people at the same address: a machine that tries for ever locks nobody out.
    attempt = attempts.Guarded("machine " + address_of(request, node.settings))
    origin = own_origin(request, node.settings)
    audiences = {origin, f"{origin}{MACHINES}"} if origin else set()

    def work(session: Session) -> Answer:
        if wait := attempts.wait_before(session, attempt, now):
            return 429, {"error": "slow_down", "retry_after": wait}
        try:
            client = clients.authenticate(session, form.get("client_assertion", ""), audiences, now)
            if form.get("client_id", client.name) != client.name:
                raise NotAccepted("CLIENT_OTHER")
        except NotAccepted as error:
            attempts.note_failure(session, attempt, now)
            record(
                session, clients.SIGN_IN, "refused", subject=NOBODY, role=NOBODY, code=error.reason
            )
            log.warning("a machine was refused", reason=error.reason)
            return 401, {"error": "invalid_client"}
        roles = _roles(request, client.name, client.roles)
        try:
            scopes = clients.scopes_of(form.get("scope", ""), roles)
        except ScopeInvalid:
            return 400, {"error": "invalid_scope"}
        return 200, {
            "access_token": clients.issue(session, client, scopes, now),
            "token_type": "Bearer",
            "expires_in": clients.TOKEN_SECONDS,
            "scope": " ".join(sorted(roles if scopes is None else scopes)),
        }

    return node.db.write(work)


def _roles(request: Request, name: str, roles: list[str]) -> frozenset[str]:
    """The roles that a client has now: the authority file's, where there is one."""
    node = node_of(request)
    return node.handler.standing(Actor(node.settings.member, name, frozenset(roles))).roles


def _form(body: bytes) -> dict[str, str] | None:
    """Return the fields of a form, None where one stands twice or there are too many."""
    try:
        found = parse_qs(body.decode("ascii"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    if any(len(values) > 1 for values in found.values()):
        return None
    return {name: found[name][0] for name in FIELDS if name in found}


def _refusal(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status)
