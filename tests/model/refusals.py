"""What the model says when it refuses: the contract's error and the facts it knows of."""

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]


class Refused(Exception):
    """The act is refused with custom error ``error``; ``facts`` are its arguments by ABI name."""

    def __init__(self, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.error = error
        self.facts: Facts = facts


def require(holds: bool, error: str, **facts: Any) -> None:
    """Raise Refused unless ``holds``."""
    if not holds:
        raise Refused(error, **facts)
