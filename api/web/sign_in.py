"""The pages where people sign in, open their account, and sign out.

Whatever fails, the same sentence is shown; what failed is in the log. A browser's old session ends
when a new one begins, and the new one's cookie is new.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.http.callers import secret_of
from api.http.door import NEXT
from api.http.doors import node_of, site_of
from api.http.errors import CredentialUnknown
from api.http.origins import address_of, cookie_name, is_secure, own_origin
from api.web.rendering import form_of, page
from identity.people.errors import SignInBusy
from identity.people.passkeys import RelyingParty, request_options
from identity.sessions.life import SESSION_SECONDS
from node.people import accounts, sessions, signing_in
from node.people.people import party_at
from node.people.visits import Outcome, Visit

STATIC = Path(__file__).parent / "static"
MAX_PASSWORD, MAX_NAME = 1_024, 64
_FILES = {
    "page.css": ((STATIC / "page.css").read_bytes(), "text/css"),
    "webauthn.js": ((STATIC / "webauthn.js").read_bytes(), "text/javascript"),
}
log = structlog.get_logger("people")
router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = Query("", max_length=200)) -> Response:
    """The ways to sign in."""
    return sign_in_page(request, next)


@router.post("/sign-in/passkey")
async def sign_in_by_passkey(request: Request) -> Response:
    """Sign in with what a passkey signed."""
    form = await form_of(request)
    party = party_of(request)
    if party is None:
        return await _answered(request, form, _refused("NO_RELYING_PARTY"))
    people, answer = node_of(request).people, form.get("answer", "")
    return await _answered(
        request,
        form,
        lambda session, visit: signing_in.by_passkey(session, people, party, answer, visit),
    )


@router.post("/sign-in/password")
async def sign_in_by_password(request: Request) -> Response:
    """Sign in with a password and the code of a second factor."""
    form = await form_of(request)
    node, visit = node_of(request), visit_of(request)
    name, code = form.get("name", "").strip().lower()[:MAX_NAME], form.get("code", "")
    code = "".join(code.split())[:MAX_NAME]
    password = form.get("password", "")[:MAX_PASSWORD]
    try:
        outcome = await node.people.passwords.sign_in(name, password, code, visit)
    except SignInBusy:
        after = form.get("next", "")
        busy = HTTPStatus.SERVICE_UNAVAILABLE
        return await run_in_threadpool(sign_in_page, request, after, busy)
    if _told(outcome, visit) and secret_of(request, node.settings) is not None:
        await run_in_threadpool(_end_own, request)
    return await _result(request, form, outcome)


@router.post("/sign-in")
async def sign_in_by_token(request: Request) -> Response:
    """Sign in with a bearer token, while nobody has an account."""
    form = await form_of(request)
    site = site_of(request)

    def work(session: Session, visit: Visit) -> Outcome:
        if not _takes_tokens(request, session):
            return signing_in.refuse(session, "TOKEN_NOT_TAKEN", visit)
        try:
            credential = site.tokens.of_token(form.get("token", "").strip())
        except CredentialUnknown:
            return signing_in.refuse(session, "TOKEN_UNKNOWN", visit)
        roles = ",".join(sorted(credential.roles))
        return signing_in.by_token(session, credential.subject, roles, credential.sha256, visit)

    return await _answered(request, form, work)


@router.get("/enrol")
def show_enrol(request: Request) -> Response:
    """The form that takes the one-time code of a new account."""
    return page("enrol.html", request, refused=False, wait=0)


@router.post("/enrol")
async def enrol(request: Request) -> Response:
    """Open an account; what follows is on the security page."""
    form = await form_of(request)
    code = form.get("code", "")[:MAX_NAME]
    outcome = await _written(
        request, lambda session, visit: signing_in.by_code(session, code, visit)
    )
    if outcome.secret is None:
        return page(
            "enrol.html", request, _status(outcome), refused=True, wait=outcome.wait_seconds
        )
    return _entered(request, outcome.secret, "/security")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    await run_in_threadpool(_end_own, request)
    response = RedirectResponse("/sign-in", status_code=HTTPStatus.SEE_OTHER)
    _set_cookie(request, response, "", 0)
    return response


@router.get("/static/page.css")
def style() -> Response:
    """The pages' one style sheet."""
    return Response(_FILES["page.css"][0], media_type=_FILES["page.css"][1])


@router.get("/static/webauthn.js")
def script() -> Response:
    """The pages' one script: it asks the browser for passkeys."""
    return Response(_FILES["webauthn.js"][0], media_type=_FILES["webauthn.js"][1])


def visit_of(request: Request) -> Visit:
    """Return who comes, from where and when."""
    settings = node_of(request).settings
    agent = request.headers.get("user-agent", "").encode("ascii", "replace").decode()
    return Visit(address_of(request, settings), agent, int(time.time()))


def party_of(request: Request) -> RelyingParty | None:
    """Return the relying party of passkeys on these pages; None at an address without a name."""
    origin = own_origin(request, node_of(request).settings)
    party = party_at(origin) if origin else None
    return party if party and not party.id.replace(".", "").replace(":", "").isdigit() else None


def sign_in_page(
    request: Request, after: str, status: int = HTTPStatus.OK, wait: int = 0
) -> Response:
    """Return the sign-in page; a refusal is told by its status alone."""
    node, party = node_of(request), party_of(request)
    options = None
    if party is not None:
        challenge = signing_in.challenge(node.people, int(time.time()))
        options = request_options(party, challenge)
    with node.db.read() as session:
        by_token = _takes_tokens(request, session)
        by_account = accounts.exist(session)
    return page(
        "sign_in.html",
        request,
        status,
        refused=status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS),
        busy=status == HTTPStatus.SERVICE_UNAVAILABLE,
        wait=wait,
        options=options if by_account else None,
        by_token=by_token,
        by_account=by_account,
        by_company=by_account and node.people.company is not None,
        after=after if NEXT.fullmatch(after) else "",
    )


Work = Callable[[Session, Visit], Outcome]


async def _answered(request: Request, form: dict[str, str], work: Work) -> Response:
    return await _result(request, form, await _written(request, work))


async def _result(request: Request, form: dict[str, str], outcome: Outcome) -> Response:
    after = form.get("next", "")
    if outcome.secret is None:
        return await run_in_threadpool(refused_page, request, after, outcome)
    return _entered(request, outcome.secret, after if NEXT.fullmatch(after) else "/")


def refused_page(request: Request, after: str, outcome: Outcome) -> Response:
    """Return the sign-in page after a refusal."""
    return sign_in_page(request, after, _status(outcome), outcome.wait_seconds)


async def _written(request: Request, work: Work) -> Outcome:
    return await run_in_threadpool(written, request, work)


def written(request: Request, work: Work) -> Outcome:
    """Do a sign-in in its transaction; end the browser's session before it; log a refusal."""
    node, visit = node_of(request), visit_of(request)
    outcome = node.db.write(lambda session: work(session, visit))
    if _told(outcome, visit):
        _end_own(request)
    return outcome


def _told(outcome: Outcome, visit: Visit) -> bool:
    """Log a refusal; say whether somebody was let in."""
    if outcome.secret is None:
        log.warning("a sign-in was refused", reason=outcome.reason, address=visit.address)
    return outcome.secret is not None


def _refused(reason: str) -> Work:
    return lambda session, visit: signing_in.refuse(session, reason, visit)


def _status(outcome: Outcome) -> int:
    if outcome.reason == signing_in.ATTEMPTS:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.UNAUTHORIZED


def enter(request: Request, response: Response, secret: str) -> None:
    """Give a browser the cookie of its new session."""
    _set_cookie(request, response, secret, SESSION_SECONDS)


def _entered(request: Request, secret: str, after: str) -> Response:
    response = RedirectResponse(after, status_code=HTTPStatus.SEE_OTHER)
    enter(request, response, secret)
    return response


def _end_own(request: Request) -> None:
    node = node_of(request)
    secret = secret_of(request, node.settings)
    if secret is None:
        return

    def work(session: Session) -> None:
        now = int(time.time())
        row = sessions.find(session, secret, now)
        if row is not None:
            sessions.end(session, row.id, row.subject, now)

    node.db.write(work)


def _set_cookie(request: Request, response: Response, value: str, seconds: int) -> None:
    settings = node_of(request).settings
    response.set_cookie(
        cookie_name(request, settings),
        value,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=is_secure(request, settings),
        path="/",
    )


def _takes_tokens(request: Request, session: Session) -> bool:
    return node_of(request).settings.sign_in_by_token and not accounts.exist(session)
