"""Keeps the alarms about the ledger: raised when something is noticed, ended when it is over.

An alarm counts once it has stood for its code's patience: a list and Membership are changed by
different transactions, and a moment between them is no fault. Somebody may acknowledge one; it
then stays, and counts no more.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from node.audit.record import record
from node.store.oversight import LedgerAlarm

PATIENCE_SECONDS: Mapping[str, int] = {
    "ALLOW_LIST_ADMIN": 300,
    "ALLOW_LIST_MANAGER": 300,
    "ALLOW_LIST_EXCEEDS": 300,
    "ALLOW_LIST_LACKS": 300,
    "ALLOW_LIST_CHANGED": 300,
    "RELAYER_POOR": 0,
    "BLOCKS_DIFFER": 0,
    "CODE_DIFFERS": 0,
    "CROSS_CHECK_LACKS": 900,
    "NOT_WATCHED": 900,
}
"""Every code of an alarm, and for how long it may stand before it counts."""

ACKNOWLEDGED = "AcknowledgeAlarm"

log = structlog.get_logger("oversight")


@dataclass(frozen=True)
class Noticed:
    """Something to raise an alarm about: a code, what it is about, and a sentence."""

    code: str
    subject: str
    says: str


def keep(
    session: Session,
    codes: Collection[str],
    noticed: Iterable[Noticed],
    now: int,
    subject: str | None = None,
) -> None:
    """Make the alarms of ``codes`` those that are noticed now: raise new ones, end the others.

    Args:
        subject: those about it alone; None: all.
    """
    present = {f"{each.code} {each.subject}": each for each in noticed}
    query = select(LedgerAlarm).where(col(LedgerAlarm.code).in_(codes))
    if subject is not None:
        query = query.where(LedgerAlarm.subject == subject)
    known = {row.id: row for row in session.exec(query)}
    for name, row in known.items():
        if name not in present:
            log.info("an alarm has ended", code=row.code, subject=row.subject)
            session.delete(row)
    for name, each in present.items():
        if name in known:
            known[name].says = each.says
            continue
        log.warning("an alarm", code=each.code, subject=each.subject, says=each.says)
        session.add(
            LedgerAlarm(
                id=name, code=each.code, subject=each.subject, says=each.says, since=now,
                acknowledged_at=None,
            )
        )  # fmt: skip


def acknowledge(session: Session, alarm: str, now: int) -> bool:
    """Note that somebody knows of the alarm with this id; say whether there is one."""
    row = session.get(LedgerAlarm, alarm)
    if row is None:
        return False
    row.acknowledged_at = now
    record(session, ACKNOWLEDGED, "noted", code=row.code)
    return True


def standing(session: Session, now: float | None = None) -> list[LedgerAlarm]:
    """Return the alarms that count: past their patience and not acknowledged, oldest first."""
    at = time.time() if now is None else now
    rows = session.exec(
        select(LedgerAlarm)
        .where(col(LedgerAlarm.acknowledged_at).is_(None))
        .order_by(col(LedgerAlarm.since), LedgerAlarm.id)
    )
    return [row for row in rows if at - row.since >= PATIENCE_SECONDS.get(row.code, 0)]
