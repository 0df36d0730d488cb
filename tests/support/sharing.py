"""Which tests stay together in one of pytest's processes, and in what order they run.

A file's tests stay together; so do those of several files that ask the same running members, which
then start once. What takes longest begins first, or one process would go on alone at the end.
"""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from xdist.scheduler import LoadScopeScheduling

T = TypeVar("T")

TOGETHER = (
    "tests/e2e/",
    "tests/integration/hostile/",
    "tests/integration/test_evidence",
)
"""How the ids of tests begin that share running members, in the order of their time."""
APART = "tests/integration/test_evidence_over_http.py"
_FIRST = (*TOGETHER, "tests/integration/", "tests/model/")


def group_of(test: str) -> str:
    """Return what a test, named by its id, stays together with."""
    file = test.partition("::")[0]
    shared = (start for start in TOGETHER if file.startswith(start) and file != APART)
    return next(shared, file)


def turn_of(test: str) -> int:
    """Return when a test's turn is: the lowest first."""
    places = (place for place, start in enumerate(_FIRST) if test.startswith(start))
    return next(places, len(_FIRST))


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process whole groups, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


class Shared:
    """What the tests of one directory share and that ends with the last of them.

    Idle members would take from the tests of other directories.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = ExitStack()

    def begin(self, running: AbstractContextManager[T]) -> T:
        """Begin what is to run until the directory's last test."""
        return self._running.enter_context(running)

    def end_before(self, nextitem: pytest.Item | None) -> None:
        """End it, unless the next test is one of the directory's."""
        if nextitem is None or self._directory not in nextitem.path.parents:
            self._running.close()
