"""Subscribers of the stream, webhooks, and what their receivers did not take."""

from typing import Any, Literal

from pydantic import Field

from api.http.shapes.shape import AT, Shape


class SubscriberShape(Shape):
    """A reader of the stream whose place the node keeps."""

    id: str
    name: str
    owner: str = Field(examples=["clerk@carrier"])
    kind: Literal["sse", "webhook"]
    filter: dict[str, Any]
    acked: int
    url: str | None
    created_at: str | None = Field(examples=[AT])


class SubscribersShape(Shape):
    """Subscribers, by age."""

    subscribers: list[SubscriberShape]


class WebhookShape(SubscriberShape):
    """A webhook that was just made; ``secret`` is told this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class DeadLetterShape(Shape):
    """Events that a webhook's receiver did not take for a day."""

    id: str = Field(description="the message's webhook-id")
    subscriber: str
    name: str
    state: Literal["dead", "again"]
    positions: list[int]
    attempts: int
    last_error: str | None = Field(examples=["HTTP_500"])
    created_at: str | None = Field(examples=[AT])


class DeadLettersShape(Shape):
    """Dead letters, by age."""

    dead_letters: list[DeadLetterShape]
