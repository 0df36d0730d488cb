"""What waits for its relay, in which order, and with which nonce it goes."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from node.commands import queue
from node.commands.states import move
from node.store.audit import AuditRow
from node.store.commands import Command, RelayTransaction
from node.store.database import Database

NOW = int(time.time())
RELAYER = "0x" + "0e" * 20
Store = Callable[..., Command]


def relay(nonce: int, relayer: str = RELAYER, state: str = "open") -> RelayTransaction:
    return RelayTransaction(
        relayer=relayer, nonce=nonce, contract="Titles", raw=b"\x02", created_at=NOW, state=state,
        hash=f"0x{relayer}{nonce}",
    )  # fmt: skip


def test_signed_acts_wait_in_the_order_they_were_accepted(db: Database, store: Store) -> None:
    first, _, third = (store(state=state, wire="00") for state in ("signed", "accepted", "signed"))
    with db.read() as session:
        waiting = queue.waiting_acts(session, NOW, 50)
    assert [act.id for act in waiting] == [first.id, third.id]


def test_an_act_that_expired_or_has_to_pause_does_not_go(db: Database, store: Store) -> None:
    lapsed = store(state="signed", expires=NOW - 1)
    store(state="signed", relay_after=NOW + 5)
    with db.read() as session:
        assert queue.waiting_acts(session, NOW, 50) == []
        assert [command.id for command in queue.lapsed_acts(session, NOW)] == [lapsed.id]


def test_an_expired_command_says_so_and_leaves_an_audit_row(db: Database, store: Store) -> None:
    command = store(state="signed", expires=NOW - 1)
    with db.begin() as session:
        queue.expire(session, session.get_one(Command, command.number), NOW)
    with db.read() as session:
        ended = session.get_one(Command, command.number)
        rows = session.exec(select(AuditRow).where(AuditRow.command == command.id)).all()
    assert ended.refusal is not None
    assert (ended.state, ended.refusal["code"]) == ("expired", "ACT_EXPIRED")
    assert [(row.outcome, row.subject, row.code) for row in rows] == [
        ("expired", "node", "ACT_EXPIRED")
    ]


def test_the_next_nonce_follows_the_last_stored_one_and_the_ledgers_count(db: Database) -> None:
    with db.begin() as session:
        assert queue.next_nonce(session, RELAYER, 0) == 0
        assert queue.next_nonce(session, RELAYER, 4) == 4
        session.add(relay(6))
        session.add(relay(9, relayer="0x" + "0f" * 20))
        session.flush()
        assert queue.next_nonce(session, RELAYER, 4) == 7
        assert queue.next_nonce(session, RELAYER, 8) == 8


def test_a_nonce_is_never_stored_twice(db: Database) -> None:
    with db.begin() as session:
        session.add(relay(6))
    again = relay(6).model_copy(update={"hash": "another"})
    with db.read() as session:
        session.add(again)
        with pytest.raises(IntegrityError):
            session.flush()


def test_open_transactions_come_by_nonce(db: Database) -> None:
    with db.begin() as session:
        for nonce, state in ((2, "open"), (0, "done"), (1, "open")):
            session.add(relay(nonce, state=state))
    with db.read() as session:
        assert [row.nonce for row in queue.open_transactions(session)] == [1, 2]


def test_a_claim_is_given_up_when_its_command_ends_in_vain(db: Database, store: Store) -> None:
    command = store(claim="bill:1")
    with pytest.raises(IntegrityError):
        store(claim="bill:1")
    with db.begin() as session:
        stored = session.get_one(Command, command.number)
        move(session, stored, "refused", NOW, {"code": "X"})
    store(claim="bill:1")
