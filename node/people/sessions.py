"""Sessions at the pages: begun, found by their cookie, listed, ended; the row says all of it.

Every use is looked up, so a session that was ended is refused by every process at once. The cookie
holds a random secret, of which the row has the SHA-256. The caller owns the transaction.
"""

import secrets
from collections.abc import Sequence

from sqlmodel import Session, col, select, update

from identity.people.errors import SessionUnknown
from identity.sessions.life import (
    ENROLMENT_SECONDS,
    SESSION_SECONDS,
    digest_of,
    is_live,
    new_secret,
)
from node.audit.record import NODE, record
from node.people.visits import MAX_AGENT, Visit
from node.store.database import Database
from node.store.people import ENROLMENT, FULL, Account, WebSession

MAX_OPEN = 20
"""Sessions that one subject has at once; the oldest make room."""

SEEN_SECONDS = 60
"""How exactly the last use is known: writing it at each request would be a write a request."""

KEEP_SECONDS = 90 * 86_400
"""How long an ended session stays listed in the table."""


def begin(
    session: Session,
    visit: Visit,
    method: str,
    *,
    account: Account | None = None,
    token: tuple[str, str] | None = None,
    kind: str = FULL,
) -> str:
    """Begin a session of an account, or of a bearer token; return the cookie's secret.

    Args:
        token: the subject, and the SHA-256 of the token.
    """
    subject = account.name if account else token[0] if token else NODE
    _make_room(session, subject, visit.now)
    secret = new_secret()
    session.add(
        WebSession(
            id=secrets.token_hex(8),
            sha256=digest_of(secret),
            subject=subject,
            account=account.name if account else None,
            token=token[1] if token else None,
            kind=kind,
            method=method,
            address=visit.address,
            agent=visit.agent[:MAX_AGENT],
            started_at=visit.now,
            seen_at=visit.now,
        )
    )
    return secret


def find(session: Session, secret: str, now: int) -> WebSession | None:
    """Return the session that a cookie stands for, if it may still be used."""
    query = select(WebSession).where(WebSession.sha256 == digest_of(secret))
    row = session.exec(query).first()
    if row is None or row.ended_at is not None:
        return None
    longest = ENROLMENT_SECONDS if row.kind == ENROLMENT else SESSION_SECONDS
    return row if is_live(row.started_at, row.seen_at, now, longest) else None


def seen(database: Database, row: WebSession, now: int) -> None:
    """Note that a session was used, at most once in ``SEEN_SECONDS``; raises StorageUnavailable."""
    if now - row.seen_at < SEEN_SECONDS:
        return
    with database.begin(beside=True) as session:
        session.exec(
            update(WebSession)
            .where(col(WebSession.id) == row.id, col(WebSession.seen_at) < now)
            .values(seen_at=now)
        )


def open_sessions(session: Session, subject: str | None, now: int) -> Sequence[WebSession]:
    """Return the sessions that may still be used, of one subject or of all, newest first."""
    query = (
        select(WebSession)
        .where(col(WebSession.ended_at).is_(None))
        .where(col(WebSession.started_at) > now - SESSION_SECONDS)
        .order_by(col(WebSession.started_at).desc(), col(WebSession.id))
    )
    if subject is not None:
        query = query.where(WebSession.subject == subject)
    return [row for row in session.exec(query) if is_live(row.started_at, row.seen_at, now)]


def end(session: Session, row_id: str, by: str, now: int, subject: str | None = None) -> None:
    """End a session; of ``subject`` alone, where one is named.

    Raises: SessionUnknown.
    """
    row = session.get(WebSession, row_id)
    if row is None or row.ended_at is not None or subject not in (None, row.subject):
        raise SessionUnknown("There is no open session of this id.")
    _end(session, row, by, now)


def end_all(session: Session, subject: str, by: str, now: int, but: str | None = None) -> int:
    """End every session of a subject but the one of the id ``but``; return how many."""
    rows = session.exec(
        select(WebSession).where(WebSession.subject == subject, col(WebSession.ended_at).is_(None))
    ).all()
    ended = [row for row in rows if row.id != but]
    for row in ended:
        _end(session, row, by, now)
    return len(ended)


def _end(session: Session, row: WebSession, by: str, now: int) -> None:
    row.ended_at, row.ended_by = now, by
    session.add(row)
    record(session, "EndSession", "final", subject=by, role=row.method, object_id=row.id)


def _make_room(session: Session, subject: str, now: int) -> None:
    for row in open_sessions(session, subject, now)[MAX_OPEN - 1 :]:
        _end(session, row, NODE, now)
