"""Relaying over several keys: order, stuck and refused keys, poison acts, cancellations."""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlmodel import select
from stub_engine import StubEngine

import node.node  # noqa: F401 - brings every table
from identity.acts.typed import Act, digest, encode
from identity.keys.secp256k1 import SigningKey
from node.chain.follower import Follower
from node.chain.sender import Sender
from node.commands.outcomes import apply_outcomes
from node.store.audit import AuditRow
from node.store.commands import Command, Relayer, RelayTransaction
from node.store.database import Database

MEMBER = b"\x0a" * 32
RELAY, RELAY_2 = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
FIRST, SECOND = "0x" + RELAY.address.hex(), "0x" + RELAY_2.address.hex()


class Scene:
    """A sender and a follower of one member before an engine that only includes when told to."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.engine = StubEngine()
        self.late = 0.0
        self.sender = self.new_sender()
        self.follower = Follower(self.engine, db, self.engine.network, [apply_outcomes])

    def new_sender(self) -> Sender:
        keys = {"relay": RELAY, "relay-2": RELAY_2}
        clock = lambda: time.time() + self.late  # noqa: E731
        return Sender(self.engine, self.db, self.engine.network, keys, clock)

    def store(self, name: str = "RegisterDevice", **given: Any) -> Command:
        """Store a signed act, of a new device unless told otherwise."""
        now, about = int(time.time()), secrets.token_bytes(32)
        act = Act(name, {
            "principal": MEMBER, "delegation": bytes(32), "object": about, "counter": 0,
            "expires": now + 3600, "companion": bytes(32), "key": about, "kind": 2, "port": 1,
            "calibratedUntil": now + 86_400,
        })  # fmt: skip
        signed = digest(self.engine.network.domain("Devices"), act)
        attributes = {
            "id": secrets.token_hex(16), "subject": "x", "role": "admin", "request": "00",
            "key": secrets.token_hex(8), "verb": name, "contract": "Devices", "state": "signed",
            "object": "0x" + about.hex(), "wire": encode(act, RELAY.sign(signed)).hex(),
            "digest": "0x" + signed.hex(), "expires": now + 3600, "created_at": now,
            "updated_at": now,
        }  # fmt: skip
        command = Command(**attributes | given)
        with self.db.begin() as session:
            session.add(command)
        return command

    def turn(self, times: int = 1) -> None:
        """Send, include a block, settle, follow; so many times."""
        for _ in range(times):
            self.sender.step()
            self.engine.include()
            self.sender.step()
            while self.follower.step():
                pass
            self.late += 3  # so that what pauses, and what is asked seldom, has its time

    def states(self, commands: Sequence[Command]) -> list[str]:
        with self.db.read() as session:
            return [session.get_one(Command, one.number).state for one in commands]

    def read(self, command: Command) -> Command:
        with self.db.read() as session:
            return session.get_one(Command, command.number)

    def transactions(self) -> list[RelayTransaction]:
        with self.db.read() as session:
            return list(session.exec(select(RelayTransaction).order_by(RelayTransaction.number)))  # type: ignore[arg-type]


@pytest.fixture
def scene(store: Database) -> Scene:
    return Scene(store)


def poisoned(*commands: Command) -> Callable[[bytes], bool]:
    wires = {bytes.fromhex(str(command.wire)) for command in commands}
    return lambda wire: wire in wires


def test_acts_take_effect_and_the_nonces_have_no_gap(scene: Scene) -> None:
    commands = [scene.store() for _ in range(120)]
    scene.turn(3)
    assert set(scene.states(commands)) == {"final"}
    for relayer in (FIRST, SECOND):
        nonces = [row.nonce for row in scene.transactions() if row.relayer == relayer]
        assert nonces == list(range(len(nonces)))


def test_both_keys_are_used_and_acts_of_one_object_stay_in_one_lane(scene: Scene) -> None:
    about = "0x" + "77" * 32
    first = scene.store(object=about)
    scene.sender.step()
    others = [scene.store() for _ in range(3)]
    scene.sender.step()
    again = scene.store(object=about)
    scene.sender.step()
    rows = {row.number: row for row in scene.transactions()}
    lanes = {one.id: rows[scene.read(one).relay].relayer for one in (first, again, *others)}
    assert lanes[first.id] == lanes[again.id]
    assert len(set(lanes.values())) == 2


def test_a_stuck_key_never_blocks_the_other(scene: Scene) -> None:
    stuck_first = scene.store()
    scene.sender.step()
    scene.engine.stuck.add(FIRST)
    scene.late += 40
    commands = [scene.store() for _ in range(5)]
    scene.turn(2)
    assert set(scene.states(commands)) == {"final"}
    assert scene.states([stuck_first]) == ["relayed"]
    with scene.db.read() as session:
        states = {row.name: row.state for row in session.exec(select(Relayer))}
    assert states == {"relay": "stuck", "relay-2": "ready"}


def test_a_key_that_the_ledger_refuses_gives_its_acts_to_the_other(scene: Scene) -> None:
    scene.engine.refused.add(FIRST)
    commands = [scene.store() for _ in range(10)]
    scene.turn(3)
    assert set(scene.states(commands)) == {"final"}
    assert {row.batch_limit for row in map(scene.read, commands)} == {0}
    with scene.db.read() as session:
        row = session.get_one(Relayer, FIRST)
    assert (row.state, row.code) == ("refused", "RELAYER_NOT_ACTIVE")


def test_acts_that_revert_their_batch_are_found_by_halving_and_fail_alone(scene: Scene) -> None:
    commands = [scene.store() for _ in range(20)]
    bad = [commands[3], commands[17]]
    scene.engine.poison = poisoned(*bad)
    scene.turn(12)
    states = dict(zip([one.id for one in commands], scene.states(commands), strict=True))
    assert {states[one.id] for one in bad} == {"refused"}
    assert {states[one.id] for one in commands if one not in bad} == {"final"}
    refusal = scene.read(bad[0]).refusal
    assert refusal is not None
    assert refusal["code"] == "ACT_REVERTS"
    with scene.db.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.command == bad[0].id)).all()
    assert [row.outcome for row in rows][-1] == "refused"


def test_what_comes_meanwhile_is_not_slowed_by_suspects(scene: Scene) -> None:
    commands = [scene.store() for _ in range(8)]
    scene.engine.poison = poisoned(commands[0])
    scene.sender.step()
    scene.engine.include()
    fresh = scene.store()
    scene.turn(1)
    assert scene.states([fresh]) == ["final"]


def test_an_act_that_the_ledger_says_nothing_of_is_refused_visibly(scene: Scene) -> None:
    malformed, good = scene.store(wire="ff" * 300), scene.store()
    scene.turn(3)
    refusal = scene.read(malformed).refusal
    assert refusal is not None
    assert refusal["code"] == "ACT_UNHEARD"
    assert scene.states([good]) == ["final"]


def test_a_transaction_that_landed_while_the_sender_was_down_is_recognised(scene: Scene) -> None:
    command = scene.store()
    scene.sender.step()
    sent = len(scene.engine.sent)
    scene.engine.include()
    while scene.follower.step():
        pass
    scene.sender = scene.new_sender()
    scene.sender.step()
    assert [row.state for row in scene.transactions()] == ["done"]
    assert scene.states([command]) == ["final"]
    assert len(scene.engine.sent) == sent


def test_a_transaction_without_a_receipt_is_sent_again_as_it_was(scene: Scene) -> None:
    scene.store()
    scene.sender.step()
    scene.engine._pending.clear()  # the engine lost it
    scene.late += 2
    scene.turn()
    (row,) = scene.transactions()
    assert row.state == "done"
    assert scene.engine.sent == [(row.relayer, row.nonce)] * 2


def test_a_cancelled_transaction_uses_its_nonce_and_gives_its_acts_back(scene: Scene) -> None:
    command = scene.store()
    scene.sender.step()
    (row,) = scene.transactions()
    scene.engine.stuck.add(row.relayer)
    with scene.db.begin() as session:
        session.get_one(RelayTransaction, row.number).cancelled_by = "operator@x"
    scene.late += 2
    scene.sender.step()
    scene.engine.stuck.clear()
    scene.turn(2)
    cancelled, later = scene.transactions()
    assert (cancelled.state, later.state) == ("cancelled", "done")
    assert scene.states([command]) == ["final"]


def test_a_cancelled_transaction_that_lands_all_the_same_counts(scene: Scene) -> None:
    command = scene.store()
    scene.sender.step()
    (row,) = scene.transactions()
    with scene.db.begin() as session:
        session.get_one(RelayTransaction, row.number).cancelled_by = "operator@x"
    scene.late += 2
    scene.turn(2)
    assert [each.state for each in scene.transactions()] == ["done"]
    assert scene.states([command]) == ["final"]
