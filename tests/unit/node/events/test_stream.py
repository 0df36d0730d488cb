"""The stream tells every event once, under positions that never change."""

import time

import pytest
from sqlmodel import Session, col, select
from support.title_lives import (
    BANK,
    CARRIER,
    CUSTOMS,
    MEMBERS,
    SHIPPER,
    TERMINAL,
    accept,
    container_tag,
    founded_ledger,
    hex_of,
    issue,
    offer,
    refusal,
    release,
    title_id,
)
from synthetic_ledger import SyntheticLedger

from node.chain.follower import Follower
from node.chain.rebuild import rebuild
from node.commands.states import move
from node.events.stream import AFTER_RESTORE, append, append_command, head, skip_ahead
from node.store.commands import FINAL, REFUSED, RELAYED, SIGNED, Command
from node.store.database import Database
from node.store.events import EventRow

FIRST = len(MEMBERS) + 1


def follow(ledger: SyntheticLedger, store: Database) -> None:
    follower = Follower(ledger, store, ledger.network, stream=True)
    while follower.step():
        pass


def stream(store: Database) -> list[EventRow]:
    with store.read() as session:
        return list(session.exec(select(EventRow).order_by(col(EventRow.position))))


def concerned(row: EventRow) -> set[bytes]:
    return {MEMBERS[int(number) - 1] for number in row.members.split()}


def command(session: Session, number: int, state: str = "accepted") -> Command:
    now = int(time.time())
    row = Command(
        id=f"{number:032x}", subject="s", role="clerk", key=str(number), request="", verb="Offer",
        contract="Titles", object=hex_of(title_id(1)), state=state, expires=now, created_at=now,
        updated_at=now,
    )  # fmt: skip
    session.add(row)
    return row


def test_every_event_of_the_ledger_has_the_next_position(store: Database) -> None:
    ledger = founded_ledger()
    ledger.add_block([issue(ledger, 1), accept(ledger, 1, 2, SHIPPER)])
    ledger.add_block([refusal(ledger, 1), *release(ledger, 1)])
    follow(ledger, store)
    rows = stream(store)
    assert [row.position for row in rows] == list(range(1, FIRST + 11))
    assert [(row.block, row.log_index) for row in rows] == sorted(
        (row.block, row.log_index) for row in rows
    )
    told = [(row.kind, row.verb, row.state) for row in rows[FIRST:]]
    assert told == [
        ("acted", "Issue", "issued"),
        ("acted", "Accept", "live"),
        ("refused", "Offer", "refused"),
        ("acted", "Surrender", "live"),
        ("acted", "Accept", "surrendered"),
        ("acted", "OpenOrder", "open"),
        ("acted", "SetCondition", "met"),
        ("acted", "GateOut", "used"),
        ("acted", "ReturnEmpty", "returned"),
        ("followed", "", "closed"),
    ]


def test_events_of_orders_conditions_and_rights_name_their_title_and_container(
    store: Database,
) -> None:
    ledger = founded_ledger()
    ledger.add_block([issue(ledger, 1), accept(ledger, 1, 2, SHIPPER), *release(ledger, 1)])
    follow(ledger, store)
    about = stream(store)[FIRST:]
    assert {row.title for row in about} == {hex_of(title_id(1))}
    tags = {row.verb: row.container for row in about if row.container}
    assert tags == dict.fromkeys(("GateOut", "ReturnEmpty"), hex_of(container_tag(1)))


def test_who_acted_who_was_asked_and_who_lost_something_are_concerned(store: Database) -> None:
    ledger = founded_ledger()
    ledger.add_block([issue(ledger, 1), accept(ledger, 1, 2, SHIPPER)])
    ledger.add_block([offer(ledger, 1, 3, BANK)])
    ledger.add_block([accept(ledger, 1, 4, BANK)])
    follow(ledger, store)
    issued, accepted, offered, taken = stream(store)[FIRST:]
    assert concerned(issued) == {CARRIER, SHIPPER} == concerned(accepted)
    assert concerned(offered) == {CARRIER, SHIPPER, BANK}
    assert concerned(taken) == {CARRIER, SHIPPER, BANK}, "the shipper held it until now"
    assert taken.member == hex_of(BANK)


def test_an_orders_terminal_and_authorities_are_concerned(store: Database) -> None:
    ledger = founded_ledger()
    ledger.add_block([issue(ledger, 1), accept(ledger, 1, 2, SHIPPER), *release(ledger, 1)])
    follow(ledger, store)
    rows = {row.verb: concerned(row) for row in stream(store)[FIRST + 4 :]}
    assert {TERMINAL, CUSTOMS, CARRIER} <= rows["OpenOrder"]
    assert {TERMINAL, CUSTOMS} <= rows["SetCondition"]
    assert TERMINAL in rows["GateOut"]


def test_the_claims_of_refused_acts_are_told_and_make_nobody_a_member(store: Database) -> None:
    ledger = founded_ledger()
    ledger.add_block([refusal(ledger, 9, by=b"x" * 32)])
    follow(ledger, store)
    row = stream(store)[-1]
    assert (row.kind, row.members, row.title) == ("refused", "", hex_of(title_id(9)))


def test_a_rebuild_neither_repeats_nor_renumbers(store: Database) -> None:
    ledger = founded_ledger()
    ledger.add_block([issue(ledger, 1), accept(ledger, 1, 2, SHIPPER)])
    follow(ledger, store)
    before = [row.model_dump() for row in stream(store)]
    rebuild(ledger, store, ledger.network)
    assert [row.model_dump() for row in stream(store)] == before
    ledger.add_block([offer(ledger, 1, 3, BANK)])
    follow(ledger, store)
    assert stream(store)[-1].position == before[-1]["position"] + 1


def test_events_and_tables_come_together_or_not_at_all(store: Database) -> None:
    ledger = founded_ledger()

    def fail(_session: Session, _events: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Follower(ledger, store, ledger.network, [fail], stream=True).step()
    assert stream(store) == []
    with store.read() as session:
        assert head(session) == 0
    follow(ledger, store)
    assert [row.position for row in stream(store)] == list(range(1, FIRST + 1))


def test_a_commands_states_are_told_but_not_that_it_was_signed(store: Database) -> None:
    with store.begin() as session:
        append_command(session, command(session, 1), 1_900_000_000)
    for state in (SIGNED, RELAYED):
        with store.begin() as session:
            move(session, session.exec(select(Command)).one(), state, 1_900_000_000)
    with store.begin() as session:
        row = session.exec(select(Command)).one()
        move(session, row, REFUSED, 1_900_000_001, {"code": "STALE", "sentence": ""})
        move(session, row, FINAL, 1_900_000_002)
    told = [(row.position, row.kind, row.state, row.code) for row in stream(store)]
    assert told == [
        (1, "command", "accepted", None),
        (2, "command", "relayed", None),
        (3, "command", "refused", "STALE"),
        (4, "command", "final", None),
    ]
    assert {row.command for row in stream(store)} == {f"{1:032x}"}


def test_a_transaction_that_rolls_back_takes_no_position(store: Database) -> None:
    def fail() -> None:
        with store.begin() as session:
            append(session, EventRow(at=1, kind="command", verb="Offer"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.begin() as session:
        append(session, EventRow(at=1, kind="command", verb="Offer"))
    assert [row.position for row in stream(store)] == [1]


def test_after_a_restore_positions_jump_beyond_what_anybody_has_seen(store: Database) -> None:
    with store.begin() as session:
        skip_ahead(session)
        append(session, EventRow(at=1, kind="command", verb="Offer"))
    assert [row.position for row in stream(store)] == [AFTER_RESTORE + 1]
