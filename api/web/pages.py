"""The pages of the member's titles, and of one title's timeline."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.doors import reading
from api.http.parameters import Id
from api.http.reads.titles import titles_of
from api.http.routes.titles import titles_told
from api.web.rendering import page
from api.web.timeline import name, title_page

MAX_LISTED = 100
router = APIRouter(include_in_schema=False)


@router.get("/")
def show_titles(request: Request, after: Annotated[Id | None, Query()] = None) -> Response:
    """The member's titles."""
    with reading(request, "ReadTitle") as reader:
        rows = titles_of(reader.session, reader.member, after or "", MAX_LISTED)
        return page(
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
        return page(
            "title.html",
            request,
            **title_page(reader, title),
            member=name(reader, reader.member),
            subject=reader.actor.subject,
        )
