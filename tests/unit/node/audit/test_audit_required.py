"""A change whose audit row cannot be written is refused, and the log's checkpoint is an act."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlmodel import select
from support.offline import OfflineMember, new_id

from identity.acts.words import OriginState, Role
from node.audit.checkpointing import Auditor
from node.audit.log import StoredLog
from node.commands.states import move
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow
from node.store.device_projections import LogOrigin
from node.store.errors import AuditUnwritable, StorageUnavailable

HOUR = 3600


@pytest.fixture
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("audited"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def add_key(member: OfflineMember) -> Command:
    return member.ask("AddKey", key="0x" + "00" * 12 + new_id()[2:42], purpose="act", valid_from=0)


def run(member: OfflineMember, statement: str) -> None:
    with member.node.db.begin() as session:
        session.connection().execute(text(statement))


@pytest.fixture
def refusing(member: OfflineMember) -> OfflineMember:
    run(
        member,
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    return member


def test_a_command_whose_row_is_refused_is_not_taken(refusing: OfflineMember) -> None:
    with pytest.raises(AuditUnwritable):
        add_key(refusing)
    assert refusing.rows(Command) == refusing.rows(OutboxRow) == []
    run(refusing, "DROP TRIGGER no_audit")
    assert add_key(refusing).state == "accepted"


def test_a_command_whose_row_is_refused_does_not_move(member: OfflineMember) -> None:
    command = add_key(member)
    run(
        member,
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END",
    )

    def end() -> None:
        with member.node.db.begin() as session:
            stored = session.exec(select(Command).where(Command.id == command.id)).one()
            move(session, stored, "refused", int(time.time()))

    with pytest.raises(AuditUnwritable):
        end()
    assert [row.state for row in member.rows(Command)] == ["accepted"]


def test_nothing_is_taken_while_the_disk_is_full_for_the_row(member: OfflineMember) -> None:
    add_key(member)
    rows = len(member.rows(AuditRow))
    # Everything of the command is stored and then, in the same transaction, room for its row ends.
    run(
        member,
        "CREATE TRIGGER filling BEFORE INSERT ON audit BEGIN"
        " INSERT INTO outbox (kind, payload, due, attempts, waiting, created_at)"
        " VALUES ('x', zeroblob(9000000), 0, 0, 0, 0); END",
    )
    with member.node.db.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limits = [member.node.db.engine.connect() for _ in range(3)]
    for connection in limits:
        connection.execute(text(f"PRAGMA max_page_count = {pages + 200}"))
    for connection in limits:
        connection.close()
    with pytest.raises(StorageUnavailable, match="full"):
        add_key(member)
    assert len(member.rows(Command)) == 1
    assert len(member.rows(AuditRow)) == rows


def later(member: OfflineMember, seconds: float) -> Auditor:
    return Auditor(member.node, lambda: time.time() + seconds)


def on_ledger(member: OfflineMember, command: Command) -> None:
    """Let the node know that the checkpoint took effect."""
    fields = (command.act or {})["fields"]
    member.put(
        LogOrigin(
            owner=member.id, origin=member.id, state=int(OriginState.OPEN),
            counter=fields["counter"] + 1, size=fields["size"], root=fields["root"], last_block=1,
        )
    )  # fmt: skip
    with member.node.db.begin() as session:
        stored = session.exec(select(Command).where(Command.id == command.id)).one()
        move(session, stored, "final", int(time.time()))


def checkpoints(member: OfflineMember) -> list[Command]:
    return [command for command in member.rows(Command) if command.verb == "Checkpoint"]


def test_rows_wait_an_hour_at_most_for_their_checkpoint(member: OfflineMember) -> None:
    assert not later(member, 2 * HOUR).step()  # nothing is noted yet
    add_key(member)
    assert not later(member, HOUR - 60).step()
    assert later(member, HOUR + 60).step()
    (command,) = checkpoints(member)
    with member.node.db.read() as session:
        stored = StoredLog(session)
        root = "0x" + stored.hash_of(0, stored.size).hex()
    assert command.act is not None
    assert command.subject == "node"
    assert (command.act["fields"]["size"], command.act["fields"]["root"]) == (1, root)


def test_one_checkpoint_at_a_time_is_on_its_way(member: OfflineMember) -> None:
    add_key(member)
    assert later(member, 2 * HOUR).step()
    add_key(member)
    assert not later(member, 9 * HOUR).step()
    on_ledger(member, checkpoints(member)[0])
    assert later(member, 9 * HOUR).step()
    second = checkpoints(member)[1]
    assert second.act is not None
    assert second.act["fields"]["counter"] == 1


def test_rows_that_tell_of_checkpoints_alone_call_for_none(member: OfflineMember) -> None:
    add_key(member)
    assert later(member, 2 * HOUR).step()
    on_ledger(member, checkpoints(member)[0])
    assert not later(member, 99 * HOUR).step()
    assert len(checkpoints(member)) == 1


def test_a_log_that_lost_rows_is_not_published(member: OfflineMember) -> None:
    add_key(member)
    member.put(
        LogOrigin(
            owner=member.id, origin=member.id, state=int(OriginState.OPEN), counter=4, size=900,
            root=new_id(), last_block=1,
        )
    )  # fmt: skip
    assert not later(member, 2 * HOUR).step()
    assert checkpoints(member) == []
