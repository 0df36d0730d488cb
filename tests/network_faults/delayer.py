"""Takes connections at PORT + 1 and hands on what comes, later: delayer.py HOST PORT MILLISECONDS.

It goes to HOST:PORT from a loopback address, from which the engine takes as many connections as
come; of others it takes one in ten seconds. What is answered goes back at once: the delay is of
one way. Runs until it is killed.
"""

import asyncio
import sys

CHUNK = 65_536
LOOPBACK = ("127.0.0.1", 0)


async def main(host: str, port: int, seconds: float) -> None:
    """Serve for ever."""

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(
                host, port, local_addr=LOOPBACK
            )
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _late(reader, inner_writer, seconds),
            _late(inner_reader, writer, 0),
            return_exceptions=True,
        )

    server = await asyncio.start_server(taken, "0.0.0.0", port + 1)
    async with server:
        await server.serve_forever()


async def _late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Hand on what comes, in its order, each piece ``seconds`` after it came."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)

    async def hand_on() -> None:
        while True:
            due, piece = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    handing = asyncio.create_task(hand_on())
    try:
        while piece := await reader.read(CHUNK):
            await waiting.put((loop.time() + seconds, piece))
    except ConnectionError:
        pass
    await waiting.put((loop.time() + seconds, b""))
    await asyncio.gather(handing, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) / 1000))
