"""The follower applies each final event once, in order, or stops and says why."""

from collections.abc import Sequence

import pytest
from sqlmodel import Session, col, select
from synthetic_ledger import GENESIS_TIME, Log, SyntheticLedger

from node.chain import blocks
from node.chain.errors import EventMissing, LedgerBehind, LedgerDiffers, LedgerForked, RpcRefused
from node.chain.events import Event
from node.chain.follower import Follower, as_of
from node.store.database import Database
from node.store.projections import ChainCursor, LedgerEvent, Member

CARRIER = bytes([1]) * 32
DEADLINE = GENESIS_TIME + 86_400


def admission(ledger: SyntheticLedger, member: bytes) -> Log:
    return ledger.acted(
        "AdmitMember",
        1,
        principal=bytes(32),
        object=member,
        roles=1,
        profile=bytes(32),
        rulebook=bytes(32),
        keys=[member],
        purposes=[1],
    )


def profile(ledger: SyntheticLedger, counter: int, value: int) -> Log:
    return ledger.acted(
        "UpdateProfile",
        counter,
        principal=CARRIER,
        object=CARRIER,
        profile=value.to_bytes(32, "big"),
    )


def ledger_with(blocks_of_profiles: int, **limits: int) -> SyntheticLedger:
    ledger = SyntheticLedger(**limits)
    ledger.add_block([admission(ledger, CARRIER)])
    for i in range(blocks_of_profiles):
        ledger.add_block([profile(ledger, 2 + i, i)])
    return ledger


def follow(follower: Follower) -> int:
    steps = 0
    while follower.step():
        steps += 1
    return steps


def counter_of(store: Database) -> int:
    with store.read() as session:
        return session.exec(select(Member.counter)).one()


def events_in(store: Database) -> list[tuple[int, int]]:
    with store.read() as session:
        rows = session.exec(select(LedgerEvent).order_by(col(LedgerEvent.block))).all()
        return [(row.block, row.counter) for row in rows]


def test_every_event_is_applied_once_and_in_order(store: Database) -> None:
    ledger = ledger_with(30)
    follower = Follower(ledger, store, ledger.network)
    assert follow(follower) == 1
    assert follow(follower) == 0
    assert events_in(store) == [(i, i) for i in range(1, 32)]
    assert counter_of(store) == 31


def test_a_new_follower_goes_on_where_the_tables_are(store: Database) -> None:
    ledger = ledger_with(5)
    follow(Follower(ledger, store, ledger.network))
    ledger.add_block([profile(ledger, 7, 9)])
    assert Follower(ledger, store, ledger.network).step() == 1
    assert counter_of(store) == 7


def test_blocks_without_events_move_the_cursor(store: Database) -> None:
    ledger = ledger_with(0)
    for _ in range(10):
        ledger.add_block([])
    follow(Follower(ledger, store, ledger.network))
    with store.read() as session:
        cursor = session.get(ChainCursor, 1)
    assert cursor is not None
    assert (cursor.block, cursor.block_time) == (11, GENESIS_TIME + 11)


def test_a_range_that_the_ledger_refuses_is_halved(store: Database) -> None:
    ledger = ledger_with(60, longest_range=7)
    assert follow(Follower(ledger, store, ledger.network)) > 8
    assert counter_of(store) == 61


def test_a_range_with_too_many_logs_is_halved(store: Database) -> None:
    ledger = ledger_with(60, most_logs=5)
    follow(Follower(ledger, store, ledger.network))
    assert counter_of(store) == 61


def test_a_step_applies_whole_blocks_and_not_too_many_events(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "EVENTS_PER_RANGE", 10)
    ledger = ledger_with(0)
    for start in range(0, 48, 3):
        ledger.add_block([profile(ledger, 2 + start + i, start) for i in range(3)])
    sizes: list[int] = []
    follower = Follower(
        ledger, store, ledger.network, hooks=[lambda _session, events: sizes.append(len(events))]
    )
    follow(follower)
    assert sum(sizes) == 49
    assert max(sizes) <= 12
    assert counter_of(store) == 49


def test_one_block_that_the_ledger_refuses_is_an_error(store: Database) -> None:
    ledger = ledger_with(2, longest_range=0)
    with pytest.raises(RpcRefused):
        Follower(ledger, store, ledger.network).step()


def test_a_final_block_that_is_another_one_now_stops_the_follower(store: Database) -> None:
    ledger = ledger_with(5)
    follower = Follower(ledger, store, ledger.network)
    follow(follower)
    ledger.drop_blocks(above=3)
    for i in range(5):
        ledger.add_block([], salt=f"other {i}")
    for _ in range(2):
        with pytest.raises(LedgerForked) as stopped:
            follower.step()
        assert stopped.value.facts["height"] == 6
    assert counter_of(store) == 6


def test_another_genesis_stops_the_follower_before_it_begins(store: Database) -> None:
    ledger, other = ledger_with(1), SyntheticLedger()
    other.drop_blocks(above=-1)
    other.add_block([], salt="other")
    with pytest.raises(LedgerDiffers):
        Follower(other, store, ledger.network).step()


def test_a_ledger_that_is_behind_is_waited_for(store: Database) -> None:
    ledger = ledger_with(5)
    follow(Follower(ledger, store, ledger.network))
    ledger.drop_blocks(above=3)
    with pytest.raises(LedgerBehind):
        Follower(ledger, store, ledger.network).step()


def test_an_event_that_was_left_out_stops_the_follower(store: Database) -> None:
    ledger = ledger_with(1)
    ledger.add_block([profile(ledger, 4, 4)])
    with pytest.raises(EventMissing) as stopped:
        Follower(ledger, store, ledger.network).step()
    assert (stopped.value.facts["last"], stopped.value.facts["counter"]) == (2, 4)
    assert events_in(store) == []


def test_an_event_of_an_object_never_created_stops_the_follower(store: Database) -> None:
    ledger = SyntheticLedger()
    ledger.add_block([profile(ledger, 2, 2)])
    with pytest.raises(EventMissing):
        Follower(ledger, store, ledger.network).step()


def test_hooks_see_the_events_and_the_tables_in_one_transaction(store: Database) -> None:
    seen: list[tuple[int, int]] = []

    def hook(session: Session, events: Sequence[Event]) -> None:
        seen.append((len(events), session.exec(select(Member.counter)).one()))

    ledger = ledger_with(3)
    follow(Follower(ledger, store, ledger.network, hooks=[hook]))
    assert seen == [(4, 4)]


def test_nothing_is_applied_when_a_hook_fails(store: Database) -> None:
    def hook(_session: Session, _events: Sequence[Event]) -> None:
        raise RuntimeError

    ledger = ledger_with(3)
    with pytest.raises(RuntimeError):
        Follower(ledger, store, ledger.network, hooks=[hook]).step()
    assert events_in(store) == []
    follow(Follower(ledger, store, ledger.network))
    assert counter_of(store) == 4


def test_blocks_that_another_process_applied_meanwhile_are_not_applied_again(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ledger_with(3)
    slow = Follower(ledger, store, ledger.network)
    read = slow._blocks.events

    def read_while_another_applies(first: int, last: int) -> object:
        follow(Follower(ledger, store, ledger.network))
        return read(first, last)

    monkeypatch.setattr(slow._blocks, "events", read_while_another_applies)
    assert slow.step() == 0
    assert counter_of(store) == 4


def test_a_height_can_be_the_limit(store: Database) -> None:
    ledger = ledger_with(5)
    follower = Follower(ledger, store, ledger.network)
    while follower.step(until=3):
        pass
    assert counter_of(store) == 3


def test_the_tables_say_how_far_behind_they_are(store: Database) -> None:
    now = [GENESIS_TIME + 100.0]
    ledger = ledger_with(5)
    follower = Follower(ledger, store, ledger.network, clock=lambda: now[0])
    with store.read() as session:
        assert as_of(session, now[0]) is None
    follow(follower)
    with store.read() as session:
        told = as_of(session, now[0])
        assert told is not None
        assert (told.height, told.behind_seconds) == (6, 0)
        later = as_of(session, now[0] + 60)
        assert later is not None
        assert later.behind_seconds == 60
    now[0] += 60
    follower.step()
    with store.read() as session:
        told = as_of(session, now[0])
        assert told is not None
        assert told.behind_seconds == 0


def test_a_number_too_great_for_the_database_is_kept_as_the_greatest(store: Database) -> None:
    ledger = ledger_with(0)
    ledger.add_block(
        [
            ledger.acted(
                "AddKey",
                2,
                principal=CARRIER,
                object=CARRIER,
                key=bytes([9]) * 32,
                purpose=1,
                validFrom=0,
                validUntil=2**256 - 1,
            )
        ]
    )
    follow(Follower(ledger, store, ledger.network))
    assert counter_of(store) == 2
