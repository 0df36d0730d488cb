"""A file on its way in: read from the request in pieces, bounded, and sealed as it comes.

Memory does not grow with the file: a piece is written by a worker thread before the next is read.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from api.http.errors import BodyTooLarge, BodyTooSlow
from node.documents.streams import KeptStream, StreamWriter
from privacy.streams import MAX_STREAM_BYTES

PIECE_BYTES = 1024 * 1024
PIECE_SECONDS = 30.0
UPLOAD_SECONDS = 3600.0


def check_length(request: Request) -> None:
    """Refuse a file that says to be too long, before a byte of it is read; raises BodyTooLarge."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > MAX_STREAM_BYTES:
        raise _too_large()


async def receive_file(request: Request, writer: StreamWriter) -> KeptStream:
    """Write the request's body and finish it; when this raises, nothing of it is left.

    Raises: BodyTooLarge, BodyTooSlow, VaultFull, VaultUnavailable, ClientDisconnect.
    """
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in _pieces(request):
                await run_in_threadpool(writer.write, piece)
        return await run_in_threadpool(writer.finish)
    except TimeoutError as error:
        raise BodyTooSlow(f"No byte of the file came for {PIECE_SECONDS:.0f} seconds.") from error
    finally:
        await run_in_threadpool(writer.abandon)  # nothing, once it is finished


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    buffer, size = bytearray(), 0
    stream = request.stream()
    while True:
        async with asyncio.timeout(PIECE_SECONDS):
            chunk = await anext(stream, None)
        if chunk is None:
            break
        size += len(chunk)
        if size > MAX_STREAM_BYTES:
            raise _too_large()
        buffer += chunk
        if len(buffer) >= PIECE_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(
        f"The file has more than {MAX_STREAM_BYTES} bytes.", limit_bytes=MAX_STREAM_BYTES
    )
