"""The way to the company's provider and back, at the pages.

The session's cookie is SameSite=Strict, so a browser that comes back from the provider's site does
not send it with a redirect; a page of our own leads on instead. The cookie that waits meanwhile is
SameSite=Lax, sealed, and good for one way.
"""

import time
from http import HTTPStatus

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.http.door import NEXT
from api.http.doors import node_of
from api.http.errors import NothingHere
from api.http.origins import is_secure, own_origin
from api.web.rendering import page
from api.web.sign_in import enter, refused_page, visit_of, written
from identity.people.errors import CompanyUnavailable, NotAccepted
from node.people import attempts, once, signing_in
from node.people.company import RETURN, WAY_SECONDS, CompanyProvider
from node.people.visits import Outcome, Visit

COOKIE = "lading_way"
HOST_COOKIE = "__Host-lading_way"
MAX_QUERY = 4_096
router = APIRouter(include_in_schema=False)


@router.get("/sign-in/company")
def leave(request: Request, next: str = Query("", max_length=200)) -> Response:
    """Send the browser to the company's provider."""
    provider, origin = _provider(request)
    after = next if NEXT.fullmatch(next) else "/"
    address, cookie = provider.begin(origin, after, int(time.time()))
    response = RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
    _set_cookie(request, response, cookie, WAY_SECONDS)
    return response


@router.get(RETURN)
async def come_back(request: Request) -> Response:
    """Sign in whom the provider names."""
    provider, origin = _provider(request)
    outcome, after = await run_in_threadpool(_outcome, request, provider, origin)
    if outcome.secret is None:
        response = await run_in_threadpool(refused_page, request, "", outcome)
    else:
        response = page("entered.html", request, after=after)
        enter(request, response, outcome.secret)
    _set_cookie(request, response, "", 0)
    return response


def _outcome(request: Request, provider: CompanyProvider, origin: str) -> tuple[Outcome, str]:
    """Ask the provider, outside any transaction, and then sign in or note the refusal."""
    visit, answer = visit_of(request), dict(request.query_params)
    guarded = attempts.Guarded(visit.address)
    with node_of(request).db.read() as session:
        wait = attempts.wait_before(session, guarded, visit.now)
    if wait:
        return Outcome(reason=signing_in.ATTEMPTS, wait_seconds=wait), "/"
    try:
        if len(request.url.query) > MAX_QUERY:
            raise NotAccepted("COMPANY_ANSWER_LONG")
        cookie = request.cookies.get(_cookie_name(request), "")
        way = provider.way_of(cookie, answer.get("state", ""), visit.now)
        if not _use(request, way.state, visit):
            raise NotAccepted("COMPANY_STATE_USED")
        subject = provider.subject_of(way, origin, answer, visit.now)
    except NotAccepted as error:
        reason = error.reason

        def refuse(session: Session, visit: Visit) -> Outcome:
            return signing_in.refuse(session, reason, visit)

        return written(request, refuse), "/"

    def work(session: Session, visit: Visit) -> Outcome:
        return signing_in.by_company(session, subject, visit)

    return written(request, work), way.after


def _use(request: Request, state: str, visit: Visit) -> bool:
    def work(session: Session) -> bool:
        until = visit.now + WAY_SECONDS
        return once.use(session, "company state", state.encode(), until, visit.now)

    return node_of(request).db.write(work)


def _provider(request: Request) -> tuple[CompanyProvider, str]:
    """Return the provider and this page's origin; raises NothingHere, CompanyUnavailable."""
    node = node_of(request)
    if node.people.company is None:
        raise NothingHere("There is no such route.")
    origin = own_origin(request, node.settings)
    if origin is None:
        raise CompanyUnavailable("The company's provider is reached from the public name alone.")
    return node.people.company, origin


def _cookie_name(request: Request) -> str:
    return HOST_COOKIE if is_secure(request, node_of(request).settings) else COOKIE


def _set_cookie(request: Request, response: Response, value: str, seconds: int) -> None:
    response.set_cookie(
        _cookie_name(request),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=is_secure(request, node_of(request).settings),
        path="/",
    )
