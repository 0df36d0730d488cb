"""What acts on members, the council, the rulebook and delegations leave in the tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.acted import ActedLedger

from identity.acts.objects import COUNCIL, RULEBOOK, VERSIONS
from identity.acts.words import KeyPurpose, MemberStatus, Outcome, Role
from node.chain.errors import EventMissing
from node.chain.versions import in_force
from node.store.council_projections import (
    ContractVersion,
    Council,
    CouncilSeat,
    Delegation,
    RulebookInForce,
)
from node.store.projections import NOBODY, Member, MemberKey

SEAT, MEMBER, OTHER = (bytes([n]) * 32 for n in (1, 2, 3))
FIRST, RELAY, NUMBERING, SECOND = (bytes([n]) * 32 for n in (11, 12, 13, 14))


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[ActedLedger]:
    ledger = ActedLedger(tmp_path)
    ledger.act(
        "AdmitMember", SEAT, MEMBER, roles=int(Role.CARRIER), keys=[FIRST, RELAY, NUMBERING],
        purposes=[int(KeyPurpose.ACT), int(KeyPurpose.RELAY), int(KeyPurpose.NUMBERING)],
    )  # fmt: skip
    ledger.act("AdmitMember", SEAT, OTHER, roles=int(Role.CARRIER))
    yield ledger
    ledger.store.close()


def member(told: ActedLedger) -> Member:
    return told.row(Member, MEMBER)  # type: ignore[no-any-return]


def test_a_member_is_suspended_reinstated_and_leaves_without_roles(told: ActedLedger) -> None:
    assert member(told).status == MemberStatus.ACTIVE
    told.act("SuspendMember", SEAT, MEMBER)
    assert member(told).status == MemberStatus.SUSPENDED
    told.act("ReinstateMember", SEAT, MEMBER)
    assert member(told).status == MemberStatus.ACTIVE
    told.act("ChangeRoles", SEAT, MEMBER, roles=int(Role.CARRIER | Role.TRUCK))
    assert member(told).roles == Role.CARRIER | Role.TRUCK
    told.act("ExitMember", SEAT, MEMBER)
    assert (member(told).status, member(told).roles) == (MemberStatus.LEFT, 0)


def test_a_motion_short_of_seats_changes_nothing(told: ActedLedger) -> None:
    told.act("SuspendMember", SEAT, MEMBER, outcome=Outcome.ASSENTED, after=1)
    assert (member(told).status, member(told).counter) == (MemberStatus.ACTIVE, 1)


def test_a_successor_is_named_and_ended(told: ActedLedger) -> None:
    assert member(told).successor == NOBODY
    told.act("NameSuccessor", SEAT, MEMBER, successor=OTHER)
    assert member(told).successor == hexed(OTHER)
    told.act("NameSuccessor", SEAT, MEMBER)
    assert member(told).successor == NOBODY


def test_recovered_keys_end_all_earlier_ones_but_numbering_keys(told: ActedLedger) -> None:
    given = told.act("Delegate", MEMBER, MEMBER, delegate=OTHER, verbs=1 << 33, until=9)
    told.act("RecoverKeys", SEAT, MEMBER, keys=[SECOND], purposes=[int(KeyPurpose.ACT)])
    ended = {key: told.row(MemberKey, MEMBER, key).revoked_at for key in (FIRST, RELAY, NUMBERING)}
    assert ended == {FIRST: told.now, RELAY: told.now, NUMBERING: 0}
    second = told.row(MemberKey, MEMBER, SECOND)
    assert (second.purpose, second.valid_from, second.revoked_at) == (1, told.now, 0)
    assert told.row(Delegation, given).ended_block is not None


def test_a_delegation_is_kept_with_its_limits_and_its_end(told: ActedLedger) -> None:
    verbs, title = (1 << 33) | (1 << 128), bytes([9]) * 32
    given = told.act(
        "Delegate", MEMBER, MEMBER, delegate=OTHER, verbs=verbs, title=title, until=2_000_000_000
    )
    row = told.row(Delegation, given)
    assert (row.principal, row.delegate, int(row.verbs, 16)) == (hexed(MEMBER), hexed(OTHER), verbs)
    assert (row.title, row.until, row.ended_block) == (hexed(title), 2_000_000_000, None)
    told.act("EndDelegation", MEMBER, MEMBER, given=bytes.fromhex(given[2:]))
    assert told.row(Delegation, given).ended_block == told.ledger.height
    with pytest.raises(EventMissing):
        told.act("EndDelegation", MEMBER, MEMBER, given=bytes(32))


def test_the_founding_stands_in_the_tables_and_motions_change_it(told: ActedLedger) -> None:
    network = told.ledger.network
    rules = told.row(RulebookInForce, RULEBOOK)
    assert (rules.counter, rules.rulebook) == (1, network.rulebook)
    assert (rules.enforcement_seconds, rules.transfer_seconds) == (3600, 7200)
    told.act(
        "ChangeRulebook", SEAT, RULEBOOK, after=2, rulebook=FIRST, enforcementSeconds=5,
        transferSeconds=6,
    )  # fmt: skip
    rules = told.row(RulebookInForce, RULEBOOK)
    assert (rules.counter, rules.rulebook) == (2, hexed(FIRST))
    assert (rules.enforcement_seconds, rules.transfer_seconds) == (5, 6)
    assert told.row(ContractVersion, VERSIONS).counter == 1


def test_a_rotated_council_takes_the_place_of_the_one_before(told: ActedLedger) -> None:
    assert [(seat.place, seat.member) for seat in told.rows(CouncilSeat)] == [(0, NOBODY)]
    keys = [bytes(12) + bytes([n]) * 20 for n in (1, 2)]
    told.act("RotateCouncil", SEAT, COUNCIL, threshold=2, seats=[MEMBER, OTHER], keys=keys)
    told.act("RotateCouncil", SEAT, COUNCIL, threshold=1, seats=[OTHER], keys=keys[:1])
    assert (told.row(Council, COUNCIL).counter, told.row(Council, COUNCIL).threshold) == (2, 1)
    (seat,) = told.rows(CouncilSeat)
    assert (seat.place, seat.member, seat.key) == (0, hexed(OTHER), "0x" + "01" * 20)


def test_a_network_before_any_version_is_as_it_was_founded(told: ActedLedger) -> None:
    with told.store.read() as session:
        assert in_force(session, told.ledger.network) == told.ledger.network
        assert in_force(session, told.ledger.network, 0) == told.ledger.network
