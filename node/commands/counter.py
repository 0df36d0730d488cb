"""Where callers hand their commands in; those that wait at the same time are stored together.

One thread stores, so the database commits, and the disk is waited for, once for all that came
meanwhile: a caller that is alone waits for nobody, and the more there are the more share. A caller
has its answer only after the commit that holds its commands. One caller's fault is its own: what
fails together is tried again one by one.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import IntegrityError

from node.commands.intake import Answer, Intake, store_all
from node.errors import Unavailable

if TYPE_CHECKING:
    from node.node import Node

MOST_COMMANDS = 100
"""A transaction that has so many commands takes no further caller along."""

Answers = Future[list[Answer]]
Caller = tuple[Intake, Answers]

log = structlog.get_logger("commands")


class Counter:
    """The counter of one node; safe to use from several threads."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._lock = Lock()  # guards _waiting and _busy
        self._waiting: deque[Caller] = deque()
        self._busy = False
        self._clerk = ThreadPoolExecutor(1, "counter")

    def hand_in(self, intake: Intake) -> Answers:
        """Return what will hold the answers to an intake that has read and looked ahead.

        It raises in its place: StorageUnavailable, ValueRefused.
        """
        answers: Answers = Future()
        answers.set_running_or_notify_cancel()  # what is handed in is not taken back
        with self._lock:
            self._waiting.append((intake, answers))
            if self._busy:
                return answers
            self._busy = True
        self._clerk.submit(self._serve)
        return answers

    def close(self) -> None:
        """Serve who waits, and then nobody any more."""
        self._clerk.shutdown()

    def _serve(self) -> None:
        while callers := self._next():
            try:
                self._store(callers)
            except Exception as error:  # the thread's edge: nobody may wait for ever
                log.exception("commands were not stored")
                for _, answers in callers:
                    if not answers.done():
                        answers.set_exception(error)

    def _next(self) -> list[Caller]:
        callers: list[Caller] = []
        count = 0
        with self._lock:
            while self._waiting and count < MOST_COMMANDS:
                callers.append(self._waiting.popleft())
                count += len(callers[-1][0])
            self._busy = bool(callers)
        return callers

    def _store(self, callers: Sequence[Caller]) -> None:
        try:
            store_all(self._node, [intake for intake, _ in callers])
        except Unavailable as error:
            for _, answers in callers:
                answers.set_exception(error)
        except Exception:  # noqa: BLE001 - one of them is the reason, and is told so alone
            for intake, answers in callers:
                self._store_alone(intake, answers)
        else:
            for intake, answers in callers:
                answers.set_result(intake.answers())

    def _store_alone(self, intake: Intake, answers: Answers) -> None:
        """Try again without the others; once more, because what is there twice is there now."""
        for last in (False, True):
            try:
                store_all(self._node, [intake])
            except IntegrityError as error:
                if last:
                    answers.set_exception(error)
            except Exception as error:  # noqa: BLE001 - it is the caller's own, who is told
                answers.set_exception(error)
                return
            else:
                answers.set_result(intake.answers())
                return
