"""Reading the stream of events: by pages, or as it grows."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.http.doors import allow, credential_of, node_of, reading, site_of
from api.http.parameters import ContainerNumber, EventKind, Id, Position, SubscriberId
from api.http.routes.subscribers import owner_of
from api.http.shapes.events import StreamShape
from api.http.streaming import HEADERS, MEDIA_TYPE, PAGE, lines
from node.events.errors import FilterInvalid, StreamsTooMany
from node.events.reading import MAX_PAGE, Filter, Page, event_json, read
from node.events.subscribers import find

router = APIRouter(tags=["events"])
MAX_STREAMS = 100
READ = "ReadEvents"
Verb = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True)
class Choice:
    """What a reader asks for: a subscriber's events, or those of a filter; from where on."""

    subscriber: str | None
    after: int | None
    wanted: Filter

    def start(self, request: Request, session: Session) -> tuple[Filter, int]:
        """Return the filter and the position to go on after.

        Raises: SubscriberUnknown, FilterInvalid.
        """
        if self.subscriber is None:
            return self.wanted, self.after or 0
        if self.wanted != Filter():
            raise FilterInvalid("A subscriber has its filter already.")
        row = find(session, owner_of(request), self.subscriber)
        return Filter.from_json(row.filter), row.acked if self.after is None else self.after


def choice(
    subscriber: Annotated[
        SubscriberId | None,
        Query(description="a subscriber's id: its filter, and after what it acknowledged"),
    ] = None,
    after: Annotated[Position | None, Query(description="the last position that is known")] = None,
    title: Annotated[Id | None, Query(description="a title's id")] = None,
    container: Annotated[ContainerNumber | None, Query(description="ISO 6346")] = None,
    member: Annotated[Id | None, Query(description="a member's id: what concerns it")] = None,
    kind: Annotated[
        list[EventKind] | None,
        Query(description="may be repeated"),
    ] = None,
    verb: Annotated[list[Verb] | None, Query(description="may be repeated", max_length=64)] = None,
) -> Choice:
    """What the address says."""
    wanted = Filter(title, container, member, tuple(kind or ()), tuple(verb or ()))
    return Choice(subscriber, after, wanted)


Chosen = Annotated[Choice, Depends(choice)]


@router.get("/v1/events", response_model=StreamShape)
def list_events(
    request: Request, chosen: Chosen, limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100
) -> Response:
    """Read events by position; `next` continues, also where a page is empty."""
    with reading(request, READ) as reader:
        wanted, after = chosen.start(request, reader.session)
        page = read(reader.node, reader.session, wanted, after, limit)
        return JSONResponse(
            {
                "events": [event_json(row, page.members) for row in page.events],
                "next": page.reached,
                "head": page.head,
                "as_of": reader.as_of(),
            }
        )


@router.get(
    "/v1/events/stream",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Server-sent events.", "content": {MEDIA_TYPE: {}}},
        429: {"$ref": "#/components/responses/Problem429"},
    },
)
async def stream_events(
    request: Request,
    chosen: Chosen,
    last_event_id: Annotated[
        Position | None, Header(description="as a client sends it that was cut off")
    ] = None,
) -> StreamingResponse:
    """Follow the events as they come, each at least once: server-sent events."""
    node = node_of(request)
    allow(request, READ)
    if node.tail.bells >= MAX_STREAMS:
        raise StreamsTooMany(f"{MAX_STREAMS} streams are open.", limit=MAX_STREAMS)

    def page(wanted: Filter, limit: int, after: int) -> Page:
        with node.db.read() as session:
            return read(node, session, wanted, after, limit)

    def begin() -> tuple[Filter, int]:
        with node.db.read() as session:
            wanted, after = chosen.start(request, session)
        after = after if last_event_id is None else last_event_id
        page(wanted, 1, after)  # refuses now what could not be refused later
        return wanted, after

    wanted, after = await run_in_threadpool(begin)
    body = lines(node.tail, after, partial(page, wanted, PAGE), partial(_still_allowed, request))
    return StreamingResponse(body, media_type=MEDIA_TYPE, headers=HEADERS)


def _still_allowed(request: Request) -> bool:
    """Whether the token that opened the stream is still one of this member's."""
    return site_of(request).callers.still(credential_of(request))
