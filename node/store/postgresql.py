"""What is PostgreSQL's own way in ``Database``: a server, reached by URL, many writers at once.

A writer that needs to be alone takes one advisory lock of the database at its start, which the
server frees when the transaction or the connection ends. A commit has reached the disk when it
returns: each connection asks for synchronous_commit, whatever the server's default is.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

PREFIXES = ("postgresql://", "postgresql+psycopg://")
POOL_CONNECTIONS = 16
POOL_OVERFLOW = 24
POOL_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_MS = 10_000
CONNECT_SECONDS = 10
# Numbers of advisory locks; the second half of a lock is the schema.
WRITERS = 0x1AD146
BUILDER = 0x1AD147
LOCK = f"SELECT pg_advisory_xact_lock({WRITERS}, hashtext(current_schema()))"
# Its answer differs after each commit of any connection to the server.
VERSION = "SELECT pg_current_snapshot()::text"

_SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
    # A plan that was made while a table was small would read all of it for ever after.
    "plan_cache_mode": "force_custom_plan",
}
# A server that is gone without a word is noticed in about this time.
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
# SQLSTATE classes and codes: PostgreSQL 15 documentation, appendix A.
_CONFLICTS = ("40001", "40P01")
_UNAVAILABLE = {
    "08": "lost",
    "25006": "read_only",
    "25P03": "lost",
    "53100": "full",
    "53": "exhausted",
    "55P03": "locked",
    "57P": "lost",
    "58": "failing",
    "XX001": "damaged",
    "XX002": "damaged",
    "28": "refused",
    "3D": "refused",
}
# A connection that is refused has no code; the server's English words tell when it has none left.
_NONE_LEFT = ("too many clients", "too many connections", "connection slots are reserved")


def open_engine(url: str, schema: str | None = None) -> Engine:
    """Return the pool of connections to the database that ``url`` names.

    ``schema``: where its tables are instead of ``public``.
    """
    session = _SESSION | ({} if schema is None else {"search_path": schema})
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_CONNECTIONS,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,  # or every connection fails once after a restart of the server
        hide_parameters=True,  # an error that is logged names no values
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            **_NETWORK,
        },
    )


def for_reading(engine: Engine) -> Engine:
    """Return the pool, whose transactions see one moment."""
    return engine.execution_options(isolation_level="REPEATABLE READ")


def for_writing(engine: Engine) -> Engine:
    """Return the pool, whose statements see what others have committed."""
    return engine.execution_options(isolation_level="READ COMMITTED")


def take_lock(connection: Connection) -> None:
    """Wait until no other writer holds the lock, and hold it until the transaction ends."""
    connection.exec_driver_sql(LOCK)


def stand_alone(connection: Any) -> None:
    """Let each statement of the driver's connection be a transaction of its own."""
    connection.autocommit = True


def is_conflict(error: DBAPIError) -> bool:
    """Say whether the transaction met another one and may succeed when it is tried again."""
    return getattr(error.orig, "sqlstate", None) in _CONFLICTS


def trouble_of(error: DBAPIError) -> str | None:
    """Return in a word why the server cannot be used now; None for an error of the statement."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        if any(word in str(error.orig) for word in _NONE_LEFT):
            return "exhausted"
        return "lost" if _is_operational(error) else None
    for length in (5, 3, 2):
        if state[:length] in _UNAVAILABLE:
            return _UNAVAILABLE[state[:length]]
    return None


def _is_operational(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error.orig).__name__ in (
        "OperationalError",
        "InterfaceError",
        "ConnectionTimeout",
    )
