"""Large bodies: few are held at once, and one of them is worked on."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from starlette.requests import Request
from starlette.types import Message

from api.http import bounds
from api.http.bounds import LARGE_BODIES, LARGE_BODY_BYTES, MAX_BODY_BYTES, Bodies
from api.http.errors import BodiesTooMany

PATIENCE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGE_BODY_WAIT_SECONDS", PATIENCE_SECONDS)


class Coming:
    """A request with a body of this size, that is held until it is answered."""

    def __init__(self, bodies: Bodies, size: int) -> None:
        self._bodies = bodies
        self._size = size
        self.held, self.turn = AsyncExitStack(), AsyncExitStack()

    async def read(self) -> int:
        """Read it all; return its size."""
        chunks = [b"x" * min(65_536, self._size - at) for at in range(0, self._size, 65_536)]

        async def receive() -> Message:
            return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        return len(await self._bodies.read(request, MAX_BODY_BYTES, self.held, self.turn))

    async def answered(self) -> None:
        await self.turn.aclose()
        await self.held.aclose()


def test_the_work_on_one_large_body_waits_for_that_on_another() -> None:
    async def story() -> None:
        bodies = Bodies()
        first, second, small = (Coming(bodies, n) for n in (2_000_000, 2_000_000, LARGE_BODY_BYTES))
        assert await first.read() == 2_000_000
        waits = asyncio.create_task(second.read())
        assert await small.read() == LARGE_BODY_BYTES
        assert not waits.done()
        await first.turn.aclose()  # it waits for the ledger now, and has no answer yet
        assert await waits == 2_000_000

    asyncio.run(story())


def test_a_large_body_whose_turn_does_not_come_is_refused() -> None:
    async def story() -> None:
        bodies = Bodies()
        first, second = Coming(bodies, 2_000_000), Coming(bodies, 2_000_000)
        await first.read()
        with pytest.raises(BodiesTooMany):
            await second.read()
        await second.answered()
        await first.answered()
        assert await Coming(bodies, 2_000_000).read() == 2_000_000

    asyncio.run(story())


def test_so_many_large_bodies_are_held_until_they_are_answered() -> None:
    async def story() -> None:
        bodies = Bodies()
        held = [Coming(bodies, 2_000_000) for _ in range(LARGE_BODIES)]
        for each in held:
            await each.read()
            await each.turn.aclose()
        with pytest.raises(BodiesTooMany):
            await Coming(bodies, 2_000_000).read()
        await held[0].answered()
        assert await Coming(bodies, 2_000_000).read() == 2_000_000

    asyncio.run(story())
