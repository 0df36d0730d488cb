"""Callers that come at the same time share a transaction, and nothing else."""

import secrets
from collections.abc import Iterator
from concurrent.futures import wait

import pytest
from sqlalchemy import event
from support.members import EVERY_ROLE
from support.offline import OfflineMember, new_id

from identity.acts.words import Role
from identity.policy.decide import Actor
from node.commands.counter import Answers
from node.commands.requests import Asked
from node.errors import BodyInvalid, ContractRefused, IdempotencyConflict
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow
from node.store.errors import StorageUnavailable

PORT = 1


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("counter"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def device(key: str | None = None, **changes: str) -> Asked:
    body = {"key": new_id(), "kind": "scale", "port": PORT, "calibrated_until": 1_893_456_000}
    return Asked(key or secrets.token_hex(8), "RegisterDevice", body | changes)


def hand_in(member: OfflineMember, *asked: Asked, subject: str = "somebody") -> Answers:
    return member.node.handler.hand_in(Actor(member.id, subject, EVERY_ROLE), list(asked))


def at_once(member: OfflineMember, *callers: list[Asked]) -> list[Answers]:
    """Hand in for several callers while the counter is held up, so that they come together."""
    with member.node.db.begin():  # SQLite's only writer: the counter waits behind it
        first = hand_in(member, device())
        answers = [hand_in(member, *asked) for asked in callers]
        assert not any(one.done() for one in [first, *answers])
    wait([first, *answers], 20)
    return answers


def commits(member: OfflineMember) -> list[int]:
    """Return a list that grows by one with each commit."""
    seen: list[int] = []
    event.listen(member.node.db.engine, "commit", lambda _: seen.append(1))
    return seen


def test_callers_that_wait_together_are_stored_with_one_commit(member: OfflineMember) -> None:
    seen = commits(member)
    told = at_once(member, *([device()] for _ in range(20)))
    assert {one.result()[0].state for one in told} == {"accepted"}  # type: ignore[union-attr]
    assert len(seen) == 3  # the one that held up, the first caller's, the others'
    ids = {one.result()[0].id for one in told}  # type: ignore[union-attr]
    rows = {row.id for row in member.rows(Command)}
    audited = {row.command for row in member.rows(AuditRow) if row.outcome == "accepted"}
    work = {one for row in member.rows(OutboxRow) for one in row.payload["commands"]}
    assert len(ids) == 20
    assert ids <= rows & audited & work


def test_one_callers_refusal_is_its_own(member: OfflineMember) -> None:
    good, malformed, refused = at_once(
        member,
        [device()],
        [device(kind="teapot")],
        [Asked(secrets.token_hex(8), "Withdraw", {"title": new_id(), "offer": new_id()})],
    )
    assert isinstance(good.result()[0], Command)
    assert isinstance(malformed.result()[0], BodyInvalid)
    assert isinstance(refused.result()[0], ContractRefused)


def test_the_same_key_at_the_same_moment_makes_one_command(member: OfflineMember) -> None:
    once, other = device("the-same-key"), device("the-same-key")
    first, again, conflict = at_once(member, [once], [once], [other])
    told = [one.result()[0] for one in (first, again)]
    assert len({one.id for one in told if isinstance(one, Command)}) == 1
    assert isinstance(conflict.result()[0], IdempotencyConflict)
    assert len([row for row in member.rows(Command) if row.key == "the-same-key"]) == 1


def test_subjects_have_keys_of_their_own(member: OfflineMember) -> None:
    one = device("a-shared-key")
    first = hand_in(member, one, subject="anna").result()[0]
    second = hand_in(member, one, subject="bo").result()[0]
    assert isinstance(first, Command)
    assert isinstance(second, Command)
    assert first.id != second.id


def test_what_fails_for_one_caller_is_stored_for_the_others(member: OfflineMember) -> None:
    with member.node.db.begin():
        first = hand_in(member, device())
        others = [hand_in(member, device()) for _ in range(3)]
        poison = hand_in(member, device(), subject="\ud800")  # no database holds half a character
    wait([first, poison, *others], 20)
    assert isinstance(poison.exception(), UnicodeEncodeError)
    assert all(isinstance(one.result()[0], Command) for one in others)


def test_a_database_that_takes_nothing_is_told_to_everybody(member: OfflineMember) -> None:
    engine = member.node.db.engine

    def full(*_: object) -> None:
        raise StorageUnavailable("The database answers: it is full.")

    event.listen(engine, "commit", full)
    try:
        told = [hand_in(member, device()) for _ in range(2)]
        wait(told, 20)
    finally:
        event.remove(engine, "commit", full)
    assert [type(one.exception()) for one in told] == [StorageUnavailable] * 2
    assert isinstance(hand_in(member, device()).result()[0], Command)
