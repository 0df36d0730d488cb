"""How long to wait after attempts that failed: pure arithmetic on counts and times.

Three counts guard a password: of one name from one address, of one address, and of one name from
addresses that it never came from. The last is high and spares known addresses, so that a stranger
who fails on purpose does not keep a person out; a passkey is held up by its address alone.
"""

from dataclasses import dataclass
from enum import StrEnum

FIRST_DELAY_SECONDS = 2
LONGEST_DELAY_SECONDS = 900
FORGET_SECONDS = 3_600
"""A count is forgotten so long after its last failure, or its delay if that ends later."""


class Guard(StrEnum):
    """What is counted."""

    PAIR = "pair"
    ADDRESS = "address"
    NAME = "name"


FREE = {Guard.PAIR: 4, Guard.ADDRESS: 20, Guard.NAME: 50}
"""So many failures cost nothing; each further one doubles the delay."""


@dataclass(frozen=True)
class Count:
    """Failures so far, when the last was, and until when the next attempt waits; UTC seconds."""

    failures: int = 0
    last_at: int = 0
    until: int = 0


def after_failure(guard: Guard, count: Count, now: int) -> Count:
    """Return the count after one more failure."""
    failures = 1 if is_forgotten(count, now) else count.failures + 1
    beyond = failures - FREE[guard]
    delay = 0
    if beyond > 0:
        delay = min(FIRST_DELAY_SECONDS * 2 ** min(beyond - 1, 20), LONGEST_DELAY_SECONDS)
    return Count(failures, now, now + delay)


def is_forgotten(count: Count, now: int) -> bool:
    """Say whether a count is so old that it counts no more."""
    return now >= max(count.last_at + FORGET_SECONDS, count.until)


def wait_of(count: Count, now: int) -> int:
    """Return how many seconds the next attempt must wait; 0 for not at all."""
    return max(0, count.until - now)
