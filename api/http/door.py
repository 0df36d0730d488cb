"""What stands before every route: the credential, the size of the body, strict JSON.

Deny by default: a path that is not in ``OPEN`` needs a bearer token (under /v1/) or a session
(pages), and a form must come from this member's own page. The body is read, bounded and parsed only
after that, so a stranger cannot make the node parse anything; a file (``STREAMED``) is read by its
route. The routes find the caller in ``request.state.credential``, the parsed body in
``request.state.json``, and in ``request.state.turn`` what to close before they wait for anything.
"""

import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.bounds import FORM_BYTES, MAX_BODY_BYTES, Bodies, check_coding, check_head
from api.http.errors import (
    BodyNotJson,
    CredentialMissing,
    CredentialUnknown,
    CrossSiteRefused,
    DoorError,
)
from api.http.problems import problem, problem_of
from api.http.tokens import Credential
from node.errors import NodeError
from node.metrics import request_seconds
from privacy.canonical import parse_json
from privacy.errors import PrivacyError

SMALL_BODY_BYTES = 16_384
API = "/v1/"
MACHINES = "/oauth/token"
OPEN = frozenset(
    {
        "/v1/health",
        "/v1/ready",
        "/openapi.json",
        "/sign-in",
        "/sign-in/passkey",
        "/sign-in/password",
        "/sign-in/company",
        "/sign-in/company/return",
        "/sign-out",
        "/enrol",
        "/static/page.css",
        "/static/webauthn.js",
        MACHINES,
    }
)
# Where signing in may lead to afterwards: a page of this member, by its path alone.
NEXT = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
# A file's bytes: the route reads them itself, bounded, without holding them.
STREAMED = re.compile(r"/v1/documents/[^/]+/attachments")
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, forms would have no origin
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}
log = structlog.get_logger("api")


class Door:
    """ASGI middleware; the outermost layer of the API.

    Args:
        of_header: the credential of an ``Authorization`` header; raises DoorError.
        of_session: the credential of a page's request, by its cookie; raises DoorError.
        is_own: whether a form comes from a page of this member.
        reads_itself: whether the route of a path under /v1/ reads its body itself. Then no document
            stands in it, and it may be as long as a form; the others find theirs parsed.
    """

    def __init__(
        self,
        app: ASGIApp,
        of_header: Callable[[str | None], Awaitable[Credential]],
        of_session: Callable[[Request], Awaitable[Credential]],
        is_own: Callable[[Request], bool],
        reads_itself: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._of_header = of_header
        self._of_session = of_session
        self._is_own = is_own
        self._reads_itself = reads_itself
        self._bodies = Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        arrived = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                kind = f"{message['status'] // 100}xx"
                seconds = time.perf_counter() - arrived
                request_seconds.labels(_known_method(scope), kind).observe(seconds)
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.encode() not in present
                    ),
                ]
            await send(message)

        try:
            async with AsyncExitStack() as held:
                inner = await self._admit(scope, receive, held)
                await self._app(scope, inner, answer)
        except (DoorError, PrivacyError, NodeError) as error:
            await _refusal(scope, error)(scope, receive, answer)
        except ClientDisconnect:
            return  # nobody is left to be answered
        except Exception:  # the process's edge: the caller gets a code, the log gets the cause
            log.exception("an error without a class of its own", path=scope["path"])
            if started:
                raise
            await _unforeseen()(scope, receive, answer)
        finally:
            # The connection keeps the scope until its next request.
            scope.get("state", {}).pop("json", None)
            self._bodies.sweep()

    async def _admit(self, scope: Scope, receive: Receive, held: AsyncExitStack) -> Receive:
        check_head(scope)
        request = Request(scope, receive)
        path = scope["path"]
        state = scope.setdefault("state", {})
        turn = state["turn"] = await held.enter_async_context(AsyncExitStack())
        if path not in OPEN:
            if path.startswith(API):
                state["credential"] = await self._of_header(request.headers.get("authorization"))
            else:
                state["credential"] = _confined(await self._of_session(request), path)
        if scope["method"] in ("GET", "HEAD"):
            return receive
        check_coding(request)
        if STREAMED.fullmatch(path):
            return receive
        is_form = not path.startswith(API) and path != MACHINES
        if is_form and not self._is_own(request):
            raise CrossSiteRefused("The form was sent from another site.")
        limit = MAX_BODY_BYTES if self._takes_documents(path) else FORM_BYTES
        body = await self._bodies.read(request, limit, held, turn)
        if path.startswith(API):
            state["json"] = await _parse(request, body)
        # What is longer nobody reads again, and it need not be kept beside what was parsed.
        return _replay(body if len(body) <= FORM_BYTES else b"")

    def _takes_documents(self, path: str) -> bool:
        return path.startswith(API) and path not in OPEN and not self._reads_itself(path)


def _known_method(scope: Scope) -> str:
    """The request's method as a label: a stranger may send any word."""
    return scope["method"] if scope["method"] in ("GET", "POST") else "other"


def _confined(credential: Credential, path: str) -> Credential:
    """Return the credential, where it is good for this path; raises CredentialMissing."""
    below = credential.only_under
    if below is not None and path != below and not path.startswith(below + "/"):
        raise CredentialMissing("This session is good for other pages.")
    return credential


def _refusal(scope: Scope, error: DoorError | PrivacyError | NodeError) -> Response:
    path = scope["path"]
    wants_session = isinstance(error, CredentialMissing | CredentialUnknown)
    if wants_session and not path.startswith(API):
        after = f"?next={quote(path)}" if scope["method"] == "GET" and NEXT.fullmatch(path) else ""
        return RedirectResponse("/sign-in" + after, status_code=303)
    return problem_of(error)


def _unforeseen() -> Response:
    return problem(
        500,
        "UNFORESEEN",
        "This node met an error that it has no word for.",
        "Try again with the same Idempotency-Key; if it stays, report the time to the operator.",
    )


async def _parse(request: Request, body: bytes) -> object:
    if not body:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise BodyNotJson("The body is not sent as JSON.")
    if len(body) <= SMALL_BODY_BYTES:
        return parse_json(body, max_bytes=MAX_BODY_BYTES)
    # A large document takes tenths of a second; other requests go on meanwhile.
    return await run_in_threadpool(parse_json, body, max_bytes=MAX_BODY_BYTES)


def _replay(body: bytes) -> Receive:
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
