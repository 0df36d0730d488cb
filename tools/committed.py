"""What scripts that make a committed file have in common: write it, or say that it is stale."""

import sys
from collections.abc import Callable
from pathlib import Path


def write_or_compare(target: Path, build: Callable[[], str]) -> int:
    """Write what ``build`` gives; with ``--check`` write nothing, and return 1 if it differs."""
    if "--check" in sys.argv[1:]:
        return int(target.read_text(encoding="utf-8") != build())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(build(), encoding="utf-8")
    return 0
