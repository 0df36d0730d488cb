"""Notices that somebody wrote to a member's database, for almost nothing."""

import sqlite3

from node.store.database import BUSY_TIMEOUT_MS, Database


class Changes:
    """Tells whether another connection, of this process or another, has committed since last asked.

    For use by the one thread that made it.
    """

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(database.path, isolation_level=None)
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        self._version = self._read()

    def seen(self) -> bool:
        """Return whether there was a commit since the last call, or since this object was made."""
        version = self._read()
        changed, self._version = version != self._version, version
        return changed

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version
