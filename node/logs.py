"""How a member's processes log: one JSON object a line on standard error, in UTC.

Tracebacks carry places in the code and no local variables, which could be business data. A line
that cannot be written is dropped: a full disk stops what needs the disk, and not what logs.
"""

import contextlib
import logging
import sys

import structlog


class _Lines:
    """Writes lines to standard error, or nowhere when that is full or closed."""

    def write(self, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = write


def configure() -> None:
    """Set up logging for this process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=True,
    )
    # Libraries: their warnings, without request lines.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
