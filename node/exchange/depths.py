"""What waits for other members, measured from the tables when Prometheus asks."""

import time
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from node.exchange.lines import queues
from node.store.database import Database


class DeliveryDepths:
    """The line of deliveries to each other member, by its id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """Yield how many deliveries wait, for how long, and for how long the peer is away."""
        waiting = GaugeMetricFamily(
            "lading_deliveries_waiting", "Deliveries not acknowledged yet.", labels=["peer"]
        )
        oldest = GaugeMetricFamily(
            "lading_deliveries_oldest_seconds", "Age of the oldest of them.", labels=["peer"]
        )
        away = GaugeMetricFamily(
            "lading_peer_away_seconds", "Time since a peer's node answers no more.", labels=["peer"]
        )
        now = time.time()
        with self._database.read() as session:
            found = queues(session)
        for queue in found:
            waiting.add_metric([queue.member], queue.waiting)
            oldest.add_metric([queue.member], max(0.0, now - queue.oldest_at))
            since = now if queue.away_since is None else queue.away_since
            away.add_metric([queue.member], max(0.0, now - since))
        return waiting, oldest, away
