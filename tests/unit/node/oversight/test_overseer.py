"""A look that fails stops no other, is tried again, and is an alarm when it goes on failing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.offline import OfflineMember
from support.peers import make_member

from identity.acts.words import Role
from node.oversight.alarms import standing
from node.oversight.overseer import Overseer
from node.store.oversight import LedgerAlarm

NOW = 1_000_000.0


@pytest.fixture
def member(tmp_path: Path) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path, "member", Role.SHIPPER)
    yield member
    member.node.close()


def alarms(member: OfflineMember, now: float) -> list[str]:
    with member.node.db.read() as session:
        return [alarm.id for alarm in standing(session, now)]


def test_a_member_alone_on_the_embedded_ledger_has_nothing_to_watch(member: OfflineMember) -> None:
    Overseer(member.node, lambda: NOW).look()
    assert alarms(member, NOW + 10_000) == []


def test_a_look_that_goes_on_failing_is_told_until_it_works(
    member: OfflineMember, tmp_path: Path
) -> None:
    other, _ = make_member(tmp_path / "other", "other", Role.BANK)
    member.admit(other)
    overseer = Overseer(member.node, lambda: NOW)
    overseer.look()  # its ledger does not answer
    overseer.look()
    assert alarms(member, NOW + 899) == []
    assert alarms(member, NOW + 900) == ["NOT_WATCHED other members' ledgers"]
    with member.node.db.begin() as session:
        row = session.get(LedgerAlarm, "NOT_WATCHED other members' ledgers")
        assert row is not None
        assert "LEDGER_UNAVAILABLE" in row.says
    overseer._note("other members' ledgers", "")
    assert alarms(member, NOW + 10_000) == []
