"""Server-sent events (WHATWG HTML, 9.2): the stream of events as one endless answer.

A page of events at most is in memory for a stream: while a slow reader has not taken it, nothing
further is read from the database. The caller's token is looked at again before each page.
"""

import json
import time
from collections.abc import AsyncIterator, Callable

import structlog
from starlette.concurrency import run_in_threadpool

from node.errors import NodeError
from node.events.reading import Page, event_json
from node.events.tail import Tail

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2_000
PAGE = 200
MEDIA_TYPE = "text/event-stream"
# A proxy that collects the answer before it passes it on would make the stream useless.
HEADERS = {"x-accel-buffering": "no"}

log = structlog.get_logger("api")


async def lines(
    tail: Tail, after: int, read: Callable[[int], Page], still_allowed: Callable[[], bool]
) -> AsyncIterator[str]:
    """Yield the events after a position as they come, and a sign of life at least every 15 s.

    It ends when the node stops, when the token is no longer good, and when the database cannot be
    read; a client then asks again with the last id it was given.

    Args:
        read: the page after a position; raises NodeError.
    """
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    spoken = time.monotonic()
    with tail.bell() as bell:
        while not tail.closed and await run_in_threadpool(still_allowed):
            bell.silence()
            try:
                page = await run_in_threadpool(read, after)
            except NodeError as error:
                log.warning("a stream ends", code=error.code)
                return
            after = page.reached
            silent = time.monotonic() - spoken
            if page.events or silent >= HEARTBEAT_SECONDS:
                yield _text(page) or f": alive\nid: {after}\n\n"
                spoken, silent = time.monotonic(), 0.0
            if after >= page.head:
                await bell.wait(HEARTBEAT_SECONDS - silent)


def _text(page: Page) -> str:
    return "".join(
        f"id: {row.position}\nevent: {row.kind}\n"
        f"data: {json.dumps(event_json(row, page.members), ensure_ascii=False)}\n\n"
        for row in page.events
    )
