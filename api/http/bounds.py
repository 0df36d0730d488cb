"""How much of a request the door takes: its address, its headers, its body, and bodies at once.

Nothing here is parsed. The listener (``node.listening``) bounds what comes before a request is one.
"""

import asyncio
import gc
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
FORM_BYTES = 65_536  # of forms, wherever no credential is asked for, and where no document is taken
BODY_SECONDS = 60.0
# Of bodies beyond this size so many are held at once, from their first byte to the answer. Parsed
# and checked, a body takes up to twelve times its size, so that is done to one large one at a time.
LARGE_BODY_BYTES = 1_000_000
LARGE_BODIES = 4
LARGE_BODY_WAIT_SECONDS = 20.0
SWEEP_BYTES = 8_000_000
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
    """Reads bodies whole, each bounded in size and time, and few large ones at once.

    All of them together take ``LARGE_BODIES`` of ``MAX_BODY_BYTES``, ``LARGE_BODY_BYTES`` for each
    connection, and what the one large body takes whose turn it is.
    """

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LARGE_BODIES)
        self._turn = asyncio.Lock()
        self._unswept = 0

    async def read(
        self, request: Request, limit: int, held: AsyncExitStack, turn: AsyncExitStack
    ) -> bytes:
        """Return the body; a large one once it is its turn.

        A large one keeps its place among the large while ``held`` is open, and its turn until
        ``turn`` is closed: at the latest before the request waits for anything but its own work.

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
                        await _enter(self._places, held)
                        has_place = True
        except TimeoutError as error:
            raise BodyTooSlow(
                f"The body did not arrive within {BODY_SECONDS:.0f} seconds."
            ) from error
        if len(body) > FORM_BYTES:
            self._unswept += len(body)
        if has_place:
            await _enter(self._turn, turn)
        return bytes(body)

    def sweep(self) -> None:
        """Free what is left of bodies, once it may be much; at the end of each request.

        A refusal and the frames that it passed through hold each other, and with them what was
        read. The collector would come round to them in time; but it counts objects, not bytes.
        """
        if self._unswept >= SWEEP_BYTES:
            self._unswept = 0
            gc.collect()


async def _enter(room: asyncio.Semaphore | asyncio.Lock, until: AsyncExitStack) -> None:
    try:
        async with asyncio.timeout(LARGE_BODY_WAIT_SECONDS):
            await until.enter_async_context(room)
    except TimeoutError as error:
        raise BodiesTooMany("Too many large bodies are being taken.") from error


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body has more than {limit} bytes.", limit_bytes=limit)
