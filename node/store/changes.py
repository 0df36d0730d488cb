"""Notices that somebody wrote to a member's database, for almost nothing."""

import sqlite3

import psycopg

from node.store.database import Database
from node.store.errors import StorageUnavailable


class Changes:
    """Tells whether another connection, of this process or another, has committed since last asked.

    For use by the one thread that made it. On PostgreSQL a commit to another database of the same
    server counts too: who asks looks for work and finds none.

    Raises: StorageUnavailable, as ``seen`` does.
    """

    def __init__(self, database: Database) -> None:
        self._query = database.way.VERSION
        self._connection = database.own_connection()
        self._version = self._read()

    def seen(self) -> bool:
        """Return whether there was a commit since the last call, or since this object was made.

        Raises: StorageUnavailable.
        """
        version = self._read()
        changed, self._version = version != self._version, version
        return changed

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> object:
        try:
            cursor = self._connection.cursor()
            cursor.execute(self._query)
            (version,) = cursor.fetchone()
        except (sqlite3.Error, psycopg.Error) as error:
            self.close()
            raise StorageUnavailable("The database does not say whether it changed.") from error
        return version
