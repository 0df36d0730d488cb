"""What waits in a member's tables, and how far behind they are: on a screen and for Prometheus."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlmodel import Session, col, func, select

from node.chain.follower import as_of
from node.oversight.alarms import PATIENCE_SECONDS, standing
from node.settings import Settings
from node.store.commands import ENDED_STATES, Command, OutboxRow, RelayTransaction
from node.store.database import Database
from node.store.documents import DeliveryRow
from node.store.events import SubscriberRow, WebhookDelivery
from node.store.schema import has_tables
from node.upkeep.errors import DatabaseNotMade

LAST_ERRORS = 8
WAITING = "waiting"


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Give the member's database, beside its processes or without them.

    Raises: DatabaseNotMade, StorageUnavailable.
    """
    database = Database(settings.database_url)
    try:
        if not has_tables(database):
            raise DatabaseNotMade("This member's database has no tables yet.")
        yield database
    finally:
        database.close()


@dataclass(frozen=True)
class Measures:
    """One member's tables at one moment; ages are seconds.

    Attributes:
        height, behind_seconds: as ``node.chain.follower.AsOf``; None before the first block.
        commands: open commands by state.
        outbox: rows by kind and state: due, later (failed, or claimed), waiting (for other rows).
        oldest_due_seconds: how long the oldest due row has been due; 0 when none is.
        relays: relay transactions by state, without those that are done.
        deliveries: what each peer is still owed, by its id.
        dead_webhooks: events that a receiver did not take within a day.
        last_errors: of the outbox, with kind, attempts and the error's code and sentence.
        alarms: those about the ledger that count, of every code.
    """

    height: int | None
    behind_seconds: int | None
    commands: dict[str, int]
    outbox: dict[tuple[str, str], int]
    oldest_due_seconds: float
    relays: dict[str, int]
    deliveries: dict[str, int]
    subscribers: int
    dead_webhooks: int
    last_errors: list[dict[str, Any]]
    alarms: dict[str, int]


def measure(session: Session, now: float) -> Measures:
    """Read all measures at one moment (``now``, UTC seconds)."""
    known = as_of(session, now)
    oldest = session.exec(select(func.min(OutboxRow.due))).one()
    return Measures(
        height=None if known is None else known.height,
        behind_seconds=None if known is None else known.behind_seconds,
        commands=_counted(session, Command.state, col(Command.state).not_in(ENDED_STATES)),
        outbox=_outbox(session, now),
        oldest_due_seconds=0.0 if oldest is None else max(0.0, now - oldest),
        relays=_counted(session, RelayTransaction.state, col(RelayTransaction.state) != "done"),
        deliveries=_counted(session, DeliveryRow.to_member, col(DeliveryRow.state) == WAITING),
        subscribers=session.exec(select(func.count()).select_from(SubscriberRow)).one(),
        dead_webhooks=session.exec(
            select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == "dead")
        ).one(),
        last_errors=_last_errors(session),
        alarms=_alarms(session, now),
    )


class NodeCollector:
    """A node's measures as Prometheus reads them; raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """Yield the measures as they are now."""
        with self._database.read() as session:
            measures = measure(session, time.time())
        yield _gauge("followed_height", "Last block in the tables.", measures.height)
        yield _gauge(
            "followed_behind_seconds", "How old the tables' knowledge is.", measures.behind_seconds
        )
        yield _gauge(
            "outbox_oldest_due_seconds", "How long the oldest due work has been due.",
            measures.oldest_due_seconds,
        )  # fmt: skip
        yield _gauge(
            "webhooks_dead", "Messages that a receiver did not take.", measures.dead_webhooks
        )
        yield _labelled(
            "alarms", "Alarms about the ledger that count, by code.", "code", measures.alarms
        )
        yield _labelled("commands_open", "Commands without an end.", "state", measures.commands)
        yield _labelled("relays_unfinished", "Relays that are not done.", "state", measures.relays)
        outbox = GaugeMetricFamily(
            "lading_outbox_rows", "Work of the outbox.", labels=["kind", "state"]
        )
        for (kind, state), rows in measures.outbox.items():
            outbox.add_metric([kind, state], rows)
        yield outbox


def _gauge(name: str, says: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lading_{name}", says, value=float("nan") if value is None else value)


def _labelled(name: str, says: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"lading_{name}", says, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _counted(session: Session, by: Any, where: Any) -> dict[str, int]:
    rows = session.exec(select(by, func.count()).where(where).group_by(by))
    return {str(value): count for value, count in rows}


def _outbox(session: Session, now: float) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for state, where in (
        ("waiting", col(OutboxRow.waiting)),
        ("due", ~col(OutboxRow.waiting) & (col(OutboxRow.due) <= now)),
        ("later", ~col(OutboxRow.waiting) & (col(OutboxRow.due) > now)),
    ):
        for kind, rows in _counted(session, OutboxRow.kind, where).items():
            counted[kind, state] = rows
    return counted


def _alarms(session: Session, now: float) -> dict[str, int]:
    codes = Counter(alarm.code for alarm in standing(session, now))
    return {code: codes[code] for code in PATIENCE_SECONDS}


def _last_errors(session: Session) -> list[dict[str, Any]]:
    query = (
        select(OutboxRow)
        .where(col(OutboxRow.last_error).is_not(None))
        .order_by(col(OutboxRow.id).desc())
        .limit(LAST_ERRORS)
    )
    return [
        {"kind": row.kind, "attempts": row.attempts, "error": row.last_error}
        for row in session.exec(query)
    ]
