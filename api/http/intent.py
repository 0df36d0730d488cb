"""A write on its way to the node: its idempotency key, and whether the caller waits for the end."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from api.http.commands import command_json, find_command
from api.http.doors import actor_of, node_of
from api.http.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing
from identity.policy.decide import Actor
from node.commands.intake import Answer
from node.commands.requests import Asked
from node.commands.watching import REACHED
from node.store.commands import Command

if TYPE_CHECKING:
    from node.node import Node

DEFAULT_WAIT_SECONDS = 30
MAX_WAIT_SECONDS = 60
KEY = re.compile(r"[\x21-\x7e]{8,128}")


class Waiting:
    """``?wait=final&wait_seconds=30``: answer once the command is there, or when the time is up.

    ``wait=relayed`` is content with less: the act is on its way to the ledger. An answer that comes
    because the time was up has status 202; one that found what it waited for, 200.
    """

    def __init__(
        self, request: Request, response: Response, wait: str | None, wait_seconds: int
    ) -> None:
        self._node = node_of(request)
        self._turn: AsyncExitStack = request.state.turn
        self._response = response
        self._wait = wait
        self._seconds = wait_seconds

    async def for_goal(self, command: Command) -> Command:
        """Return the command as it is then; sets the answer's status; no thread is held."""
        (there,) = await self.for_goals([command])
        if self._wait is not None:
            self._response.status_code = self.status_of(there)
        return there

    async def for_goals(self, commands: Sequence[Command]) -> list[Command]:
        """Return the commands as they are when all are there, or the time is up.

        The work on the request's body is over then, and the next large body's turn comes.
        """
        await self._turn.aclose()
        if self._wait is None:
            return list(commands)
        goal, seconds = self._wait, self._seconds
        far = [one.id for one in commands if one.state not in REACHED[goal]]
        if not far:
            return list(commands)
        await asyncio.gather(*(self._node.watch.reached(one, goal, seconds) for one in far))
        return await run_in_threadpool(self._read, [one.id for one in commands])

    def status_of(self, command: Command) -> int:
        """Return 200 when the command is where the caller waited for it to be, else 202."""
        return 200 if self._wait is not None and command.state in REACHED[self._wait] else 202

    def _read(self, commands: Sequence[str]) -> list[Command]:
        with self._node.db.read() as session:
            return [find_command(session, one) for one in commands]


_Wait = Annotated[
    Literal["final", "relayed"] | None,
    Query(
        description="`final`: answer when the command has its end; `relayed`: when its act "
        "is on its way to the ledger; or when the time is up"
    ),
]
_WaitSeconds = Annotated[int, Query(ge=1, le=MAX_WAIT_SECONDS, description="the longest wait")]
_Key = Annotated[
    str | None,
    Header(
        description="8 to 128 visible ASCII characters: a new key for each intent, "
        "the same key to try again",
        examples=["1f6f5b1e-6f0f-4d53-9d3c-6f9c6b1f6f11"],
    ),
]


# These are coroutines, though they wait for nothing: others would each cost a change of thread.
async def _waiting_of_request(
    request: Request,
    response: Response,
    wait: _Wait = None,
    wait_seconds: _WaitSeconds = DEFAULT_WAIT_SECONDS,
) -> Waiting:
    return Waiting(request, response, wait, wait_seconds)


async def _key_of_request(idempotency_key: _Key = None) -> str:
    """Return the request's idempotency key.

    Raises: IdempotencyKeyMissing, IdempotencyKeyMalformed.
    """
    if idempotency_key is None:
        raise IdempotencyKeyMissing("A write needs an Idempotency-Key.")
    if not KEY.fullmatch(idempotency_key):
        raise IdempotencyKeyMalformed("The Idempotency-Key is not one.")
    return idempotency_key


ForGoal = Annotated[Waiting, Depends(_waiting_of_request)]
IdempotencyKey = Annotated[str, Depends(_key_of_request)]


async def hand_in(node: "Node", actor: Actor, asked: Sequence[Asked]) -> list[Answer]:
    """Return the node's answers; a thread is held only for what takes long.

    Raises: what ``CommandHandler.submit_all`` raises.
    """
    handler = node.handler
    if handler.takes_long(asked):
        answers = await run_in_threadpool(handler.hand_in, actor, asked)
    else:
        answers = handler.hand_in(actor, asked)
    return await asyncio.wrap_future(answers)


class Intent:
    """One write by one caller under one idempotency key."""

    def __init__(self, node: "Node", actor: Actor, waiting: Waiting, key: str) -> None:
        self._node = node
        self._actor = actor
        self._waiting = waiting
        self._key = key

    async def perform(self, verb: str, body: dict[str, Any]) -> Response:
        """Hand the command to the node; answer with it, at its goal if the caller waits."""
        (command,) = await hand_in(self._node, self._actor, [Asked(self._key, verb, body)])
        if not isinstance(command, Command):
            raise command
        there = await self._waiting.for_goal(command)
        # Answered as it is: making an answer of a model would take longer than the command.
        return JSONResponse(command_json(there), status_code=self._waiting.status_of(there))


# One function for all that a write's request says: each further one costs every write a tenth.
async def _intent_of_request(
    request: Request,
    response: Response,
    wait: _Wait = None,
    wait_seconds: _WaitSeconds = DEFAULT_WAIT_SECONDS,
    idempotency_key: _Key = None,
) -> Intent:
    key = await _key_of_request(idempotency_key)
    waiting = Waiting(request, response, wait, wait_seconds)
    return Intent(node_of(request), actor_of(request), waiting, key)


TheIntent = Annotated[Intent, Depends(_intent_of_request)]
