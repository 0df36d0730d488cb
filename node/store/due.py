"""When what was put off is due: at its time, and at once when a clock that was ahead is set back.

Work is put off by the wall clock, because it waits through restarts. Were its time all that
counted, a clock that jumps back by an hour would stop for an hour whatever was put off before.
"""

from typing import Any

from sqlalchemy import ColumnElement, or_


def is_due(due: Any, now: float, longest: float) -> ColumnElement[bool]:
    """Return the condition that a column's time has come, or cannot be meant.

    Args:
        due: the column, UTC seconds.
        longest: the most that anything in it is ever put off, in seconds.
    """
    return or_(due <= now, due > now + longest)


def waits(due: float, now: float, longest: float) -> bool:
    """Say of one row whether its time is still to come."""
    return now < due <= now + longest
