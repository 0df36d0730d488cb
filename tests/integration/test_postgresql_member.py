"""A whole member on PostgreSQL, its jobs by Celery with Redis, beside one on SQLite alone.

A bill is issued and handed over while Redis forgets, the member's processes are killed and its
database's server too; then both members' tables are the ledger's.
"""

import subprocess
from collections.abc import Iterator

import pytest
import redis as redis_client
from sqlmodel import SQLModel, select
from support.members import NODE_PARTS, RunningMember, running_members, wait_for
from support.peers import bill_number, make_bill
from support.servers import PostgreSQL, Redis, running

from identity.acts.words import TitleState
from node.chain.rebuild import rebuild
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow
from node.store.database import Database
from node.store.projections import PROJECTIONS, ChainCursor, Title

Members = dict[str, RunningMember]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A server of this test alone, because it is killed."""
    server = PostgreSQL()
    with running(server):
        yield server


@pytest.fixture(scope="module")
def members(
    tmp_path_factory: pytest.TempPathFactory, server: PostgreSQL, redis: Redis
) -> Iterator[Members]:
    folder = tmp_path_factory.mktemp("consortium")
    carrier = {
        "database": server.create(upgraded=False), "jobs": "celery", "redis_url": redis.url,
    }  # fmt: skip
    with running_members(folder, ["carrier", "shipper"], settings={"carrier": carrier}) as members:
        members["shipper"].run_parts(*NODE_PARTS)
        yield members


def run(carrier: RunningMember) -> "list[subprocess.Popen[bytes]]":
    """Start every part of the carrier in a process of its own, and two Celery workers."""
    parts = [carrier.start_parts(part) for part in NODE_PARTS]
    return [*parts, carrier.start_jobs(), carrier.start_jobs()]


def rows_of(database: Database, model: type[SQLModel]) -> set[tuple[object, ...]]:
    with database.read() as session:
        return {tuple(row.model_dump().items()) for row in session.exec(select(model))}


def outbox(member: RunningMember) -> list[OutboxRow]:
    with member.node.db.read() as session:
        return list(session.exec(select(OutboxRow)))


def test_issue_and_hand_over_through_loss_of_redis_processes_and_database(
    members: Members, server: PostgreSQL, redis: Redis
) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    processes = run(carrier)
    for member in members.values():
        member.knows(*members.values())

    issue = carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)
    title = str(issue.object)
    wait_for(lambda: shipper.row(Title, title), "the shipper sees the title")
    shipper.do("Accept", title=title, offer=shipper.row(Title, title).offer)

    second = carrier.ask("Issue", document=make_bill(bill_number()), holder=shipper.id)
    redis_client.Redis.from_url(redis.url).flushall()
    for process in processes:
        process.kill()
        process.wait()
    server.kill()
    server.start()
    run(carrier)
    ended = carrier.end_of(second)
    assert (ended.state, ended.refusal) == ("final", None)

    wait_for(lambda: not outbox(carrier), "the outbox is empty")
    wait_for(lambda: heights(members)[0] == heights(members)[1], "both are at the same block")
    for model in PROJECTIONS:
        ours, theirs = (rows_of(member.node.db, model) for member in members.values())
        assert ours == theirs, model.__name__
    rebuilt = rebuild(carrier.node.rpc, carrier.node.db, carrier.node.network)
    assert rebuilt.differing == 0
    assert carrier.row(Title, title).state == TitleState.LIVE
    with carrier.node.db.read() as session:
        commands = session.exec(select(Command)).all()
        audited = {row.command for row in session.exec(select(AuditRow))}
    assert {command.state for command in commands} == {"final"}
    assert {command.id for command in commands} <= audited


def heights(members: Members) -> list[int]:
    return [member.row(ChainCursor, 1).block for member in members.values()]  # type: ignore[arg-type]
