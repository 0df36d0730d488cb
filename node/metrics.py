"""What a node counts and measures about itself, for Prometheus.

Every metric of the project is declared here, in one registry, so that a dashboard can be checked
against it. Names begin with ``lading_``; those of the process itself with ``process_`` and
``python_``. A label is a code, a kind, a part, a verb or a member's id: never a title, a number,
a name or a subject, because metrics leave the member's machine.
"""

from collections.abc import Iterable
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

MEDIA_TYPE = CONTENT_TYPE_LATEST
LOOPBACK = "127.0.0.1"

refusals = Counter(
    "lading_refusals", "Requests that a door refused.", ["code", "status"], registry=REGISTRY
)
request_seconds = Histogram(
    "lading_request_seconds",
    "Time from a request's arrival to its answer, by method and status class.",
    ["method", "status"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
    registry=REGISTRY,
)
jobs = Counter(
    "lading_jobs",
    "Attempts at work of the outbox: done, waiting for other work, failed.",
    ["kind", "result"],
    registry=REGISTRY,
)
job_seconds = Histogram(
    "lading_job_seconds",
    "Time of one attempt at work of the outbox.",
    ["kind"],
    buckets=(0.005, 0.02, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
part_ends = Counter(
    "lading_part_ends",
    "Times a part ended with an error and started again, by the error's code.",
    ["part", "code"],
    registry=REGISTRY,
)
database_errors = Counter(
    "lading_database_errors",
    "Transactions that the database did not take: conflict (tried again), lost, full, pool.",
    ["kind"],
    registry=REGISTRY,
)
broker_errors = Counter(
    "lading_broker_errors",
    "Times that Redis took no work and the node did it itself.",
    registry=REGISTRY,
)
webhook_messages = Counter(
    "lading_webhook_messages",
    "Attempts to send a message to a webhook: taken, failed; and messages given up: dead.",
    ["result"],
    registry=REGISTRY,
)
notices_sent = Counter(
    "lading_notices", "Notices to people: sent, failed.", ["kind", "result"], registry=REGISTRY
)
event_streams = Gauge("lading_event_streams", "Streams of events that are open.", registry=REGISTRY)

relay_transactions = Counter(
    "lading_relay_transactions",
    "Relay transactions that came to an end: done, reverted, displaced, cancelled.",
    ["end"],
    registry=REGISTRY,
)
relayed_acts = Counter(
    "lading_relayed_acts", "Acts that went into a relay transaction.", registry=REGISTRY
)
relay_open = Gauge(
    "lading_relay_open",
    "Relay transactions that are not final yet, by the relay key's name.",
    ["relayer"],
    registry=REGISTRY,
)
acts_refused_alone = Counter(
    "lading_acts_refused_alone",
    "Acts taken out because they revert their transaction, or because nothing is said of them.",
    ["code"],
    registry=REGISTRY,
)
ledger_faults = Counter(
    "lading_ledger_fault",
    "Faults of the ledger or of the way to it, by kind.",
    ["kind"],
    registry=REGISTRY,
)
deliveries = Counter(
    "lading_deliveries",
    "Attempts at deliveries to other members: settled, put_off (this one), no_answer (the line).",
    ["purpose", "result"],
    registry=REGISTRY,
)
received = Counter(
    "lading_received",
    "Documents, disclosures and files of other members that were kept and signed for.",
    ["kind"],
    registry=REGISTRY,
)
peer_refusals = Counter(
    "lading_peer_refusals",
    "Messages of other members that the peers listener refused.",
    ["code", "status"],
    registry=REGISTRY,
)
cross_checks = Counter(
    "lading_cross_checks",
    "Comparisons of this node's ledger with another member's: agreed, differs, silent.",
    ["result"],
    registry=REGISTRY,
)
vault_damaged = Counter(
    "lading_vault_damaged",
    "Times a file of the vault was found changed, and not served.",
    registry=REGISTRY,
)


class Collector(Protocol):
    """Measures when it is asked: what it yields is read from the tables, not counted."""

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics as they are now."""


def render(*collectors: Collector) -> bytes:
    """Return the metrics of this process, and what ``collectors`` measure now, as ``MEDIA_TYPE``.

    A collector's own errors are raised; it is no part of the process's registry.
    """
    text = generate_latest(REGISTRY)
    for collector in collectors:
        measured = CollectorRegistry()
        measured.register(_Declared(collector))
        text += generate_latest(measured)
    return text


def listen(port: int) -> None:
    """Answer GET /metrics on loopback ``port`` from a thread of its own, until the process ends.

    Raises: OSError, when something listens there.
    """
    start_http_server(port, addr=LOOPBACK, registry=REGISTRY)


class _Declared:
    """A collector that the registry does not run when it is registered."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        return self._collector.collect()
