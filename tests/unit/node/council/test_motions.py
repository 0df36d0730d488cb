"""Motions as the acts' events tell of them: open, carried, lapsed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.acts.objects import COUNCIL, RULEBOOK
from identity.acts.typed import Act, Value, encode_unsigned
from identity.acts.words import OrderState, Outcome, TitleState
from node.council.motions import motion_id, motions
from node.council.ties import ties_of
from node.store.database import Database
from node.store.projections import ACTED, NOBODY, DeliveryOrder, LedgerEvent, Title
from node.store.schema import upgrade

SEATS = [bytes([n]) * 32 for n in (1, 2, 3)]
MEMBER = b"\x0a" * 32


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()


def act(verb: str, seat: bytes, about: bytes = MEMBER, counter: int = 0, **fields: Value) -> Act:
    header: dict[str, Value] = {
        "principal": seat, "delegation": bytes(32), "object": about, "counter": counter,
        "expires": 1_900_000_000, "companion": bytes(32),
    }  # fmt: skip
    return Act(verb, {**header, **fields})


def happened(db: Database, *acts: tuple[Act, Outcome]) -> None:
    with db.begin() as session:
        for block, (one, outcome) in enumerate(acts, 1):
            session.add(
                LedgerEvent(
                    block=block, log_index=0, tx_hash=NOBODY, block_hash=NOBODY, block_time=block,
                    contract="Membership", kind=ACTED, object="0x" + one.object.hex(),
                    principal="0x" + one.principal.hex(), digest=NOBODY, verb=one.name, counter=0,
                    outcome=int(outcome), state=0, key="", act="0x" + encode_unsigned(one).hex(),
                    reason="", refusal="",
                )
            )  # fmt: skip


def suspend(seat: int, reason: int = 7) -> Act:
    return act("SuspendMember", SEATS[seat], reason=bytes([reason]) * 32)


def told(db: Database) -> list[tuple[str, str, int]]:
    with db.read() as session:
        return [(each.act.name, each.state, len(each.assents)) for each in motions(session)]


def test_a_motion_is_its_content_whoever_assents_and_until_when() -> None:
    one, other = suspend(0), suspend(1)
    later = Act(other.name, {**other.fields, "expires": 1_950_000_000})
    assert motion_id(0, one) == motion_id(0, later)
    assert motion_id(0, one) != motion_id(1, one)
    assert motion_id(0, one) != motion_id(0, suspend(0, reason=8))


def test_a_motion_is_open_until_enough_seats_have_carried_it(db: Database) -> None:
    happened(db, (suspend(0), Outcome.ASSENTED))
    assert told(db) == [("SuspendMember", "open", 1)]


def test_a_carried_motion_names_its_block(db: Database) -> None:
    happened(db, (suspend(0), Outcome.ASSENTED), (suspend(2), Outcome.DONE))
    with db.read() as session:
        (motion,) = motions(session)
    assert (motion.state, motion.carried_block) == ("carried", 2)
    assert list(motion.assents) == ["0x" + SEATS[0].hex(), "0x" + SEATS[2].hex()]


def test_another_council_voids_what_was_open(db: Database) -> None:
    rotation = {"threshold": 1, "seats": [SEATS[0]], "keys": [b"\x05" * 20 + bytes(12)]}
    rotate = act("RotateCouncil", SEATS[1], COUNCIL, **rotation)  # type: ignore[arg-type]
    happened(db, (suspend(0), Outcome.ASSENTED), (rotate, Outcome.DONE))
    assert told(db) == [("SuspendMember", "lapsed", 1), ("RotateCouncil", "carried", 1)]


def test_of_two_motions_on_one_counter_the_other_lapses(db: Database) -> None:
    def rules(seat: int, hash_byte: int) -> Act:
        return act(
            "ChangeRulebook", SEATS[seat], RULEBOOK, 1, rulebook=bytes([hash_byte]) * 32,
            enforcementSeconds=1, transferSeconds=1,
        )  # fmt: skip

    happened(
        db, (rules(0, 8), Outcome.ASSENTED), (rules(1, 9), Outcome.ASSENTED),
        (rules(2, 9), Outcome.DONE),
    )  # fmt: skip
    assert told(db) == [("ChangeRulebook", "lapsed", 1), ("ChangeRulebook", "carried", 2)]


def title(number: int, state: TitleState, **of: str) -> Title:
    nobody = dict.fromkeys(
        ("carrier", "holder", "pledgee", "controller", "party", "counterparty", "offer",
         "offer_act", "amended", "root", "last_digest"), NOBODY)  # fmt: skip
    numbers = dict.fromkeys(
        ("kind", "counter", "version", "offer_capacity", "offer_endorsement", "offer_purpose",
         "deadline", "enforceable_from", "freezes", "loading", "discharge", "issued_block",
         "last_block"), 1)  # fmt: skip
    values = nobody | numbers | {"consented": False, "state": int(state)} | of
    return Title(id="0x" + bytes([number]).hex() * 32, **values)


def test_what_keeps_a_member_from_leaving_is_listed_one_by_one(db: Database) -> None:
    me = "0x" + MEMBER.hex()
    order = {
        "counter": 1, "root": NOBODY, "carrier": NOBODY, "port": 1, "holds": 0,
        "cancellation": NOBODY, "opened_block": 1, "last_block": 1, "title": NOBODY,
    }  # fmt: skip
    with db.begin() as session:
        session.add(title(1, TitleState.LIVE, holder=me, carrier=me))
        session.add(title(2, TitleState.LIVE, pledgee=me))
        session.add(title(3, TitleState.DELIVERED, holder=me))
        session.add(title(4, TitleState.PAPER, carrier=me))
        for number, state in ((5, OrderState.OPEN), (6, OrderState.CLOSED)):
            one = "0x" + bytes([number]).hex() * 32
            session.add(DeliveryOrder(id=one, terminal=me, state=int(state), **order))
    with db.read() as session:
        found = [(tie.object[2:4], tie.capacity) for tie in ties_of(session, me)]
    assert found == [("01", "carrier"), ("01", "holder"), ("02", "pledgee"), ("05", "terminal")]
