"""Couriers: what is owed waits for days if it must, and one peer never delays another."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from sqlmodel import select
from support.peer_files import owe_file, shared
from support.peer_messages import delivery, numbered, owe, post, refusal, sealed
from support.peers import Peer, bill_number, issue, make_bill, make_peers
from support.servers import PostgreSQL

from identity.acts.words import Role
from node.errors import Waiting
from node.exchange import lines, messages
from node.exchange.couriers import Couriers
from node.exchange.depths import DeliveryDepths
from node.exchange.errors import PeerUnavailable, TooManyMessages
from node.exchange.limits import BYTES_AT_ONCE, DAY_SECONDS, MESSAGES_AT_ONCE, Flights
from node.exchange.receiving import DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE
from node.metrics import render
from node.store.commands import OutboxRow
from node.store.documents import ACKNOWLEDGED, WAITING, PeerIntakeRow, PeerLineRow

ROLES = {"carrier": Role.CARRIER, "shipper": Role.SHIPPER, "bank": Role.BANK}


@pytest.fixture
def peers(tmp_path: Path, server: PostgreSQL | None) -> Iterator[dict[str, Peer]]:
    peers = make_peers(tmp_path, ROLES, server)
    yield peers
    for peer in peers.values():
        peer.exchange.close()
    for peer in peers.values():
        peer.close()


def bill(carrier: Peer) -> str:
    return issue(carrier, make_bill(bill_number()))[1]


@contextmanager
def running(couriers: Couriers) -> Iterator[None]:
    """Step as the part ``work`` does."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(0.02):
            couriers.step()

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        couriers.close()


def wait_until(true: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def acknowledged(sender: Peer, number: int) -> bool:
    return delivery(sender, number).state == ACKNOWLEDGED


def test_a_peer_that_hangs_delays_no_other(peers: dict[str, Peer]) -> None:
    carrier, shipper, bank = peers["carrier"], peers["shipper"], peers["bank"]
    shipper.serve()
    hung = [owe(carrier, bill(carrier), bank) for _ in range(10)]
    goes_on = threading.Event()

    def deliver(number: int) -> None:
        if number in hung:
            goes_on.wait(120)  # the bank's node took the connection and says nothing
        carrier.exchange.deliver(number)

    with running(Couriers(carrier.database, deliver)):
        numbers = [owe(carrier, bill(carrier), shipper) for _ in range(3)]
        wait_until(lambda: all(acknowledged(carrier, number) for number in numbers))
        assert not goes_on.is_set()
        assert {delivery(carrier, number).state for number in hung} == {WAITING}
        goes_on.set()


def test_what_is_owed_waits_while_a_peer_is_away_and_goes_in_order_when_it_is_back(
    peers: dict[str, Peer],
) -> None:
    carrier, bank = peers["carrier"], peers["bank"]
    numbers = [owe(carrier, bill(carrier), bank) for _ in range(3)]
    tried: list[int] = []

    def deliver(number: int) -> None:
        tried.append(number)
        carrier.exchange.deliver(number)

    with running(Couriers(carrier.database, deliver)):
        wait_until(lambda: len(tried) >= 2)
        with carrier.database.read() as session:
            (queue,) = lines.queues(session)
        assert (queue.member, queue.waiting, queue.code) == (bank.id, 3, "PEER_UNAVAILABLE")
        assert queue.away_since is not None
        told = render(DeliveryDepths(carrier.database)).decode()
        assert f'lading_deliveries_waiting{{peer="{bank.id}"}} 3.0' in told
    assert set(tried) == {numbers[0]}  # the line stands still: one attempt for all that wait
    # Days later, after a restart.
    bank.serve()
    tried.clear()
    with carrier.database.begin() as session:
        session.get_one(PeerLineRow, bank.id).due = 0
    with running(Couriers(carrier.database, deliver)):
        wait_until(lambda: all(acknowledged(carrier, number) for number in numbers))
        with carrier.database.read() as session:
            assert lines.queues(session) == []
            assert session.get_one(PeerLineRow, bank.id).since is None
    assert tried == numbers


def test_the_wait_grows_to_a_minute_and_to_what_the_peer_asked(peers: dict[str, Peer]) -> None:
    carrier, bank = peers["carrier"], peers["bank"]
    waits = []
    for attempt in range(9):
        with carrier.database.begin() as session:
            lines.put_off_line(session, bank.id, "PEER_UNAVAILABLE", 1000.0 + attempt, asked=0)
            row = session.get_one(PeerLineRow, bank.id)
            waits.append(row.due - 1000 - attempt)
            assert row.since == 1000
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    with carrier.database.begin() as session:
        lines.put_off_line(session, bank.id, "PEER_UNAVAILABLE", 2000.0, asked=900)
        assert session.get_one(PeerLineRow, bank.id).due == 2900


def test_a_delivery_that_waits_for_something_else_holds_up_none_behind_it(
    peers: dict[str, Peer],
) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    roots = [bill(carrier) for _ in range(2)]
    first, second = (owe(carrier, root, shipper) for root in roots)

    def deliver(number: int) -> None:
        if number == first:
            raise Waiting("Not yet.")
        carrier.exchange.deliver(number)

    with running(Couriers(carrier.database, deliver)):
        wait_until(lambda: acknowledged(carrier, second))
        wait_until(lambda: delivery(carrier, first).attempts > 0)
    assert delivery(carrier, first).code == "WAITING"


def test_a_document_overtakes_a_file_that_is_under_way(peers: dict[str, Peer]) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    manifest = shared(carrier, shipper, bill(carrier), b"x" * 3_000_000)
    file, document = owe_file(carrier, manifest, shipper), owe(carrier, bill(carrier), shipper)
    goes_on = threading.Event()

    def deliver(number: int) -> None:
        if number == file:
            goes_on.wait(120)
        carrier.exchange.deliver(number)

    with running(Couriers(carrier.database, deliver)):
        wait_until(lambda: acknowledged(carrier, document))
        assert delivery(carrier, file).state == WAITING
        goes_on.set()
        wait_until(lambda: acknowledged(carrier, file))


def test_what_waits_for_a_receipt_is_woken_by_it(peers: dict[str, Peer]) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    number = owe(carrier, bill(carrier), shipper)
    later = time.time() + 60
    with carrier.database.begin() as session:
        session.add(OutboxRow(kind="sign", payload={}, due=later, waiting=True, created_at=0))
    carrier.exchange.deliver(number)
    with carrier.database.read() as session:
        (row,) = session.exec(select(OutboxRow)).all()
    assert row.due <= time.time()


def test_a_message_that_comes_a_day_late_is_refused_and_sent_anew_is_taken(
    peers: dict[str, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    body = sealed(carrier, shipper, numbered(carrier))
    key = carrier.keys.ed25519_key("message")
    with monkeypatch.context() as yesterday:
        yesterday.setattr(messages, "datetime", Yesterday)
        late = messages.sign(
            shipper.url + DOCUMENTS, body, CONTENT_TYPE, carrier.id, "message", key
        )  # fmt: skip
    refused = post(carrier, shipper, body, headers=late)
    assert (refused.status_code, refused.json()["code"]) == (401, "PEER_SIGNATURE_INVALID")
    first, again = post(carrier, shipper, body), post(carrier, shipper, body)
    assert first.status_code == 200
    assert again.json() == first.json()


def test_more_at_once_than_a_peer_may_is_told_to_wait() -> None:
    flights = Flights()
    with ExitStack() as under_way:
        for _ in range(MESSAGES_AT_ONCE):
            under_way.enter_context(flights.admit("one", 1))
        with pytest.raises(TooManyMessages), flights.admit("one", 1):
            pass
        with flights.admit("other", 1):
            pass
    with flights.admit("one", BYTES_AT_ONCE), pytest.raises(TooManyMessages) as caught:
        under_way.enter_context(flights.admit("one", 1))
    assert caught.value.facts["retry_after_seconds"] == 1
    with flights.admit("one", BYTES_AT_ONCE):
        pass


def test_a_peer_over_its_daily_measure_is_told_how_long_to_wait(peers: dict[str, Peer]) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    today = int(time.time()) // DAY_SECONDS
    with shipper.database.begin() as session:
        kept = PeerIntakeRow(member=carrier.id, day=today, messages=9_999, bytes=0)
        session.add(kept)
    numbers = [owe(carrier, bill(carrier), shipper) for _ in range(2)]
    carrier.exchange.deliver(numbers[0])
    with pytest.raises(PeerUnavailable) as caught:
        carrier.exchange.deliver(numbers[1])
    facts = caught.value.facts
    assert (facts["status"], facts["peer_code"]) == (429, "INTAKE_FULL")
    assert 1 <= int(str(facts["retry_after_seconds"])) <= 3600
    with running(carrier.exchange.couriers()):
        wait_until(lambda: line_of(carrier, shipper) is not None)
    line = line_of(carrier, shipper)
    assert line is not None
    assert line.due - time.time() > int(str(facts["retry_after_seconds"])) - 30


def test_a_refusal_for_too_much_names_the_wait_in_its_header(peers: dict[str, Peer]) -> None:
    carrier, shipper = peers["carrier"], peers["shipper"]
    shipper.serve()
    with ExitStack() as under_way:
        for _ in range(MESSAGES_AT_ONCE):
            under_way.enter_context(shipper.exchange.flights.admit(carrier.id, 1))
        answer = post(carrier, shipper, sealed(carrier, shipper, numbered(carrier)))
    assert refusal(answer) == (429, "TOO_MANY_MESSAGES")
    assert answer.headers["retry-after"] == "1"


def line_of(carrier: Peer, to: Peer) -> PeerLineRow | None:
    with carrier.database.read() as session:
        return session.get(PeerLineRow, to.id)


class Yesterday(datetime):
    """A clock that is a day behind."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) - timedelta(days=1)
