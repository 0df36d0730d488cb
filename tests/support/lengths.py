"""How long tests try that could try for ever: ``make test`` some, ``make test-long`` more."""

import os

LONG = "LADING_LONG" in os.environ


def tries(some: int, more: int) -> int:
    """Return how often to try."""
    return more if LONG else some
