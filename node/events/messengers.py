"""Runs what goes out of the stream: a thread a webhook, one that tells people, one that prunes.

Each goes on alone: a receiver that hangs holds up its own thread. Threads are daemons; whatever
they were doing when the process ended is done again.
"""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog
from sqlmodel import select

from node.errors import NodeError
from node.events.notices import Notifier
from node.events.pruning import Pruner
from node.events.webhooks import Receiver
from node.store.events import WEBHOOK, SubscriberRow

if TYPE_CHECKING:
    from node.node import Node

# How often to look for webhooks at most, and at least.
LOOK_SECONDS, LONGEST_SECONDS = 0.5, 5.0
RETRY_SECONDS = 2.0
CLOSE_SECONDS = 5.0

log = structlog.get_logger("events")


class Messengers:
    """The messengers of one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._stop = Event()
        self._threads: dict[str, Thread] = {}

    def start(self) -> None:
        """Begin; webhooks that are made later begin by themselves."""
        self._begin("messengers", self._look)
        self._begin("notices", Notifier(self._node, self._stop).run)
        self._begin("pruning", Pruner(self._node, self._stop).run)

    def close(self) -> None:
        """Ask all to end, and wait a little."""
        self._stop.set()
        self._node.commits.ring()
        for thread in list(self._threads.values()):
            thread.join(CLOSE_SECONDS / max(1, len(self._threads)))

    def _look(self) -> None:
        while not self._stop.is_set():
            seen = self._node.commits.count
            with self._node.db.read() as session:
                query = select(SubscriberRow.id).where(SubscriberRow.kind == WEBHOOK)
                webhooks = session.exec(query).all()
            for ended in [name for name, thread in self._threads.items() if not thread.is_alive()]:
                del self._threads[ended]
            for webhook in webhooks:
                if webhook not in self._threads:
                    self._begin(webhook, Receiver(self._node, webhook, self._stop).run)
            if not self._stop.wait(LOOK_SECONDS):
                self._node.commits.wait(seen, LONGEST_SECONDS)

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = Thread(target=partial(self._keep, name, work), name=f"to {name}", daemon=True)
        self._threads[name] = thread
        thread.start()

    def _keep(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` until it returns, again after an error."""
        while not self._stop.is_set():
            try:
                work()
                return
            except NodeError as error:
                log.warning("a messenger waits", messenger=name, code=error.code)
            except Exception:  # the thread's edge: the others go on, and so does this one
                log.exception("a messenger failed and will start again", messenger=name)
            self._stop.wait(RETRY_SECONDS)
