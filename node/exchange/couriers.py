"""Delivers what is due, a thread for each other member, so that one slow or dead peer delays none.

What is owed are the rows of ``delivery``; they wait there for days while a peer is away, and for a
restart. A peer that does not answer, or says how long to wait, puts off its whole line; what it
answers about one delivery puts off that delivery alone. Files have a line of their own beside the
documents, because acts wait for documents.
"""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog

from node.commands.states import CODED_ERRORS
from node.errors import NodeError, Waiting
from node.exchange import lines
from node.exchange.errors import PeerNotActive, PeerUnavailable, PeerUnknown, ProfileNotHeld
from node.exchange.lines import Line
from node.jobs import describe
from node.metrics import deliveries
from node.store.database import Database
from node.store.documents import DeliveryRow

# A look for what is due takes at most this share of the time.
_LOOKING_SHARE = 0.1

log = structlog.get_logger("couriers")


class Couriers:
    """The deliveries of one member; one process of the member runs them at a time.

    Args:
        deliver: sends one delivery; see ``Deliverer.deliver``.
    """

    def __init__(self, database: Database, deliver: Callable[[int], None]) -> None:
        self._database = database
        self._deliver = deliver
        self._stop = Event()
        self._lock = Lock()  # guards _running
        self._running: dict[Line, Thread] = {}
        self._rests_until = 0.0

    def step(self) -> bool:
        """Start a courier for each line that has something due; return whether to look again soon.

        Raises: StorageUnavailable.
        """
        began = time.monotonic()
        if began < self._rests_until:
            return True
        with self._database.read() as session:
            due = lines.due(session, time.time())
        ended = time.monotonic()
        self._rests_until = ended + (ended - began) / _LOOKING_SHARE
        with self._lock:
            due = [line for line in due if line not in self._running]
            for line in due:
                # Daemon: a process that ends does not wait for a peer; the row is sent again.
                thread = Thread(target=self._run, args=(line,), name="courier", daemon=True)
                self._running[line] = thread
                thread.start()
        return bool(due)

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Start nothing more, and give what is under way some time to end."""
        self._stop.set()
        until = time.monotonic() + timeout_seconds
        with self._lock:
            threads = list(self._running.values())
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, line: Line) -> None:
        try:
            while not self._stop.is_set() and self._next(line):
                pass
        except NodeError as error:
            log.warning("a line cannot be written", code=error.code)
        except Exception:
            log.exception("a courier's end was not stored")
        finally:
            with self._lock:
                del self._running[line]

    def _next(self, line: Line) -> bool:
        """Send what is due first in a line; return whether to go on."""
        with self._database.read() as session:
            delivery = lines.first(session, line, time.time())
            away = lines.is_away(session, line.member)
        if delivery is None:
            return False
        failure = self._attempt(delivery)
        self._count(delivery, failure)
        if failure is None and not away:
            return True
        with self._database.begin() as session:
            if failure is None:
                lines.answered(session, line.member)
                return True
            now, code = time.time(), describe(failure).partition(":")[0]
            if _is_the_peers(failure):
                lines.put_off_line(session, line.member, code, now, _asked(failure))
                return False
            lines.put_off(session, delivery, code, now)
            return True

    def _count(self, delivery: int, failure: Exception | None) -> None:
        with self._database.read() as session:
            purpose = session.get_one(DeliveryRow, delivery).purpose
        result = "settled"
        if failure is not None:
            result = "no_answer" if _is_the_peers(failure) else "put_off"
        deliveries.labels(purpose, result).inc()

    def _attempt(self, delivery: int) -> Exception | None:
        try:
            self._deliver(delivery)
        except Waiting as error:
            return error
        except CODED_ERRORS as error:
            log.info("a delivery will be tried again", delivery=delivery, code=error.code)
            return error
        except Exception as error:  # whatever one delivery meets, the others go on
            log.exception("a delivery will be tried again", delivery=delivery)
            return error
        return None


def _is_the_peers(failure: Exception) -> bool:
    """Say whether nothing else would go to this peer now either."""
    if isinstance(failure, PeerUnavailable):
        return "status" not in failure.facts or failure.facts["status"] == 429
    return isinstance(failure, ProfileNotHeld | PeerUnknown | PeerNotActive)


def _asked(failure: Exception) -> float:
    """Return for how many seconds a peer asked to be left alone."""
    asked = failure.facts.get("retry_after_seconds", 0) if isinstance(failure, NodeError) else 0
    return float(asked) if isinstance(asked, int) else 0.0
