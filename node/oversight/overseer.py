"""Looks, every so often, at what this node cannot make right: the engine's lists, others' views.

A thread of the part ``work``. What cannot be looked at now is looked at the next time; that a look
failed is logged when its reason changes, and counts as no alarm: silence of the ledger and of peers
has alarms of its own.
"""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from node.commands.states import CODED_ERRORS
from node.oversight.agreement import CrossCheck
from node.oversight.watching import watch_funds, watch_lists

if TYPE_CHECKING:
    from node.node import Node

CLOSE_SECONDS = 5.0

log = structlog.get_logger("oversight")


class Overseer:
    """Runs one node's looks; every ``oversight_seconds`` of its settings.

    Args:
        clock: UTC seconds.
    """

    def __init__(self, node: "Node", clock: Callable[[], float] = time.time) -> None:
        self._node = node
        self._clock = clock
        self._stop = Event()
        self._cross_check = CrossCheck(node)
        self._told: dict[str, str] = {}
        self._thread = Thread(target=self._run, name="oversight", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ask it to end, and wait a little."""
        self._stop.set()
        self._thread.join(CLOSE_SECONDS)

    def look(self) -> None:
        """Look once at everything."""
        node, now = self._node, int(self._clock())
        ledger, network = node.rpc, node.network
        self._try("allow lists", lambda: watch_lists(ledger, node.db, network, now))
        self._try("relayers' funds", lambda: watch_funds(
            ledger, node.db, network, node.settings.member, now
        ))  # fmt: skip
        self._try("cross-check", lambda: self._cross_check.look(now))

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._node.settings.oversight_seconds)

    def _try(self, what: str, look: Callable[[], None]) -> None:
        code = ""
        try:
            look()
        except CODED_ERRORS as error:
            code = error.code
            if self._told.get(what) != code:
                log.warning("could not look", at=what, code=code, detail=error.message)
        except Exception:  # the thread's edge: the other looks go on, and so does this one
            code = "UNFORESEEN"
            if self._told.get(what) != code:
                log.exception("could not look", at=what)
        self._told[what] = code
