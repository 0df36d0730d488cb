"""A whole member on PostgreSQL, its jobs by Celery with Redis, beside one on SQLite alone.

A bill is issued and handed over while Redis forgets, the member's processes are killed and its
database's server too; then both members' tables are the ledger's.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_client
from sqlalchemy import text
from sqlmodel import SQLModel, select
from support.members import NODE_PARTS, RunningMember, running_members, wait_for
from support.peers import bill_number, make_bill
from support.servers import PostgreSQL, Redis, running

from api.cli.standing import findings, standing
from identity.acts.words import TitleState
from node.chain.rebuild import rebuild
from node.member import write_json
from node.metrics import render
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow
from node.store.database import Database
from node.store.projections import PROJECTIONS, ChainCursor, Title
from node.upkeep.backup import back_up, restore
from node.upkeep.measures import NodeCollector

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


def test_the_doctor_finds_nothing_wrong_and_mends_what_somebody_wrote_into_the_tables(
    members: Members,
) -> None:
    carrier = members["carrier"]
    directory = carrier.new.directory
    with carrier.node.db.begin() as session:
        session.execute(text("UPDATE title SET state = 7"))
    found = {each["code"]: each for each in findings(directory, True, False, True)}
    assert found["TABLES_DIFFER"]["state"] == "warn"
    assert found["TABLES_DIFFER"]["sentence"].startswith("2 rows differed")
    # The API is the test's own node here, the disk is whatever machine this is, and these members
    # have no authority file.
    open_questions = {
        "PART_STOPPED", "DISK_NEARLY_FULL", "TABLES_DIFFER", "WORK_TRIED_AGAIN",
        "AUTHORITY_FILE_MISSING",
    }  # fmt: skip
    troubles = [each for each in found.values() if each["state"] != "ok"]
    assert [each for each in troubles if each["code"] not in open_questions] == []
    assert found["PEER_SILENT"]["state"] == "ok"
    told = standing(directory)
    assert told["database"] == "postgresql"
    assert told["open_commands"] == {}
    measured = render(NodeCollector(carrier.node.db)).decode()
    assert f"lading_followed_height {told['tables']['height']}.0" in measured


def test_a_member_that_was_restored_catches_up_agrees_and_goes_on(
    members: Members, server: PostgreSQL, tmp_path: Path
) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    for name, member in members.items():
        made = back_up(member.node.settings, tmp_path / name)
        assert made.database == {"carrier": "postgresql", "shipper": "sqlite"}[name]
    later = carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)
    wait_for(lambda: shipper.row(Title, str(later.object)), "the shipper sees the later title")

    for name in list(members):
        members[name] = restored(members[name], tmp_path / name, server)
    carrier, shipper = members["carrier"], members["shipper"]
    run(carrier)
    shipper.run_parts(*NODE_PARTS)
    wait_for(lambda: carrier.row(Title, str(later.object)), "the restored carrier catches up")
    wait_for(lambda: heights(members)[0] == heights(members)[1], "both are at the same block")
    for model in PROJECTIONS:
        ours, theirs = (rows_of(member.node.db, model) for member in members.values())
        assert ours == theirs, model.__name__
    carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)


def restored(member: RunningMember, backup: Path, server: PostgreSQL) -> RunningMember:
    """Stop a member, lose its directory and database, put the backup in their place."""
    directory = member.new.directory
    for process in member.stop():
        assert process.returncode in (0, -signal.SIGKILL), process.args
    shutil.rmtree(directory)
    if member.node.db.is_postgresql:
        url = server.create(upgraded=False)
        restore(backup, directory, url)
        settings = json.loads((directory / "settings.json").read_bytes())
        write_json(directory / "settings.json", settings | {"database": url})
    else:
        restore(backup, directory)
    again = RunningMember(member.new)
    again.start_signer()
    return again
