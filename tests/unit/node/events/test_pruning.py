"""Old events go once they have been read; a reader from before them is told, and never misled."""

import time
from threading import Event
from typing import Any

import pytest
from sqlmodel import select
from support.office_node import Office
from support.webhook_receivers import messengers_of, receiving

from node.events.errors import PositionPruned
from node.events.pruning import DAY_SECONDS, Pruner
from node.events.reading import Filter, Page, read
from node.events.stream import append, head
from node.events.subscribers import Owner, Wish, acknowledge, create
from node.store.events import DEAD, EventRow, SubscriberRow, WebhookDelivery

ADMIN = Owner("admin@shipper", "admin", all=True)
LONG_AGO = int(time.time()) - 20 * 366 * DAY_SECONDS


def tell(office: Office, count: int, at: int) -> int:
    with office.node.db.begin() as session:
        for _ in range(count):
            append(session, EventRow(position=0, at=at, kind="acted", verb="Offer"))
    with office.node.db.read() as session:
        return head(session)


def prune(office: Office) -> None:
    pruner = Pruner(office.node, Event())
    while pruner.step(int(time.time())):
        pass


def page(office: Office, after: int) -> Page:
    with office.node.db.read() as session:
        return read(office.node, session, Filter(), after, 100)


def subscribe(office: Office, **wish: Any) -> str:
    with office.node.db.begin() as session:
        return create(session, ADMIN, Wish("erp", Filter(), 0, **wish)).id


def test_old_events_go_and_young_ones_stay_under_their_positions(office: Office) -> None:
    old = tell(office, 30, LONG_AGO)
    last = tell(office, 5, int(time.time()))
    prune(office)
    assert [event.position for event in page(office, 0).events] == list(range(old + 1, last + 1))
    assert page(office, old).head == last
    prune(office)
    assert len(page(office, 0).events) == 5


def test_a_reader_from_before_what_is_left_is_told_where_to_go_on(office: Office) -> None:
    old = tell(office, 30, LONG_AGO)
    tell(office, 1, int(time.time()))
    subscriber = subscribe(office)
    prune(office)
    with pytest.raises(PositionPruned) as caught:
        page(office, old - 1)
    assert caught.value.facts == {"pruned": old}
    with office.node.db.begin() as session:
        assert acknowledge(session, ADMIN, subscriber, old).acked == old
    assert len(page(office, old).events) == 1


def test_what_a_webhook_has_not_read_stays(office: Office) -> None:
    tell(office, 30, LONG_AGO)
    with receiving(500) as receiver:
        _, sealed = office.node.webhook_secrets.new()
        webhook = subscribe(office, url=receiver.url, secret=sealed)
        prune(office)
        assert len(page(office, 0).events) == 30
        receiver.status = 200
        with messengers_of(office):
            receiver.wait_for(1)
            until = time.monotonic() + 20
            while True:
                with office.node.db.read() as session:
                    if session.get_one(SubscriberRow, webhook).acked >= 30:
                        break
                assert time.monotonic() < until
                time.sleep(0.05)
        prune(office)
    assert page(office, 0).events == []


def test_an_old_dead_letter_goes_with_its_events_and_a_young_one_keeps_them(office: Office) -> None:
    last = tell(office, 30, LONG_AGO)
    with office.node.db.begin() as session:
        for created, positions in ((LONG_AGO, [3]), (int(time.time()), [20])):
            session.add(
                WebhookDelivery(
                    id=f"msg_{positions[0]}", subscriber="s", positions=positions, state=DEAD,
                    due=0, created_at=created,
                )
            )  # fmt: skip
    prune(office)
    assert [event.position for event in page(office, 0).events] == list(range(20, last + 1))
    with office.node.db.read() as session:
        assert session.exec(select(WebhookDelivery.id)).all() == ["msg_20"]
