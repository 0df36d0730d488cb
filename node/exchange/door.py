"""The peers listener's way of taking a message: bound, authenticate, admit once, hand on.

1. The connection's certificate stands in an active profile, and that member has not too much on
   its way here already.
2. The body has the route's content type and at most its size, and arrives in time.
3. One valid signature says who speaks, made for this node's own address.
4. The replay guard lets the message through once.
5. The route's handler works in a thread, owns its transaction, and answers JSON.

Every refusal is a problem (RFC 9457) with a stable code. Nothing a stranger sends is parsed before
step 3, beyond HTTP itself.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from node.exchange import messages, replay
from node.exchange.errors import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeUnknown,
    PeerUnknown,
    WrongReceiver,
)
from node.exchange.limits import Flights
from node.exchange.messages import Message, PeerKeys
from node.exchange.problems import problem
from node.store.database import Database
from privacy.canonical import JsonValue

BODY_SECONDS = 30


@dataclass(frozen=True)
class PeerMessage:
    """A message whose sender is known: member id and the whole body."""

    sender: str
    body: bytes


@dataclass(frozen=True)
class PeerRoute:
    """One POST route of the peers listener.

    ``handle`` runs in a worker thread, opens its own transactions, and raises errors of the
    node's, privacy's or identity's tree to refuse.
    """

    path: str
    content_type: str
    max_bytes: int
    handle: Callable[[PeerMessage], JsonValue]


class PeerBook(PeerKeys, Protocol):
    """Who the peers are, by the profiles that the ledger names."""

    def check_certificate(self, certificate: bytes) -> str:
        """Return the certificate's member. Raises: PeerUnknown, PeerNotActive."""
        ...


class Door:
    """Takes messages for one member.

    Args:
        endpoint: the peers URL of this member's profile: what a signature must be made for.
        own_profile: the profile's JSON, as anyone with an accepted certificate may read it.
    """

    def __init__(
        self,
        endpoint: str,
        own_profile: Callable[[], JsonValue],
        book: PeerBook,
        database: Database,
        flights: Flights,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._own_profile = own_profile
        self._book = book
        self._database = database
        self._flights = flights

    def app(self, routes: Sequence[PeerRoute]) -> Starlette:
        """Return the ASGI application with ``routes`` and GET /peer/v1/profile."""
        return Starlette(
            routes=[
                Route("/peer/v1/profile", self._profile, methods=["GET"]),
                *(Route(route.path, self._taking(route), methods=["POST"]) for route in routes),
            ],
            exception_handlers={HTTPException: _not_a_route},
        )

    async def _profile(self, request: Request) -> Response:
        try:
            await run_in_threadpool(self._check_connection, request)
        except Exception as error:  # noqa: BLE001 - the process edge: problem() names what it can
            return problem(error)
        return JSONResponse(await run_in_threadpool(self._own_profile))

    def _taking(self, route: PeerRoute) -> Callable[[Request], object]:
        async def take(request: Request) -> Response:
            try:
                peer = await run_in_threadpool(self._check_connection, request)
                with self._flights.admit(peer, _declared_bytes(request, route)):
                    body = await _bounded_body(request, route)
                    answer = await run_in_threadpool(self._admit, request, route, body)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:  # noqa: BLE001 - the process edge, as above
                return problem(error)
            return JSONResponse(answer)

        return take

    def _check_connection(self, request: Request) -> str:
        certificate = getattr(request.state, "peer_certificate", None)
        if not isinstance(certificate, bytes):
            raise PeerUnknown("The connection shows no certificate.")
        return self._book.check_certificate(certificate)

    def _admit(self, request: Request, route: PeerRoute, body: bytes) -> JsonValue:
        host = request.headers.get("host", "").lower().removesuffix(":443")
        if host != urlsplit(self._endpoint).netloc.lower().removesuffix(":443"):
            raise WrongReceiver("The message is addressed to another host.")
        message = Message(request.method, self._endpoint + route.path, request.headers)
        if request.url.query:
            raise WrongReceiver("A peer route takes no query.")
        signed = messages.verify(message, body, self._book)
        with self._database.begin() as session:
            replay.admit(session, signed, int(time.time()))
        return route.handle(PeerMessage(signed.member, body))


def _declared_bytes(request: Request, route: PeerRoute) -> int:
    """Return how many bytes a message may take: what it says, or the most its route reads."""
    length = request.headers.get("content-length", "")
    return min(int(length[:20]), route.max_bytes) if length.isdecimal() else route.max_bytes


async def _bounded_body(request: Request, route: PeerRoute) -> bytes:
    if request.headers.get("content-type", "").lower() != route.content_type:
        raise MediaTypeUnknown(f"This route reads {route.content_type}.")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > route.max_bytes:
        raise BodyTooLarge("The message is too large.", limit=route.max_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > route.max_bytes:
                    raise BodyTooLarge("The message is too large.", limit=route.max_bytes)
    except TimeoutError as error:
        raise BodyTooSlow("The message did not arrive in time.", seconds=BODY_SECONDS) from error
    return bytes(body)


async def _not_a_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    body = {"type": "about:blank", "title": "No such route", "status": status, "code": "NO_ROUTE"}
    return Response(json.dumps(body), status, media_type="application/problem+json")
