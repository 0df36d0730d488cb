"""How much of a request the door takes: its address, its headers, its body, and bodies at once.

Nothing here is parsed. The listener (``node.listening``) bounds what comes before a request is one.
"""

import asyncio
from contextlib import AsyncExitStack

from starlette.requests import Request
from starlette.types import Scope

from api.http.errors import (
    AddressTooLong,
    BodiesTooMany,
    BodyEncoded,
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
)

MAX_BODY_BYTES = 12_000_000
FORM_BYTES = 65_536  # of forms, and wherever no credential is asked for
BODY_SECONDS = 60.0
# Parsed, a body takes many times its size: so many of this size are held at once.
LARGE_BODY_BYTES = 1_000_000
LARGE_BODIES = 4
LARGE_BODY_WAIT_SECONDS = 20.0
MAX_ADDRESS_BYTES = 8_192
MAX_HEADERS = 100
MAX_HEADERS_BYTES = 32_768


def check_head(scope: Scope) -> None:
    """Refuse an address or headers beyond their bounds; raises AddressTooLong, HeadersTooLarge."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_ADDRESS_BYTES:
        raise AddressTooLong(
            f"The address has more than {MAX_ADDRESS_BYTES} bytes.", limit_bytes=MAX_ADDRESS_BYTES
        )
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if len(scope["headers"]) > MAX_HEADERS or size > MAX_HEADERS_BYTES:
        raise HeadersTooLarge(
            f"There are over {MAX_HEADERS} headers, or over {MAX_HEADERS_BYTES} bytes of them.",
            limit_bytes=MAX_HEADERS_BYTES,
        )


def check_coding(request: Request) -> None:
    """Refuse a body under a content coding: it is never decoded; raises BodyEncoded."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyEncoded("The body is sent under a content coding.")


class Bodies:
    """Reads bodies whole, each bounded in size and time, and few large ones at once."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LARGE_BODIES)

    async def read(self, request: Request, limit: int, held: AsyncExitStack) -> bytes:
        """Return the body; a large one keeps its place among the large while ``held`` is open.

        Raises: BodyTooLarge, BodyTooSlow, BodiesTooMany.
        """
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise _too_large(limit)
        body, has_place = bytearray(), False
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise _too_large(limit)
                    if len(body) > LARGE_BODY_BYTES and not has_place:
                        await self._take_place(held)
                        has_place = True
        except TimeoutError as error:
            raise BodyTooSlow(
                f"The body did not arrive within {BODY_SECONDS:.0f} seconds."
            ) from error
        return bytes(body)

    async def _take_place(self, held: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(LARGE_BODY_WAIT_SECONDS):
                await held.enter_async_context(self._places)
        except TimeoutError as error:
            raise BodiesTooMany("Too many large bodies are being taken.") from error


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body has more than {limit} bytes.", limit_bytes=limit)
