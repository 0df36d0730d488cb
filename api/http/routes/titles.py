"""Reading titles: as they stand, what happened to them, what was refused."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from api.http.doors import Reader, reading
from api.http.parameters import Id
from api.http.reads.events import event_json, events_of, objects_of_title
from api.http.reads.refusals import refusals
from api.http.reads.titles import (
    MAX_TITLES,
    find_title,
    legal_orders_of,
    orders_of,
    title_json,
    titles_of,
)
from api.http.shapes.events import EventsShape, RefusalsShape
from api.http.shapes.titles import TitleNowShape, TitlesShape
from node.store.projections import Title

router = APIRouter(tags=["titles"])


@router.get("/v1/titles", response_model=TitlesShape)
def list_titles(
    request: Request,
    after: Annotated[Id | None, Query(description="the last id of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_TITLES)] = 50,
) -> Response:
    """List the titles that concern this member, by id."""
    with reading(request, "ReadTitle") as reader:
        rows = titles_of(reader.session, reader.member, after or "", limit)
        return JSONResponse(
            {
                "titles": titles_told(reader, rows),
                "next": rows[-1].id if len(rows) == limit else None,
                "as_of": reader.as_of(),
            }
        )


@router.get("/v1/titles/{title}", response_model=TitleNowShape)
def get_title(request: Request, title: Id) -> dict[str, Any]:
    """Show a title as it stands."""
    with reading(request, "ReadTitle") as reader:
        row = find_title(reader.session, title)
        return {
            **title_of(reader, row),
            "legal_orders": legal_orders_of(reader.session, title),
            "as_of": reader.as_of(),
        }


@router.get("/v1/titles/{title}/events", response_model=EventsShape)
def get_title_events(request: Request, title: Id) -> dict[str, Any]:
    """Tell what happened to a title and its orders: who signed what, in which block."""
    with reading(request, "ReadEvents") as reader:
        find_title(reader.session, title)
        rows = events_of(reader.session, objects_of_title(reader.session, title))
        return {"events": [event_json(row) for row in rows], "as_of": reader.as_of()}


@router.get("/v1/refusals", response_model=RefusalsShape)
def list_refusals(
    request: Request,
    about: Annotated[Id | None, Query(alias="object", description="the object's id")] = None,
) -> dict[str, Any]:
    """List what was refused, the latest first: by the contracts, and by this node."""
    with reading(request, "ReadEvents") as reader:
        return {"refusals": refusals(reader.session, about), "as_of": reader.as_of()}


def titles_told(reader: Reader, rows: Sequence[Title]) -> list[dict[str, Any]]:
    """Return titles' rows in words, as of now."""
    orders = orders_of(reader.session, [row.id for row in rows])
    book, now = reader.node.rulebook, reader.now
    return [title_json(row, orders.get(row.id), book, now) for row in rows]


def title_of(reader: Reader, row: Title) -> dict[str, Any]:
    """Return a title's row in words, as of now."""
    return titles_told(reader, [row])[0]
