"""Where sensors hand in readings: HTTP on this machine's loopback, answered with a verdict.

``POST /readings`` takes one signed reading of at most 4,096 bytes. 200 carries a verdict, whether
the barrier opens or not; any other status a refusal {code, detail, what_to_do}, barrier closed.
``GET /health`` says that the lane is at work and its last device counter.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from device_oracles.errors import GatewayError, ReadingMalformed
from device_oracles.intake.readings import MAX_READING_BYTES, Reading, parse_reading

READING_SECONDS = 10.0


def create_listener(
    decide: Callable[[Reading], dict[str, Any]], health: Callable[[], dict[str, Any]]
) -> Starlette:
    """Build the listener.

    Args:
        decide: the verdict on a reading, as JSON; raises GatewayError when it is none to act on.
        health: what GET /health answers.
    """

    async def post_reading(request: Request) -> Response:
        try:
            reading = parse_reading(await _bounded(request))
            return JSONResponse(await run_in_threadpool(decide, reading))
        except GatewayError as error:
            return _refusal(error)

    async def get_health(_: Request) -> Response:
        return JSONResponse(health())

    return Starlette(
        routes=[
            Route("/readings", post_reading, methods=["POST"]),
            Route("/health", get_health, methods=["GET"]),
        ]
    )


async def _bounded(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MAX_READING_BYTES:
        raise ReadingMalformed(f"A reading has at most {MAX_READING_BYTES} bytes.")
    body = b""
    try:
        async with asyncio.timeout(READING_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_READING_BYTES:
                    raise ReadingMalformed(f"A reading has at most {MAX_READING_BYTES} bytes.")
    except TimeoutError as error:
        raise ReadingMalformed("The reading did not arrive in time.") from error
    return body


def _refusal(error: GatewayError) -> Response:
    body = {
        "barrier": "closed",
        "open": False,
        "code": error.code,
        "says": error.message,
        "what_to_do": error.what_to_do,
        "facts": error.facts,
    }
    return JSONResponse(body, status_code=error.status)
