"""Which of the ledger's events end a command, and how."""

from collections.abc import Callable

import pytest
from eth_hash.auto import keccak

from node.chain.events import Event
from node.commands.outcomes import apply_outcomes
from node.store.commands import Command
from node.store.database import Database

DIGEST = "0x" + "dd" * 32
OURS, THEIRS = "0x" + "aa" * 32, "0x" + "bb" * 32
STALE = (
    keccak(b"StaleCounter(bytes32,uint256,uint256)")[:4]
    + bytes(31)
    + b"\x05"
    + bytes(31)
    + b"\x02"
    + bytes(31)
    + b"\x01"
)
Store = Callable[..., Command]


def event(kind: str, tx_hash: str = OURS, outcome: int = 0, digest: str = DIGEST) -> Event:
    refused = kind == "refused"
    return Event(
        block=9, log_index=0, tx_hash=tx_hash, block_hash="0x" + "00" * 32,
        block_time=1_900_000_000, contract="Titles", kind=kind, object="0x" + "11" * 32,
        principal="0x" + "22" * 32, digest=digest, verb="Offer", counter=2, outcome=outcome,
        reason="0x" + STALE.hex() if refused else "", refusal="StaleCounter" if refused else "",
    )  # fmt: skip


@pytest.fixture
def relayed(store: Store) -> Command:
    return store(state="relayed", digest=DIGEST, transaction=OURS)


def after(db: Database, command: Command, *events: Event) -> Command:
    for one in events:
        with db.begin() as session:
            apply_outcomes(session, [one])
    with db.read() as session:
        return session.get_one(Command, command.number)


def test_an_act_that_took_effect_makes_its_command_final(db: Database, relayed: Command) -> None:
    ended = after(db, relayed, event("acted"))
    assert (ended.state, ended.block, ended.refusal) == ("final", 9, None)


def test_an_act_counts_whoever_relayed_it(db: Database, relayed: Command) -> None:
    ended = after(db, relayed, event("acted", THEIRS))
    assert (ended.state, ended.transaction) == ("final", THEIRS)


def test_a_refusal_ends_a_command_with_the_contracts_reason(db: Database, relayed: Command) -> None:
    ended = after(db, relayed, event("refused"))
    assert ended.state == "refused"
    assert ended.refusal is not None
    assert ended.refusal["code"] == "STALE_COUNTER"
    assert ended.refusal["facts"] == {"object": "0x" + "00" * 31 + "05", "expected": 2, "given": 1}
    assert ended.refusal["what_to_do"]


def test_a_refusal_in_a_strangers_transaction_says_nothing(db: Database, relayed: Command) -> None:
    assert after(db, relayed, event("refused", THEIRS)).state == "relayed"


def test_a_refused_act_that_took_effect_later_is_final(db: Database, relayed: Command) -> None:
    ended = after(db, relayed, event("refused"), event("acted", THEIRS))
    assert (ended.state, ended.refusal) == ("final", None)


def test_a_final_command_stays_final_when_its_act_is_relayed_again(
    db: Database, relayed: Command
) -> None:
    assert after(db, relayed, event("acted"), event("refused")).state == "final"


def test_a_gate_out_recorded_as_too_early_is_refused_for_its_own_reason(
    db: Database, relayed: Command
) -> None:
    ended = after(db, relayed, event("acted", outcome=2))
    assert ended.refusal is not None
    assert (ended.state, ended.refusal["code"]) == ("refused", "NOT_RELEASED")


def test_other_acts_and_followed_objects_move_no_command(db: Database, relayed: Command) -> None:
    ended = after(db, relayed, event("acted", digest="0x" + "ee" * 32), event("followed"))
    assert ended.state == "relayed"
