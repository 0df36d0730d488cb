"""Counts of sign-ins that failed, and how long the next one must wait for it.

Keys are hashes, so a password typed in the place of a name is not kept. What is counted does not
depend on whether the account exists, and so tells nobody.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from identity.people.pacing import (
    FORGET_SECONDS,
    Count,
    Guard,
    after_failure,
    wait_of,
)
from node.store.people import FailedAttempts, WebSession

KNOWN_SECONDS = 30 * 86_400
"""An address is known to an account so long after a sign-in from it."""


@dataclass(frozen=True)
class Guarded:
    """One attempt: from where, and for which name where a name was typed."""

    address: str
    name: str | None = None

    def keys(self, session: Session, now: int) -> dict[Guard, str]:
        """Return what of this attempt is counted."""
        keys = {Guard.ADDRESS: _key(Guard.ADDRESS, self.address)}
        if self.name is not None:
            keys[Guard.PAIR] = _key(Guard.PAIR, self.name, self.address)
            if not _is_known(session, self.name, self.address, now):
                keys[Guard.NAME] = _key(Guard.NAME, self.name)
        return keys


def wait_before(session: Session, attempt: Guarded, now: int) -> int:
    """Return how many seconds this attempt must wait; 0 for not at all."""
    found = _counts(session, attempt.keys(session, now).values())
    return max((wait_of(count, now) for count in found.values()), default=0)


def note_failure(session: Session, attempt: Guarded, now: int) -> int:
    """Count a failure; return how long the next attempt must wait."""
    horizon = now - FORGET_SECONDS
    session.exec(
        delete(FailedAttempts)
        .where(col(FailedAttempts.last_at) <= horizon)
        .where(col(FailedAttempts.until) <= now)
    )
    keys = attempt.keys(session, now)
    counts = _counts(session, keys.values())
    longest = 0
    for guard, key in keys.items():
        count = after_failure(guard, counts.get(key, Count()), now)
        session.merge(
            FailedAttempts(
                key=key,
                name=_name(attempt.name) if attempt.name and guard != Guard.ADDRESS else None,
                failures=count.failures,
                last_at=count.last_at,
                until=count.until,
            )
        )
        longest = max(longest, wait_of(count, now))
    return longest


def forget(session: Session, name: str, address: str | None = None) -> None:
    """Forget what failed for a name; only that from one address, where one is named."""
    about = col(FailedAttempts.name) == _name(name)
    if address is not None:
        about = col(FailedAttempts.key) == _key(Guard.PAIR, name, address)
    session.exec(delete(FailedAttempts).where(about))


def _counts(session: Session, keys: Iterable[str]) -> dict[str, Count]:
    rows = session.exec(select(FailedAttempts).where(col(FailedAttempts.key).in_(list(keys))))
    return {row.key: Count(row.failures, row.last_at, row.until) for row in rows}


def _is_known(session: Session, name: str, address: str, now: int) -> bool:
    query = (
        select(WebSession.id)
        .where(WebSession.account == name, WebSession.address == address)
        .where(col(WebSession.started_at) > now - KNOWN_SECONDS)
        .limit(1)
    )
    return session.exec(query).first() is not None


def _name(name: str) -> str:
    return _key(Guard.NAME, name)


def _key(guard: Guard, *parts: str) -> str:
    text = "\0".join((guard, *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
