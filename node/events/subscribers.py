"""Subscribers: readers of the stream whose place the node keeps.

A subscriber is its owner's: others are told that there is none. Who may have one is the policy's
to say, before anything here is called. The caller owns the transaction.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select, update

from node.audit.record import record
from node.events.errors import (
    PositionAhead,
    SubscriberExists,
    SubscribersTooMany,
    SubscriberUnknown,
)
from node.events.reading import Filter
from node.events.stream import head
from node.store.events import SSE, WEBHOOK, SubscriberRow, WebhookDelivery

MAX_SUBSCRIBERS = 256
MAX_WEBHOOKS = 64
WHOLE_NODE = ""
"""The owner of what the node itself reads the stream for."""


@dataclass(frozen=True)
class Owner:
    """Whose subscribers are meant: one subject's, or everybody's."""

    subject: str
    role: str
    all: bool = False


@dataclass(frozen=True)
class Wish:
    """A subscriber that somebody wants; ``after`` None: from now on. ``secret`` is sealed."""

    name: str
    wanted: Filter
    after: int | None = None
    url: str | None = None
    secret: bytes | None = None


def create(session: Session, owner: Owner, wish: Wish) -> SubscriberRow:
    """Add a subscriber.

    Raises: SubscriberExists, SubscribersTooMany, PositionAhead.
    """
    kind = SSE if wish.url is None else WEBHOOK
    same = select(SubscriberRow).where(
        SubscriberRow.owner == owner.subject, SubscriberRow.name == wish.name
    )
    if session.exec(same).first() is not None:
        raise SubscriberExists("You have a subscriber of this name.")
    most = MAX_SUBSCRIBERS if kind == SSE else MAX_WEBHOOKS
    counted = select(func.count()).where(SubscriberRow.kind == kind)
    if session.exec(counted).one() >= most:
        raise SubscribersTooMany(f"There are {most} subscribers of this kind.", limit=most)
    row = SubscriberRow(
        id=secrets.token_hex(16),
        name=wish.name,
        owner=owner.subject,
        kind=kind,
        filter=wish.wanted.to_json(),
        acked=_known(session, head(session) if wish.after is None else wish.after),
        url=wish.url,
        secret=wish.secret,
        created_at=int(time.time()),
    )
    session.add(row)
    _record(session, "Subscribe", owner)
    return row


def find(session: Session, owner: Owner, subscriber: str) -> SubscriberRow:
    """Return a subscriber of this owner; raises SubscriberUnknown."""
    row = session.get(SubscriberRow, subscriber)
    if row is None or not (owner.all or row.owner == owner.subject) or row.owner == WHOLE_NODE:
        raise SubscriberUnknown("You have no subscriber of this id.")
    return row


def lock(session: Session, subscriber: str) -> SubscriberRow | None:
    """Lock a subscriber and what is to be delivered to it, until the transaction ends.

    Whoever adds a delivery or deletes the subscriber does it first; None if it is gone.
    """
    return session.get(SubscriberRow, subscriber, with_for_update=True, populate_existing=True)


def list_of(session: Session, owner: Owner) -> Sequence[SubscriberRow]:
    """Return this owner's subscribers, by age."""
    query = select(SubscriberRow).where(SubscriberRow.owner != WHOLE_NODE)
    query = query.order_by(col(SubscriberRow.created_at), col(SubscriberRow.id))
    if not owner.all:
        query = query.where(SubscriberRow.owner == owner.subject)
    return session.exec(query).all()


def acknowledge(session: Session, owner: Owner, subscriber: str, position: int) -> SubscriberRow:
    """Note that everything up to ``position`` is done with; going back changes nothing.

    Raises: SubscriberUnknown, PositionAhead.
    """
    if find(session, owner, subscriber).kind != SSE:
        raise SubscriberUnknown("A webhook's receiver acknowledges by its answers.")
    session.exec(
        update(SubscriberRow)
        .where(col(SubscriberRow.id) == subscriber)
        .where(col(SubscriberRow.acked) < _known(session, position))
        .values(acked=position)
    )
    session.expire_all()
    return find(session, owner, subscriber)


def delete(session: Session, owner: Owner, subscriber: str, code: str | None = None) -> None:
    """Forget a subscriber, with what was still to be delivered to it; raises SubscriberUnknown.

    ``code`` says why, where its owner did not ask for it.
    """
    row = find(session, owner, subscriber)
    lock(session, subscriber)
    for delivery in session.exec(
        select(WebhookDelivery).where(WebhookDelivery.subscriber == subscriber)
    ):
        session.delete(delivery)
    session.delete(row)
    _record(session, "Unsubscribe", owner, code)


def _known(session: Session, position: int) -> int:
    last = head(session)
    if position > last:
        raise PositionAhead("The stream has not come to this position.", head=last)
    return position


def _record(session: Session, verb: str, owner: Owner, code: str | None = None) -> None:
    record(session, verb, "final", subject=owner.subject, role=owner.role, code=code)
