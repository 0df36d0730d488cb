"""A write on its way to the node: its idempotency key, and whether the caller waits for the end."""

import asyncio
import re
import time
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool

from api.http.commands import command_json, find_command
from api.http.doors import actor_of, node_of
from api.http.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing
from node.store.commands import ENDED_STATES, Command

POLL_SECONDS = 0.05
SLOWEST_POLL_SECONDS = 0.5
MAX_TIMEOUT_SECONDS = 60
_KEY = re.compile(r"[\x21-\x7e]{8,128}")


class Waiting:
    """``?wait=final&timeout=20``: answer once the command has its end, or at the timeout."""

    def __init__(
        self,
        request: Request,
        wait: Annotated[
            Literal["final"] | None,
            Query(description="`final`: answer when the command has its end, or at the timeout"),
        ] = None,
        timeout: Annotated[
            int, Query(ge=1, le=MAX_TIMEOUT_SECONDS, description="seconds to wait")
        ] = 20,
    ) -> None:
        self._node = node_of(request)
        self._until = time.monotonic() + (timeout if wait else 0)

    async def for_end(self, command: Command) -> Command:
        """Return the command at its end or at the timeout; no thread is held meanwhile."""
        pause = POLL_SECONDS
        while command.state not in ENDED_STATES and time.monotonic() < self._until:
            await asyncio.sleep(min(pause, max(0.0, self._until - time.monotonic())))
            pause = min(pause * 1.3, SLOWEST_POLL_SECONDS)
            command = await run_in_threadpool(self._read, command.id)
        return command

    def _read(self, command: str) -> Command:
        with self._node.db.read() as session:
            return find_command(session, command)


class Intent:
    """One write by one caller under one idempotency key."""

    def __init__(
        self,
        request: Request,
        waiting: Annotated[Waiting, Depends()],
        idempotency_key: Annotated[
            str | None,
            Header(
                description="8 to 128 visible ASCII characters: a new key for each intent, "
                "the same key to try again",
                examples=["1f6f5b1e-6f0f-4d53-9d3c-6f9c6b1f6f11"],
            ),
        ] = None,
    ) -> None:
        if idempotency_key is None:
            raise IdempotencyKeyMissing("A write needs an Idempotency-Key.")
        if not _KEY.fullmatch(idempotency_key):
            raise IdempotencyKeyMalformed("The Idempotency-Key is not one.")
        self._node = node_of(request)
        self._actor = actor_of(request)
        self._waiting = waiting
        self._key = idempotency_key

    async def perform(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Hand the command to the node; return it as JSON, at its end if the caller waits."""
        submit = self._node.handler.submit
        command = await run_in_threadpool(submit, self._actor, self._key, verb, body)
        return command_json(await self._waiting.for_end(command))
