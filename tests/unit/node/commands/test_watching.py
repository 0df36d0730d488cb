"""Waiting for a command's state without asking the database for each caller."""

import asyncio
import time
from collections.abc import Callable

from node.commands.states import move
from node.commands.watching import Watch
from node.store.commands import Command
from node.store.database import Database

Store = Callable[..., Command]


async def moved_meanwhile(db: Database, command: Command, goal: str, *states: str) -> bool:
    """Wait for ``goal`` while the command goes through ``states``; return whether it came."""
    waiting = asyncio.create_task(Watch(db).reached(command.id, goal, 2))
    for state in states:
        await asyncio.sleep(0.02)
        with db.begin() as session:
            move(session, session.get_one(Command, command.number), state, int(time.time()))
    return await waiting


def test_a_caller_is_told_when_the_command_is_relayed(db: Database, store: Store) -> None:
    assert asyncio.run(moved_meanwhile(db, store(), "relayed", "signed", "relayed"))


def test_whoever_waits_for_the_end_is_content_with_a_refusal(db: Database, store: Store) -> None:
    assert asyncio.run(moved_meanwhile(db, store(), "final", "relayed", "refused"))


def test_a_state_before_the_goal_is_not_enough(db: Database, store: Store) -> None:
    command = store()
    begun = time.monotonic()
    assert not asyncio.run(moved_meanwhile(db, command, "final", "relayed"))
    assert time.monotonic() - begun < 3


def test_what_another_process_commits_is_seen(db: Database, store: Store) -> None:
    async def written_elsewhere() -> bool:
        waiting = asyncio.create_task(Watch(db).reached(command.id, "final", 2))
        await asyncio.sleep(0.1)
        with db.begin() as session:  # without `move`, which would ring in this process
            session.get_one(Command, command.number).state = "final"
        return await waiting

    command = store()
    assert asyncio.run(written_elsewhere())


def test_a_command_that_is_there_already_is_told_at_once(db: Database, store: Store) -> None:
    begun = time.monotonic()
    assert asyncio.run(Watch(db).reached(store(state="expired").id, "final", 5))
    assert time.monotonic() - begun < 1


def test_many_callers_cost_one_look_and_the_looking_ends_with_them(
    db: Database, store: Store
) -> None:
    commands = [store() for _ in range(40)]
    asked: list[int] = []

    class Counting(Watch):
        def _states(self, wanted: list[str]) -> dict[str, str]:  # type: ignore[override]
            asked.append(len(wanted))
            return super()._states(wanted)

    async def all_of_them() -> list[bool]:
        watch = Counting(db)
        waits = [asyncio.create_task(watch.reached(one.id, "final", 5)) for one in commands]
        await asyncio.sleep(0.2)
        with db.begin() as session:
            for one in commands:
                move(session, session.get_one(Command, one.number), "final", 1)
        return list(await asyncio.gather(*waits))

    assert asyncio.run(all_of_them()) == [True] * 40
    assert len(asked) < 12
