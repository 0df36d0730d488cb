"""Who comes to a door: from where, with what program, and when."""

from dataclasses import dataclass

MAX_AGENT = 200


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is not known yet.

    Attributes:
        address: of the network, as the door sees it.
        agent: what the browser says it is; shown in the list of sessions, cut to ``MAX_AGENT``.
        now: UTC seconds.
    """

    address: str
    agent: str
    now: int


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt, to be answered once its transaction is over.

    Attributes:
        secret: the new session's, for the cookie; None when it was refused.
        reason: why it was refused, for the log alone.
        wait_seconds: how long the next attempt must wait.
    """

    secret: str | None = None
    reason: str | None = None
    wait_seconds: int = 0
