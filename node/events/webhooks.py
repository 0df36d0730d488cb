"""Brings the stream to one webhook's receiver, in order, each event at least once.

What is about to be sent is stored before it is sent, under the id that every attempt carries, so
a node that is killed between the sending and the answer's note sends the same message again. A
receiver that does not answer is tried again after 1, 2, 4 … at most 600 seconds; a message that it
has not taken for a day becomes a dead letter, and the next one follows. One that it refuses (3xx,
4xx) does so after a few attempts, and a receiver that says 410 is told nothing more: as Standard
Webhooks 1.0 has it.
"""

import random
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import structlog
from sqlmodel import Session, col, select, update

from node.audit.record import record
from node.events.errors import DeadLetterUnknown
from node.events.reading import Filter, Page, event_json, read, read_positions
from node.events.sending import UNREADABLE, Sender
from node.events.subscribers import Owner, delete, lock
from node.metrics import webhook_messages
from node.store.due import waits
from node.store.events import AGAIN, DEAD, SENDING, EventRow, SubscriberRow, WebhookDelivery
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

EVENTS_PER_MESSAGE = 100
PATIENCE_SECONDS = 86_400
LONGEST_DELAY_SECONDS = 600.0
# Of a message that the receiver itself refuses: seventeen minutes, for a wrong deployment to pass.
REFUSED_ATTEMPTS = 11
GONE = "HTTP_410"
# What a receiver means to take later: it was too slow, too early, or asked too often.
LATER = ("HTTP_408", "HTTP_425", "HTTP_429")
LOOK_SECONDS = 1.0
# How many events that a filter passes over are forgotten at the most when the node stops.
PASSED_OVER = 10_000


log = structlog.get_logger("events")


class Receiver:
    """One webhook's place in the stream; for the one thread that runs it.

    Args:
        subscriber: the webhook's id.
        stop: ends ``run``.
    """

    def __init__(self, node: "Node", subscriber: str, stop: Event) -> None:
        self._node = node
        self._id = subscriber
        self._stop = stop
        self._reached = 0
        self._sender: Sender | None = None

    def run(self) -> None:
        """Send until told to stop or the webhook is deleted; raises StorageUnavailable."""
        try:
            while not self._stop.is_set():
                row = self._row()
                if row is None:
                    return
                pause = self._step(row)
                if pause is None:
                    self._node.tail.wait(self._reached, LOOK_SECONDS)
                elif pause:
                    self._stop.wait(min(pause, LOOK_SECONDS))
        finally:
            if self._sender is not None:
                self._sender.close()

    def _row(self) -> SubscriberRow | None:
        with self._node.db.read() as session:
            return session.get(SubscriberRow, self._id)

    def _step(self, row: SubscriberRow) -> float | None:
        """Do what is next; return how long to wait then, None for until the stream grows."""
        self._reached = max(self._reached, row.acked)
        now = time.time()
        waiting = self._waiting()
        due = [each for each in waiting if not waits(each.due, now, _longest(each.attempts))]
        if due:
            self._attempt(row, due[0])
            return 0.0
        if any(each.state == SENDING for each in waiting):
            return min(each.due for each in waiting) - now
        return self._take(row)

    def _waiting(self) -> Sequence[WebhookDelivery]:
        """Return what is to be sent: what an operator asked for again first."""
        query = select(WebhookDelivery).where(
            WebhookDelivery.subscriber == self._id, WebhookDelivery.state != DEAD
        )
        with self._node.db.read() as session:
            return session.exec(query.order_by(col(WebhookDelivery.state))).all()

    def _take(self, row: SubscriberRow) -> float | None:
        """Store the next events as a message, if there are any."""
        page = self._next(row)
        if page.events:
            with self._node.db.begin(beside=True) as session:
                if lock(session, self._id) is not None:
                    session.add(_message(self._id, page.events))
            return 0.0
        if page.reached - row.acked > PASSED_OVER:
            with self._node.db.begin(beside=True) as session:
                _acknowledge(session, self._id, page.reached)
        self._reached = page.reached
        return None if page.reached >= page.head else 0.0

    def _next(self, row: SubscriberRow) -> Page:
        wanted = Filter.from_json(row.filter)
        with self._node.db.read() as session:
            return read(self._node, session, wanted, self._reached, EVENTS_PER_MESSAGE)

    def _attempt(self, row: SubscriberRow, message: WebhookDelivery) -> None:
        failure = self._send(row, message)
        now = time.time()
        page: Page | None = None
        if failure is None and message.state == SENDING:
            self._reached = message.positions[-1]
            page = self._next(row)

        def end(session: Session) -> None:
            lock(session, self._id)
            stored = session.get(WebhookDelivery, message.id, with_for_update=True)
            if stored is None:
                return  # the webhook was deleted
            if failure == GONE:
                _end(session, self._id)
                return
            if failure is None:
                session.delete(stored)
            else:
                _put_off(stored, failure, now)
                session.add(stored)
            if message.state == SENDING and (failure is None or stored.state == DEAD):
                _acknowledge(session, self._id, message.positions[-1])
            if page is not None and page.events:
                session.add(_message(self._id, page.events))

        self._node.db.write(end, beside=True)

    def _send(self, row: SubscriberRow, message: WebhookDelivery) -> str | None:
        with self._node.db.read() as session:
            page = read_positions(session, message.positions)
        content = {
            "type": "lading.events",
            "timestamp": datetime.fromtimestamp(message.created_at, UTC).isoformat(),
            "data": {
                "member": self._node.settings.member,
                "subscriber": self._id,
                "events": [event_json(event, page.members) for event in page.events],
            },
        }
        try:
            failure = self._open(row).send(message.id, content)
        except PrivacyError:
            failure = UNREADABLE
        webhook_messages.labels("taken" if failure is None else "failed").inc()
        return failure

    def _open(self, row: SubscriberRow) -> Sender:
        if self._sender is None:
            secret = self._node.webhook_secrets.open(row.secret or b"")
            anywhere = self._node.settings.webhook_targets == "any"
            self._sender = Sender(row.url or "", secret, anywhere)
        return self._sender


def _end(session: Session, subscriber: str) -> None:
    """Forget a webhook whose receiver wants nothing more; the audit trail says so."""
    row = session.get_one(SubscriberRow, subscriber)
    log.warning("a webhook's receiver is gone", subscriber=subscriber, name=row.name)
    delete(session, Owner(row.owner, "", all=True), subscriber, code=GONE)


def _message(subscriber: str, events: Sequence[EventRow]) -> WebhookDelivery:
    now = time.time()
    return WebhookDelivery(
        id="msg_" + secrets.token_hex(16),
        subscriber=subscriber,
        positions=[event.position for event in events],
        due=now,
        created_at=int(now),
    )


def _put_off(stored: WebhookDelivery, failure: str, now: float) -> None:
    """Note an attempt in vain: tried again later, or dead."""
    stored.attempts += 1
    stored.last_error = failure
    stored.first_at = stored.first_at or now
    refused = failure.startswith(("HTTP_3", "HTTP_4")) and failure not in LATER
    given_up = stored.attempts >= REFUSED_ATTEMPTS if refused else False
    if stored.state == AGAIN or given_up or now - stored.first_at >= PATIENCE_SECONDS:
        stored.state = DEAD
        webhook_messages.labels("dead").inc()
        return
    stored.due = now + _longest(stored.attempts) * random.uniform(0.8, 1)  # noqa: S311 - no secret


def _longest(attempts: int) -> float:
    """Return for how long at most a message is put off after so many attempts."""
    return 1.1 * min(LONGEST_DELAY_SECONDS, float(1 << min(max(attempts - 1, 0), 16)))


def _acknowledge(session: Session, subscriber: str, position: int) -> None:
    session.exec(
        update(SubscriberRow)
        .where(col(SubscriberRow.id) == subscriber, col(SubscriberRow.acked) < position)
        .values(acked=position)
    )


def dead_letters(session: Session) -> list[tuple[WebhookDelivery, str]]:
    """Return the messages that were given up, and those tried once more; with webhooks' names."""
    query = (
        select(WebhookDelivery, SubscriberRow.name)
        .join(SubscriberRow, col(SubscriberRow.id) == col(WebhookDelivery.subscriber))
        .where(col(WebhookDelivery.state) != SENDING)
        .order_by(col(WebhookDelivery.created_at), col(WebhookDelivery.id))
    )
    return list(session.exec(query).all())


def redeliver(session: Session, owner: Owner, message: str) -> WebhookDelivery:
    """Have a dead letter tried once more, soon; raises DeadLetterUnknown."""
    row = session.get(WebhookDelivery, message, with_for_update=True)
    if row is None or row.state == SENDING:
        raise DeadLetterUnknown("There is no dead letter of this id.")
    row.state, row.due = AGAIN, time.time()
    session.add(row)
    record(session, "Redeliver", "final", subject=owner.subject, role=owner.role)
    return row
