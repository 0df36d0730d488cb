"""Making, reading and ending subscribers of the stream."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.http.doors import actor_of, allow, node_of, reading
from api.http.parameters import ContainerNumber, EventKind, Id, MessageId, Position, SubscriberId
from api.http.reads.wording import moment
from api.http.shapes.subscribers import (
    DeadLetterShape,
    DeadLettersShape,
    SubscriberShape,
    SubscribersShape,
    WebhookShape,
)
from node.errors import NotAllowed
from node.events.reading import Filter, check
from node.events.subscribers import Owner, Wish, acknowledge, create, delete, find, list_of
from node.events.targets import MAX_URL_CHARACTERS, check_form
from node.events.webhooks import dead_letters, redeliver
from node.store.events import SubscriberRow, WebhookDelivery

router = APIRouter(tags=["events"])
SUBSCRIBE = "Subscribe"
MANAGE = "ManageWebhooks"
Name = Annotated[str, Field(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$")]


class Body(BaseModel):
    """A body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FilterBody(Body):
    """Which events: all that is named must hold, of a list any."""

    title: Id | None = None
    container: ContainerNumber | None = None
    member: Id | None = None
    kinds: Annotated[list[EventKind], Field(max_length=4)] = []
    verbs: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=64)] = []

    def read(self) -> Filter:
        """Return it as the stream's reader takes it."""
        kinds: tuple[str, ...] = tuple(self.kinds)
        return Filter(self.title, self.container, self.member, kinds, tuple(self.verbs))


class SubscriberBody(Body):
    """A subscriber; ``after`` is the position to begin after, 0 for the first event there is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "terminal planning"}]})

    name: Name
    filter: FilterBody = FilterBody()
    after: Position | None = Field(default=None, description="without: from now on")


class WebhookBody(SubscriberBody):
    """A webhook; ``url`` takes its events by POST."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "erp", "url": "https://erp.example/lading"}]}
    )

    url: Annotated[str, Field(max_length=MAX_URL_CHARACTERS)]


class Nothing(Body):
    """An empty body."""


class AckBody(Body):
    """Everything up to this position is done with."""

    position: Position


def owner_of(request: Request) -> Owner:
    """The caller as an owner of subscribers; who manages webhooks sees everybody's."""
    actor = actor_of(request)
    try:
        allow(request, MANAGE)
        manages = True
    except NotAllowed:
        manages = False
    return Owner(actor.subject, ",".join(sorted(actor.roles)), all=manages)


@router.post("/v1/subscribers", status_code=201, response_model=SubscriberShape)
def make_subscriber(request: Request, body: SubscriberBody) -> dict[str, Any]:
    """Have the node keep a reader's place in the stream."""
    allow(request, SUBSCRIBE)
    wish = Wish(body.name, _wanted(request, body), body.after)
    with node_of(request).db.begin() as session:
        return subscriber_json(create(session, owner_of(request), wish))


@router.get("/v1/subscribers", response_model=SubscribersShape)
def list_subscribers(request: Request) -> dict[str, Any]:
    """List your subscribers; who manages webhooks sees everybody's."""
    with reading(request, SUBSCRIBE) as reader:
        rows = list_of(reader.session, owner_of(request))
        return {"subscribers": [subscriber_json(row) for row in rows]}


@router.get("/v1/subscribers/{subscriber}", response_model=SubscriberShape)
def get_subscriber(request: Request, subscriber: SubscriberId) -> dict[str, Any]:
    """Show a subscriber: its filter, and up to where it has acknowledged."""
    with reading(request, SUBSCRIBE) as reader:
        return subscriber_json(find(reader.session, owner_of(request), subscriber))


@router.post("/v1/subscribers/{subscriber}/ack", response_model=SubscriberShape)
def acknowledge_events(request: Request, subscriber: SubscriberId, body: AckBody) -> dict[str, Any]:
    """Acknowledge all events up to a position."""
    allow(request, SUBSCRIBE)
    with node_of(request).db.begin() as session:
        row = acknowledge(session, owner_of(request), subscriber, body.position)
        return subscriber_json(row)


@router.delete("/v1/subscribers/{subscriber}", status_code=204)
def delete_subscriber(request: Request, subscriber: SubscriberId) -> None:
    """End a subscriber, and what was still to be delivered to it."""
    allow(request, SUBSCRIBE)
    with node_of(request).db.begin() as session:
        delete(session, owner_of(request), subscriber)


@router.post("/v1/webhooks", status_code=201, response_model=WebhookShape)
def make_webhook(request: Request, body: WebhookBody) -> dict[str, Any]:
    """Have events brought to an address, signed; the answer alone tells the secret."""
    node = node_of(request)
    allow(request, MANAGE)
    check_form(body.url, node.settings.webhook_targets == "any")
    secret, sealed = node.webhook_secrets.new()
    wish = Wish(body.name, _wanted(request, body), body.after, body.url, sealed)
    with node.db.begin() as session:
        row = create(session, owner_of(request), wish)
        return {**subscriber_json(row), "secret": secret}


@router.get("/v1/dead-letters", response_model=DeadLettersShape)
def list_dead_letters(request: Request) -> dict[str, Any]:
    """List the messages that webhooks' receivers did not take for a day."""
    with reading(request, MANAGE) as reader:
        return {"dead_letters": [_letter(*found) for found in dead_letters(reader.session)]}


@router.post(
    "/v1/dead-letters/{message}/redeliver", status_code=202, response_model=DeadLetterShape
)
def redeliver_dead_letter(request: Request, message: MessageId, body: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """Send a dead letter once more; it stays in the list unless it is taken."""
    allow(request, MANAGE)
    with node_of(request).db.begin() as session:
        row = redeliver(session, owner_of(request), message)
        return _letter(row, find(session, owner_of(request), row.subscriber).name)


def _wanted(request: Request, body: SubscriberBody) -> Filter:
    """The body's filter, once it is one that events can be read by."""
    node, wanted = node_of(request), body.filter.read()
    with node.db.read() as session:
        check(node, session, wanted)
    return wanted


def _letter(row: WebhookDelivery, name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "subscriber": row.subscriber,
        "name": name,
        "state": row.state,
        "positions": row.positions,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "created_at": moment(row.created_at),
    }


def subscriber_json(row: SubscriberRow) -> dict[str, Any]:
    """Return a subscriber; never its secret."""
    return {
        "id": row.id,
        "name": row.name,
        "owner": row.owner,
        "kind": row.kind,
        "filter": row.filter,
        "acked": row.acked,
        "url": row.url,
        "created_at": moment(row.created_at),
    }
