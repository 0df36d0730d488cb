"""The pages where a person reads what waits for a second one, and approves it with a passkey.

The page says in English and Chinese what would be signed, from the act itself; the passkey signs
the challenge of this act, its expiry and these terms, and nothing else.
"""

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.http.doors import Reader, allow, node_of, reading
from api.http.errors import BodyInvalid
from api.http.parameters import CommandId
from api.http.routes.approvals import approval_json
from api.web.rendering import form_of, page
from api.web.sign_in import party_of
from api.web.timeline import name
from api.web.words import Both
from identity.acts.wording import fields_en, fields_zh, says_zh
from identity.people.passkeys import bytes_of, request_options
from node.approvals.giving import APPROVE, READ, Pending, approve, decline, find, keys_of, pending
from node.store.projections import Member

router = APIRouter(include_in_schema=False)
MAX_ANSWER = 16_384
_PARTS = {
    "authenticator_data": "authenticatorData",
    "client_data": "clientDataJSON",
    "signature": "signature",
}


@router.get("/approvals")
def show_approvals(request: Request) -> Response:
    """What waits."""
    with reading(request, READ) as reader:
        waiting = [_told(reader, each) for each in pending(reader.session, reader.actor)]
        return page("approvals.html", request, waiting=waiting, **_head(reader))


@router.get("/approvals/{command}")
def show_approval(request: Request, command: CommandId) -> Response:
    """One act in words, and the form to approve or decline it."""
    with reading(request, READ) as reader:
        found = find(reader.session, reader.actor, command)
        options = _options(request, reader, found)
        told = _told(reader, found)
        return page("approval.html", request, one=told, options=options, **_head(reader))


@router.post("/approvals/{command}")
async def give_approval(request: Request, command: CommandId) -> Response:
    """Take the passkey's answer."""
    answer = (await form_of(request)).get("answer", "")
    actor = await run_in_threadpool(allow, request, APPROVE)
    proof = _proof(answer)
    await run_in_threadpool(approve, node_of(request), actor, command, "passkey", proof)
    return RedirectResponse("/approvals", status_code=HTTPStatus.SEE_OTHER)


@router.post("/approvals/{command}/decline")
def decline_approval(request: Request, command: CommandId) -> Response:
    """Say no."""
    decline(node_of(request), allow(request, APPROVE), command)
    return RedirectResponse("/approvals", status_code=HTTPStatus.SEE_OTHER)


def _options(request: Request, reader: Reader, found: Pending) -> str | None:
    """What the browser asks the passkeys that may answer here by; None when none may."""
    party = party_of(request)
    if party is None or found.challenge is None or found.refused is not None:
        return None
    keys = keys_of(reader.node, reader.actor.subject, "passkey")
    here = [key.credential for key in keys if (key.rp, key.origin) == (party.id, party.origin)]
    return request_options(party, found.challenge, here) if here else None


def _proof(answer: str) -> dict[str, str]:
    """Return a browser's answer as an approval's proof; raises BodyInvalid."""
    try:
        if len(answer) > MAX_ANSWER:
            raise ValueError("too long")
        given = json.loads(answer)
        response = given["response"]
        proof = {part: bytes_of(response[theirs]) for part, theirs in _PARTS.items()}
        proof["credential"] = bytes_of(given["id"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BodyInvalid("The browser's answer is no assertion.", fields=[]) from error
    return {part: "0x" + value.hex() for part, value in proof.items()}


def _told(reader: Reader, each: Pending) -> dict[str, Any]:
    both = zip(fields_en(each.act), fields_zh(each.act), strict=True)
    return {
        **approval_json(each),
        "does": each.act.type.says,
        "does_zh": says_zh(each.act),
        "value": _money(each.request.terms["value"]),
        "stated": _money(each.request.terms["stated"]),
        "fields": [
            {
                "label": Both(label, label_zh),
                "value": Both(said, said_zh),
                "member": _member(reader, said),
            }
            for (label, said), (label_zh, said_zh) in both
        ],
    }


def _member(reader: Reader, said: str) -> Both | None:
    """The name of the member whose id this is, if it is one."""
    known = len(said) == 66 and reader.session.get(Member, said) is not None
    return name(reader, said) if known else None


def _money(given: dict[str, str] | None) -> str | None:
    return None if given is None else f"{given['amount']} {given['currency']}"


def _head(reader: Reader) -> dict[str, Any]:
    return {
        "member": name(reader, reader.member),
        "subject": reader.actor.subject,
        "as_of": reader.as_of(),
    }
