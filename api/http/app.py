"""The member's API and pages as one application; it only wires."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from api.http.callers import Callers
from api.http.description import describe
from api.http.door import API, Door
from api.http.doors import Site
from api.http.errors import BodyInvalid, MethodRefused, NothingHere, RequestInvalid
from api.http.origins import is_from_own_page
from api.http.problems import ROOTS, problem_of, status_of
from api.http.routes import (
    approvals,
    attachments,
    bulk,
    council,
    events,
    evidence,
    keeping,
    members,
    oauth,
    orders,
    relays,
    subscribers,
    titles,
    upkeep,
    writes,
)
from api.http.tokens import Tokens
from api.web import approvals as approval_pages
from api.web import company, pages, security, sign_in
from api.web.rendering import refusal_page
from node.commands.bodies import field_name

if TYPE_CHECKING:
    from node.node import Node

VERSION = "1"
ROUTERS = (
    writes.ROUTER,
    bulk.router,
    relays.router,
    approvals.router,
    titles.router,
    orders.router,
    members.router,
    council.router,
    attachments.router,
    keeping.router,
    evidence.router,
    events.router,
    subscribers.router,
    upkeep.router,
    oauth.router,
    pages.router,
    sign_in.router,
    company.router,
    security.router,
    approval_pages.router,
)


def create_app(node: "Node") -> FastAPI:
    """Return the application of ``node``'s member; every route but ``door.OPEN`` needs a token."""
    app = FastAPI(
        title="Lading",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        description="One member's doors. Every write answers with a command, final later.",
    )
    tokens = Tokens(node.settings.tokens_file)
    callers = Callers(node, tokens)
    app.state.site = Site(node, tokens, callers)
    for kind in ROOTS:
        app.add_exception_handler(kind, _coded)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_a_route)
    for router in ROUTERS:
        app.include_router(router)
    reading_themselves = _reading_themselves()
    app.add_middleware(
        Door,
        of_header=callers.of_header,
        of_session=callers.of_cookie,
        is_own=lambda request: is_from_own_page(request, node.settings),
        reads_itself=lambda path: reading_themselves.match(path) is not None,
    )
    app.openapi = _told_once(app)  # type: ignore[method-assign]
    return app


def _reading_themselves() -> re.Pattern[str]:
    """The addresses whose routes have FastAPI read their bodies; no document stands in those."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    own = {route.path_regex.pattern for route in found if route.body_field is not None}
    # The same name stands in many of the patterns, which one pattern could not have.
    return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", one) for one in sorted(own)))


def all_routes() -> list[tuple[str, str]]:
    """Method and path of every route there is, for the test that walks them."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return sorted((method, route.path) for route in found for method in route.methods or ())


async def _coded(request: Request, error: Any) -> Response:
    if request.url.path.startswith(API):
        return problem_of(error)
    return refusal_page(request, status_of(type(error)), error)


async def _invalid(request: Request, error: Any) -> Response:
    """FastAPI's own refusal, without the values it would repeat."""
    found = error.errors()
    fields = [{"field": field_name(e["loc"]), "rule": e["type"]} for e in found[:20]]
    in_body = any(e["loc"][0] == "body" for e in found)
    kind = BodyInvalid if in_body else RequestInvalid
    named = ", ".join(field["field"] for field in fields[:3])
    refusal = kind(f"The request is not in its format: {named}.", fields=fields)
    return await _coded(request, refusal)


async def _not_a_route(request: Request, error: Any) -> Response:
    if error.status_code == 405:
        refusal = MethodRefused("This route does not answer this method.")
        response = await _coded(request, refusal)
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
        return response
    return await _coded(request, NothingHere("There is no such route."))


def _methods_of(request: Request) -> set[str]:
    """The methods that the request's address answers: of all routes, not of the first found."""
    matching = (
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    )
    return {method for route in matching for method in route.methods or ()}


def _told_once(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def told() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app, writes.nested_schemas())
        return app.openapi_schema

    return told
