"""The pages: sign in with a token, the member's titles, one title's timeline."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.doors import reading, site_of
from api.http.errors import CredentialUnknown, CrossSiteRefused
from api.http.parameters import Id
from api.http.reads.titles import titles_of
from api.http.routes.titles import titles_told
from api.web.sessions import COOKIE, set_cookie
from api.web.timeline import name, short, title_page
from api.web.words import say

MAX_LISTED = 100
_HERE = Path(__file__).parent
_CSS = (_HERE / "static" / "page.css").read_bytes()
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(say=say, short=short)

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def show_sign_in(request: Request) -> Response:
    """The form that takes a token."""
    return _page("sign_in.html", request, refused=False)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Start a session for a token and go to the titles."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSiteRefused("The form was sent from another site.")
    form = parse_qs((await request.body()).decode("utf-8", errors="replace"), max_num_fields=8)
    try:
        cookie = site_of(request).sessions.sign_in(form.get("token", [""])[0].strip())
    except CredentialUnknown:
        return _page("sign_in.html", request, HTTPStatus.UNAUTHORIZED, refused=True)
    response = RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)
    set_cookie(request, response, cookie)
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    site_of(request).sessions.sign_out(request)
    response = RedirectResponse("/sign-in", status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/")
def show_titles(request: Request, after: Annotated[Id | None, Query()] = None) -> Response:
    """The member's titles."""
    with reading(request, "ReadTitle") as reader:
        rows = titles_of(reader.session, reader.member, after or "", MAX_LISTED)
        return _page(
            "titles.html",
            request,
            titles=titles_told(reader, rows),
            more=rows[-1].id if len(rows) == MAX_LISTED else None,
            name=lambda member: name(reader, member),
            member=name(reader, reader.member),
            subject=reader.actor.subject,
            as_of=reader.as_of(),
        )


@router.get("/titles/{title}")
def show_title(request: Request, title: Id) -> Response:
    """One title's timeline."""
    with reading(request, "ReadTitle") as reader:
        return _page(
            "title.html",
            request,
            **title_page(reader, title),
            member=name(reader, reader.member),
            subject=reader.actor.subject,
        )


@router.get("/static/page.css")
def style() -> Response:
    """The pages' one style sheet."""
    return Response(_CSS, media_type="text/css")


def refusal_page(request: Request, status: int, error: Any) -> Response:
    """A refusal as a page: what, why, what to do."""
    return _page("refusal.html", request, status, error=error)


def _page(template: str, request: Request, status: int = 200, **values: Any) -> Response:
    text = _templates.get_template(template).render(path=request.url.path, **values)
    return HTMLResponse(text, status_code=status)
