"""The outbox's work by Celery with Redis, for members that want it done by several processes.

The outbox stays the truth: a message holds the id of a row and nothing else. A row whose message
was lost, or whose worker died, is sent again; one that is sent twice is claimed by the first. While
Redis does not answer, the part ``work`` does the work itself.
"""

import os
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Any

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_shutting_down
from kombu.exceptions import OperationalError

from node.jobs import Jobs, Worker, due_rows
from node.metrics import broker_errors
from node.settings import Settings
from node.store.database import Database

if TYPE_CHECKING:
    from node.node import Node

TASK = "lading.job"
# A row that is still due so long after it was sent is sent again.
RESEND_SECONDS = 30.0
# How long the part does the work itself before it tries Redis again.
PAUSE_SECONDS = 2.0
STOP_SECONDS = 10.0
_REDIS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "visibility_timeout": 3600,
    "retry_on_timeout": False,
}
log = structlog.get_logger("jobs")


@dataclass(frozen=True)
class CeleryQueue:
    """A member's queue: the Celery application that sends to it and takes from it."""

    app: Any

    def send(self, row_id: int) -> None:
        """Send the id of a row.

        Raises: OperationalError, when Redis does not take it.
        """
        self.app.send_task(TASK, (row_id,), expires=RESEND_SECONDS, retry=False)

    def does(self, jobs: Jobs) -> None:
        """Have this process's Celery worker attempt the rows whose ids it takes."""
        self.app.task(jobs.attempt, name=TASK, shared=False)


def celery_queue(settings: Settings) -> CeleryQueue:
    """Return the queue of the member whose settings these are; members may share a Redis."""
    app = Celery("lading", broker=settings.redis_url, set_as_current=False)
    app.conf.update(
        task_default_queue=f"lading-{settings.member[2:18]}",
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options=_REDIS,
        broker_connection_timeout=2,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )
    return CeleryQueue(app)


class Dispatcher:
    """Sends due rows to Celery; steps like a ``Worker``, in the part ``work``.

    Args:
        worker: does the work while Redis does not answer; it claims rows.
        elsewhere: kinds of rows that are done by something else.
    """

    def __init__(
        self, db: Database, queue: CeleryQueue, worker: Worker, elsewhere: Collection[str] = ()
    ) -> None:
        self._db = db
        self._queue = queue
        self._worker = worker
        self._elsewhere = tuple(elsewhere)
        self._sent: dict[tuple[int, float], float] = {}
        self._again_at = 0.0

    def step(self) -> int:
        """Send every due row that was not sent lately; return how many were sent, or begun here.

        Raises:
            StorageUnavailable: the outbox cannot be read.
        """
        now = time.monotonic()
        if now < self._again_at:
            return self._worker.step()
        self._sent = {row: at for row, at in self._sent.items() if now - at < RESEND_SECONDS}
        # A row that was attempted, or its id used again, is due since another moment.
        fresh = [row for row in due_rows(self._db, self._elsewhere) if row not in self._sent]
        for row in fresh:
            try:
                self._queue.send(row[0])
            except (OperationalError, OSError):
                broker_errors.inc()
                log.warning("Redis takes no work; this part does it", code="BROKER_UNAVAILABLE")
                self._again_at = now + PAUSE_SECONDS
                return self._worker.step()
            self._sent[row] = now
        return len(fresh)

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Give tasks that were begun here some time to end."""
        self._worker.close(timeout_seconds)


def work(node: "Node", threads: int) -> None:
    """Take the member's jobs from Redis and do them, until SIGTERM; any number may run.

    At SIGTERM it takes no more and gives those that run ten seconds; what is cut off is done
    again by others.
    """
    queue = celery_queue(node.settings)
    queue.does(node.jobs())
    setup_logging.connect(_leave_logging, weak=False)
    worker_shutting_down.connect(_bound_the_stop, weak=False)
    queue.app.Worker(
        pool="threads",
        concurrency=threads,
        hostname=f"lading-{os.getpid()}@localhost",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    ).start()


def _leave_logging(**_: object) -> None:
    """Keep node/logs.py in charge."""


def _bound_the_stop(**_: object) -> None:
    kill = Timer(STOP_SECONDS, os.kill, (os.getpid(), signal.SIGKILL))
    kill.daemon = True
    kill.start()
