"""A node's parts: each runs once, starts again by itself, stops nothing else, ends when told."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from support.offline import OfflineMember
from support.peers import free_port

from identity.acts.words import Role
from node.errors import PartHeld, SettingsInvalid
from node.jobs import enqueue
from node.node import Node
from node.serve import Service, part_lock, running_parts
from node.store.changes import Changes
from node.store.commands import OutboxRow


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("serve"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def wait_for(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_part_is_held_by_one_process_at_a_time(member: OfflineMember) -> None:
    directory = member.new.directory
    assert not any(running_parts(directory).values())
    with part_lock(directory, "send"):
        assert [part for part, runs in running_parts(directory).items() if runs] == ["send"]
        with pytest.raises(PartHeld), part_lock(directory, "send"):
            pass
    with part_lock(directory, "send"):
        pass


def test_parts_run_without_a_ledger_and_end_when_told(member: OfflineMember) -> None:
    service = Service(member.node, ["follow", "send", "work"], {})
    service.start()
    with member.node.db.begin() as session:
        enqueue(session, "of a later release", {})
    wait_for(lambda: any(row.attempts for row in member.rows(OutboxRow)))
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 15
    assert not any(running_parts(member.new.directory).values())


def test_a_second_process_takes_a_part_over_when_the_first_ends(member: OfflineMember) -> None:
    first = Service(member.node, ["work"], {})
    second = Service(member.node, ["work"], {})
    first.start()
    wait_for(lambda: running_parts(member.new.directory)["work"])
    second.start()
    first.stop()
    wait_for(lambda: running_parts(member.new.directory)["work"])
    second.stop()


def test_a_part_that_fails_starts_again_and_stops_nothing_else(member: OfflineMember) -> None:
    tries: list[object] = []

    def app(node: Node) -> Any:
        tries.append(node)
        if len(tries) == 1:
            raise RuntimeError
        return Starlette(routes=[Route("/", lambda _: PlainTextResponse("well"))])

    port = free_port()
    object.__setattr__(member.node, "settings", member.node.settings.model_copy(
        update={"api_port": port}))  # fmt: skip
    service = Service(member.node, ["api", "work"], {"api": app})
    service.start()

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/").text == "well"
        except httpx.HTTPError:
            return False

    wait_for(answers)
    assert len(tries) == 2
    assert running_parts(member.new.directory)["work"]
    service.stop()


@pytest.mark.parametrize("parts", [["api"], ["peers", "unknown"]])
def test_a_part_that_there_is_not_is_refused(member: OfflineMember, parts: list[str]) -> None:
    with pytest.raises(SettingsInvalid):
        Service(member.node, parts, {})


def test_another_connections_commit_is_noticed(member: OfflineMember) -> None:
    changes = Changes(member.node.db)
    assert not changes.seen()
    with member.node.db.begin() as session:
        enqueue(session, "anything", {})
    assert changes.seen()
    assert not changes.seen()
    changes.close()
