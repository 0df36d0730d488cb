"""The sender dies at every call to the ledger, before or after it; nothing is lost or doubled."""

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from founded import PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded
from ledger_process import running_ledger
from sqlmodel import select

import node.node  # noqa: F401 - brings every table
from identity.acts.words import TitleKind
from identity.keys.secp256k1 import SigningKey
from node.chain.events import Event, read_event
from node.chain.rpc import Answer, Request, Rpc
from node.chain.sender import Sender
from node.errors import LedgerUnavailable
from node.store.commands import Command, RelayTransaction
from node.store.database import Database

ACTS = 3


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class DyingLedger:
    """The real ledger for one life: the call after ``calls`` others kills whoever makes it."""

    def __init__(self, rpc: Rpc, calls: int, after: bool) -> None:
        self._rpc = rpc
        self._calls = calls
        self._after = after

    def call(self, method: str, *params: Any) -> Any:
        self._count(before=True)
        answer = self._rpc.call(method, *params)
        self._count(before=False)
        return answer

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        self._count(before=True)
        answers = self._rpc.batch(requests)
        self._count(before=False)
        return answers

    def _count(self, before: bool) -> None:
        if before:
            self._calls -= 1
        if self._calls < 0 and before != self._after:
            raise Killed


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as url:
        founded = Founded(url)
        yield founded
        founded.close()


@pytest.fixture
def db(node_database: Database) -> Database:
    return node_database


def store_issue(founded: Founded, db: Database) -> str:
    """Store a signed issue as the handler and the signer leave it; return its digest."""
    now, title = int(time.time()), secrets.token_bytes(32)
    digest, wire = founded.act(
        "carrier", "Issue", title, 0, kind=int(TitleKind.ORDER), party=bytes(32),
        holder=founded.members["shipper"].id, deadline=now + 86_400, loading=PORT_OF_LOADING,
        discharge=PORT_OF_DISCHARGE, root=secrets.token_bytes(32),
    )  # fmt: skip
    command = Command(
        id=secrets.token_hex(16), subject="x", role="issuer", key=secrets.token_hex(8),
        request="00", verb="Issue", contract="Titles", object="0x" + title.hex(), state="signed",
        wire=wire.hex(), digest=digest, expires=now + 240, created_at=now, updated_at=now,
    )  # fmt: skip
    with db.begin() as session:
        session.add(command)
    return digest


def transactions(db: Database) -> list[RelayTransaction]:
    with db.read() as session:
        return list(session.exec(select(RelayTransaction).order_by(RelayTransaction.nonce)))  # type: ignore[arg-type]


def commands(db: Database) -> list[Command]:
    with db.read() as session:
        return list(session.exec(select(Command)))


def events_of(founded: Founded, rows: Sequence[RelayTransaction]) -> list[Event]:
    """Return what the ledger says the transactions did."""
    found = []
    for row in rows:
        receipt = founded.ledger.call("eth_getTransactionReceipt", row.hash)
        found += [read_event(log, "Titles", 0) for log in receipt["logs"]]
    return found


def live(founded: Founded, db: Database, key: SigningKey, calls: int, after: bool) -> None:
    """Run senders that forget everything between their steps, until one is killed."""
    dying = DyingLedger(founded.ledger, calls, after)
    for _ in range(20):
        Sender(dying, db, founded.network, {"relay": key}).step()
        time.sleep(0.2)


def settle(sender: Sender, db: Database, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    sender.step()  # what waits may not have been sent yet
    while not transactions(db) or any(row.state == "open" for row in transactions(db)):
        assert time.monotonic() < until, "not settled"
        sender.step()
        time.sleep(0.02)


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_killed_at_every_call_each_act_takes_effect_once(
    founded: Founded, db: Database, after: bool
) -> None:
    digests = []
    key = founded.members["carrier"].relay
    for calls in range(8):
        digests.append(store_issue(founded, db))
        with pytest.raises(Killed):
            live(founded, db, key, calls, after)
    settle(Sender(founded.ledger, db, founded.network, {"relay": key}), db)
    rows = transactions(db)
    assert {row.state for row in rows} == {"done"}
    nonces = [row.nonce for row in rows]
    assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
    acted = [event.digest for event in events_of(founded, rows) if event.kind == "acted"]
    assert sorted(acted) == sorted(digests)


def test_with_the_ledger_down_acts_wait_and_go_when_it_answers(
    founded: Founded, db: Database
) -> None:
    store_issue(founded, db)
    key = founded.members["carrier"].relay
    nobody = Rpc("http://127.0.0.1:1")
    with pytest.raises(LedgerUnavailable):
        Sender(nobody, db, founded.network, {"relay": key}).step()
    nobody.close()
    assert [command.state for command in commands(db)] == ["signed"]
    settle(Sender(founded.ledger, db, founded.network, {"relay": key}), db)
    assert [command.state for command in commands(db)] == ["relayed"]


def test_what_waits_for_one_contract_goes_together(founded: Founded, db: Database) -> None:
    digests = [store_issue(founded, db) for _ in range(ACTS)]
    key = founded.members["carrier"].relay
    settle(Sender(founded.ledger, db, founded.network, {"relay": key}), db)
    rows = transactions(db)
    assert len(rows) == 1
    assert [event.digest for event in events_of(founded, rows)] == digests
    assert {command.state for command in commands(db)} == {"relayed"}


def test_a_transaction_that_reverts_gives_its_acts_back_for_later(
    founded: Founded, db: Database
) -> None:
    store_issue(founded, db)
    stranger = SigningKey.generate()
    settle(Sender(founded.ledger, db, founded.network, {"relay": stranger}), db)
    (command,) = commands(db)
    assert (command.state, command.relays, command.relay) == ("signed", 1, None)
    assert command.relay_after > time.time() - 1
    assert [row.state for row in transactions(db)] == ["reverted"]


def test_a_nonce_that_went_to_another_transaction_gives_its_acts_back(
    founded: Founded, db: Database
) -> None:
    key = founded.members["shipper"].relay
    digest = store_issue(founded, db)
    # Written down with its nonce, and killed before it was first sent.
    with pytest.raises(Killed):
        live(founded, db, key, 2, after=False)
    assert [row.sent_at for row in transactions(db)] == [None]
    founded.submit("Titles", _other_act(founded), relayer="shipper")
    sender = Sender(founded.ledger, db, founded.network, {"relay": key})
    until = time.monotonic() + 60
    while commands(db)[0].relays == 0 or any(row.state == "open" for row in transactions(db)):
        assert time.monotonic() < until
        sender.step()
        time.sleep(0.02)
    assert transactions(db)[0].state == "displaced"
    assert digest == commands(db)[0].digest


def _other_act(founded: Founded) -> bytes:
    _, wire = founded.act("carrier", "VoidTitle", bytes(32), 0, reason=bytes(32))
    return wire


def test_an_act_that_expired_in_the_queue_is_not_relayed(founded: Founded, db: Database) -> None:
    store_issue(founded, db)
    key = founded.members["carrier"].relay
    late = Sender(
        founded.ledger, db, founded.network, {"relay": key}, clock=lambda: time.time() + 300
    )
    late.step()
    assert [command.state for command in commands(db)] == ["expired"]
    assert transactions(db) == []
