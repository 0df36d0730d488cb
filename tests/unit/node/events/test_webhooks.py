"""Webhooks: in order, at least once, signed; one receiver never waits for another."""

import base64
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from standardwebhooks.webhooks import Webhook
from support.office_node import Office
from support.self_signed import self_signed
from support.webhook_receivers import Receiver, messengers_of, receiving

from node.events import webhooks
from node.events.errors import DeadLetterUnknown
from node.events.reading import Filter
from node.events.sending import Sender
from node.events.stream import append, head
from node.events.subscribers import Owner, Wish, create, delete
from node.events.webhooks import dead_letters, redeliver
from node.store.audit import AuditRow
from node.store.events import EventRow, SubscriberRow, WebhookDelivery

ALL = Filter()
ADMIN = Owner("admin@shipper", "admin", all=True)


def subscribe(
    office: Office, receiver: Receiver, name: str = "erp", wanted: Filter = ALL
) -> tuple[str, str]:
    """Make a webhook from the stream's beginning; return its id and secret."""
    secret, sealed = office.node.webhook_secrets.new()
    with office.node.db.begin() as session:
        wish = Wish(name, wanted, 0, receiver.url, sealed)
        return create(session, ADMIN, wish).id, secret


def tell(office: Office, count: int = 1, **given: Any) -> int:
    with office.node.db.begin() as session:
        for _ in range(count):
            row = {"at": 1_900_000_000, "kind": "acted", "verb": "Offer"} | given
            append(session, EventRow(**row))
    with office.node.db.read() as session:
        return head(session)


def acked(office: Office, webhook: str) -> int:
    with office.node.db.read() as session:
        return session.get_one(SubscriberRow, webhook).acked


def until(holds: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_events_come_in_order_and_the_answer_acknowledges_them(office: Office) -> None:
    last = tell(office, 230)
    with receiving() as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        until(lambda: acked(office, webhook) == last)
        assert receiver.positions == list(range(1, last + 1))
        assert [len(message.positions) for message in receiver.messages] == [100, 100, 30]
        begun = time.monotonic()
        tell(office)
        assert receiver.wait_for(4)[-1].positions == [last + 1]
        assert time.monotonic() - begun < 2


def test_a_message_is_signed_as_standard_webhooks_says(office: Office) -> None:
    tell(office)
    with receiving() as receiver, messengers_of(office):
        _, secret = subscribe(office, receiver)
        (message,) = receiver.wait_for(1)
        told = Webhook(secret).verify(message.body.decode(), message.headers)
        assert told["type"] == "lading.events"
        assert told["data"]["member"] == office.id
        assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
        assert message.headers["content-type"] == "application/json"
        changed = message.body.replace(b"Offer", b"Other").decode()
        with pytest.raises(Exception, match="signature"):
            Webhook(secret).verify(changed, message.headers)


def test_the_secret_is_nowhere_in_the_database_in_clear(office: Office) -> None:
    with receiving() as receiver:
        webhook, secret = subscribe(office, receiver)
    with office.node.db.read() as session:
        row = session.get_one(SubscriberRow, webhook)
    plain = base64.b64decode(secret.removeprefix("whsec_"))
    assert plain not in (row.secret or b"")
    assert secret not in json.dumps(row.model_dump(exclude={"secret"}))
    assert office.node.webhook_secrets.open(row.secret or b"") == plain


def test_a_filter_lets_through_what_it_names_and_the_place_moves_on(office: Office) -> None:
    tell(office, 3)
    wanted = tell(office, kind="refused")
    tell(office, 3)
    with receiving() as receiver, messengers_of(office):
        subscribe(office, receiver, wanted=Filter(kinds=("refused",)))
        assert receiver.wait_for(1)[0].positions == [wanted]
        again = tell(office, kind="refused")
        assert receiver.wait_for(2)[1].positions == [again]


def test_a_receiver_that_hangs_or_fails_does_not_delay_another(office: Office) -> None:
    hangs = threading.Event()
    with (
        receiving(before=lambda _: hangs.wait(30) and None) as hanging,
        receiving(500) as failing,
        receiving() as well,
        messengers_of(office),
    ):
        for name, receiver in (("h", hanging), ("f", failing), ("w", well)):
            subscribe(office, receiver, name)
        for _ in range(5):
            begun = time.monotonic()
            last = tell(office)
            until(lambda last=last: last in well.positions)
            assert time.monotonic() - begun < 2
        assert len(hanging.messages) == 1
        assert set(failing.positions) == {1}, "what comes after waits for what came before"
        hangs.set()


def test_what_fails_is_sent_again_under_the_same_id_later_and_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(office)
    with receiving(503) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        first, second, third = receiver.wait_for(3)[:3]
        receiver.status = 200
        until(lambda: acked(office, webhook) == 1)
    assert first.id == second.id == third.id
    assert first.body == second.body == third.body
    assert 0.8 < second.at - first.at < third.at - second.at


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_only_2xx_takes_a_message_and_no_redirect_is_followed(office: Office, status: int) -> None:
    tell(office)
    with receiving(status) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        receiver.wait_for(2)
        assert acked(office, webhook) == 0
        with office.node.db.read() as session:
            assert session.exec(select(WebhookDelivery.last_error)).one() == f"HTTP_{status}"


def test_after_a_day_a_message_is_a_dead_letter_and_the_next_one_follows(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE_SECONDS", 1.5)
    tell(office, 2)
    with receiving(500) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        until(lambda: acked(office, webhook) == 2)
        receiver.status = 200
        tell(office)
        until(lambda: acked(office, webhook) == 3)
        with office.node.db.read() as session:
            ((letter, name),) = dead_letters(session)
        assert (letter.positions, letter.state, name) == ([1, 2], "dead", "erp")
        seen = len(receiver.messages)
        with office.node.db.begin() as session:
            redeliver(session, ADMIN, letter.id)
        again = receiver.wait_for(seen + 1)[-1]
        assert (again.id, again.positions) == (letter.id, [1, 2])

        def gone() -> bool:
            with office.node.db.read() as session:
                return not dead_letters(session)

        until(gone)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422])
def test_what_a_receiver_refuses_is_a_dead_letter_after_some_attempts(
    office: Office, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(webhooks, "REFUSED_ATTEMPTS", 2)
    tell(office)
    with receiving(status) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        until(lambda: acked(office, webhook) == 1)
        assert len(receiver.messages) == 2
    with office.node.db.read() as session:
        ((letter, _),) = dead_letters(session)
    assert (letter.attempts, letter.last_error) == (2, f"HTTP_{status}")


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_a_receiver_that_asks_for_time_is_given_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(webhooks, "REFUSED_ATTEMPTS", 1)
    tell(office)
    with receiving(status) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        receiver.wait_for(2)
        receiver.status = 204
        until(lambda: acked(office, webhook) == 1)


def test_a_receiver_that_is_gone_ends_its_webhook(office: Office) -> None:
    tell(office)
    with receiving(410) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)

        def ended() -> bool:
            with office.node.db.read() as session:
                return session.get(SubscriberRow, webhook) is None

        until(ended)
    with office.node.db.read() as session:
        assert session.exec(select(WebhookDelivery)).all() == []
        rows = session.exec(select(AuditRow).where(AuditRow.verb == "Unsubscribe")).all()
    assert [(row.subject, row.code) for row in rows] == [(ADMIN.subject, "HTTP_410")]


def test_a_dead_letter_that_fails_again_stays_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE_SECONDS", 0)
    tell(office)
    with receiving(500) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        until(lambda: acked(office, webhook) == 1)
        with office.node.db.read() as session:
            ((letter, _),) = dead_letters(session)
        with office.node.db.begin() as session:
            redeliver(session, ADMIN, letter.id)

        def attempts() -> int:
            with office.node.db.read() as session:
                ((found, _),) = dead_letters(session)
            return found.attempts if found.state == "dead" else 0

        until(lambda: attempts() == 2)
    with pytest.raises(DeadLetterUnknown), office.node.db.begin() as session:
        redeliver(session, ADMIN, "msg_" + "0" * 32)


def test_a_webhook_that_is_deleted_is_sent_nothing_more(office: Office) -> None:
    tell(office)
    with receiving(500) as receiver, messengers_of(office):
        webhook, _ = subscribe(office, receiver)
        receiver.wait_for(1)
        with office.node.db.begin() as session:
            delete(session, ADMIN, webhook)
        time.sleep(2.5)
        assert len(receiver.messages) <= 2
    with office.node.db.read() as session:
        assert session.exec(select(WebhookDelivery)).all() == []


def test_what_was_on_its_way_when_the_node_stopped_is_sent_again(office: Office) -> None:
    tell(office)
    with receiving(500) as receiver:
        webhook, _ = subscribe(office, receiver)
        with messengers_of(office):
            first = receiver.wait_for(1)[0]
        tell(office)
        receiver.status = 200
        with messengers_of(office):
            until(lambda: acked(office, webhook) == 2)
    assert receiver.messages[-2].id == first.id
    assert [message.positions for message in receiver.messages[-2:]] == [[1], [2]]


def test_a_receiver_proves_by_its_certificate_that_it_is_the_one_meant(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = self_signed(tmp_path, "DNS:localhost")
    with receiving() as receiver:
        receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
        port = receiver.server.server_port

        def sent(host: str) -> str | None:
            sender = Sender(f"https://{host}:{port}/hook", b"k" * 32, anywhere=True)
            try:
                return sender.send("msg_1", {})
            finally:
                sender.close()

        assert sent("localhost") == "NOT_REACHED", "nobody vouches for the certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert sent("localhost") is None
        assert sent("127.0.0.1") == "NOT_REACHED", "the certificate is another host's"
    assert [message.headers["host"] for message in receiver.messages] == [f"localhost:{port}"]
