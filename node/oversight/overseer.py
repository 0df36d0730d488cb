"""Looks, every so often, at what this node cannot make right: the engine's lists, others' views.

A thread of the part ``work``. What cannot be looked at now is looked at the next time; that a look
failed is logged when its reason changes, and an alarm of its own when it goes on failing.
"""

import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from node.commands.states import CODED_ERRORS
from node.oversight.agreement import CrossCheck
from node.oversight.alarms import Noticed, keep
from node.oversight.watching import watch_funds, watch_lists
from node.store.errors import StorageUnavailable

if TYPE_CHECKING:
    from node.node import Node

CLOSE_SECONDS = 5.0
BLIND = "NOT_WATCHED"

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
        lists = partial(watch_lists, node.rpc, node.db, node.network, now)
        self._try("allow lists", lists)
        funds = partial(watch_funds, node.rpc, node.db, node.network, node.settings.member, now)
        self._try("relayers' money", funds)
        self._try("other members' ledgers", partial(self._cross_check.look, now))

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
        if self._told.get(what) != code:
            self._note(what, code)

    def _note(self, what: str, code: str) -> None:
        """Raise or end the alarm that ``what`` cannot be looked at; ``code`` is why, or empty."""
        noticed = [Noticed(BLIND, what, f"The {what} cannot be looked at: {code}.")] if code else []
        try:
            with self._node.db.begin() as session:
                keep(session, (BLIND,), noticed, int(self._clock()), subject=what)
        except StorageUnavailable:
            return  # tried again at the next look; the database has alarms of its own
        self._told[what] = code
