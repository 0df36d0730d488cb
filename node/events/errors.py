"""What the event stream refuses.

NodeError
├── Invalid
│   ├── FilterInvalid: a filter that is none
│   ├── TargetInvalid: an address that webhooks may not go to
├── Refused
│   ├── SubscriberExists, SubscriberUnknown, DeadLetterUnknown
│   ├── PositionAhead: a position that was never given
│   ├── PositionPruned: one from before what is kept
│   └── SubscribersTooMany, StreamsTooMany
└── Unavailable
    └── MailUnavailable: the mail server does not take a notice now
"""

from node.errors import Invalid, Refused, Unavailable


class FilterInvalid(Invalid):
    """A filter by a member or container that cannot be one."""

    code = "FILTER_INVALID"
    what_to_do = "Filter by title, container, member, kind or verb; see docs/protocol/events.md."


class TargetInvalid(Invalid):
    """A webhook's address that is not https, or leads into a network that is not public."""

    code = "TARGET_INVALID"
    what_to_do = "Give an https address that the public can resolve, or ask the operator."


class SubscriberUnknown(Refused):
    """No such subscriber, or none of this caller's."""

    code = "SUBSCRIBER_UNKNOWN"
    what_to_do = "GET /v1/subscribers lists your own."


class DeadLetterUnknown(Refused):
    """No such dead letter; it may have been delivered since."""

    code = "DEAD_LETTER_UNKNOWN"
    what_to_do = "GET /v1/dead-letters lists them."


class SubscriberExists(Refused):
    """This caller has a subscriber of this name."""

    code = "SUBSCRIBER_EXISTS"
    what_to_do = "Use it: GET /v1/subscribers gives its id; or delete it, or take another name."


class PositionAhead(Refused):
    """A position beyond the stream's last."""

    code = "POSITION_AHEAD"
    what_to_do = "Use the position of an event that this node gave you, or read from 0 again."


class PositionPruned(Refused):
    """A position whose following events are gone: they were older than this member keeps them."""

    code = "POSITION_PRUNED"
    what_to_do = "Read the titles as they stand; then go on after facts.pruned, or acknowledge it."


class SubscribersTooMany(Refused):
    """This member has as many subscribers as it may have."""

    code = "SUBSCRIBERS_TOO_MANY"
    what_to_do = "Delete one that nobody needs: GET /v1/subscribers lists them."


class StreamsTooMany(Refused):
    """As many streams are open as this node keeps open at once."""

    code = "STREAMS_TOO_MANY"
    what_to_do = "Close one, or read the events by GET /v1/events."


class MailUnavailable(Unavailable):
    """The mail server does not answer, or does not take a notice."""

    code = "MAIL_UNAVAILABLE"
    what_to_do = "Nothing is lost: the node tries again. Look at smtp in settings.json."
