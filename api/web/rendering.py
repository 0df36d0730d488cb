"""Makes pages of templates, and reads forms; nothing here knows what a page is about."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from api.http.errors import BodyInvalid
from api.http.reads.wording import moment
from api.web.timeline import short
from api.web.words import say

MAX_FIELDS = 16
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(say=say, short=short, moment=moment)


def page(template: str, request: Request, status: int = 200, **values: Any) -> Response:
    """Return a template as a page; every value is escaped."""
    text = _templates.get_template(template).render(path=request.url.path, **values)
    return HTMLResponse(text, status_code=status)


def refusal_page(request: Request, status: int, error: Any) -> Response:
    """Return a refusal as a page: what, why, what to do."""
    return page("refusal.html", request, status, error=error)


async def form_of(request: Request) -> dict[str, str]:
    """Return a form's fields, of each the first; raises BodyInvalid."""
    text = (await request.body()).decode("utf-8", errors="replace")
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BodyInvalid("The form has too many fields.") from error
    return {name: values[0] for name, values in found.items()}
