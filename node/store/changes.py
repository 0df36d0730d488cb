"""Notices that somebody wrote to a member's database, for almost nothing."""

from threading import Condition, Thread
from time import monotonic

import structlog

from node.store.database import Database
from node.store.errors import StorageUnavailable

LOOK_SECONDS = 0.03
RETRY_SECONDS = 1.0
# How long to go on looking while nobody waits: who does comes back soon.
LINGER_SECONDS = 2.0

log = structlog.get_logger("store")


class Changes:
    """Tells whether another connection, of this process or another, has committed since last asked.

    For use by the one thread that made it. On PostgreSQL a commit to another database of the same
    server counts too: who asks looks for work and finds none.

    Raises: StorageUnavailable, as ``seen`` does.
    """

    def __init__(self, database: Database) -> None:
        self._query = database.way.VERSION
        self._error = database.engine.dialect.loaded_dbapi.Error
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
        except self._error as error:
            self.close()
            raise StorageUnavailable("The database does not say whether it changed.") from error
        return version


class Commits:
    """Counts the commits to one database that this process noticed, for all that wait for one.

    One thread looks, while there are any; to each of them it costs nothing until there is a commit.
    Where the database does not answer, it counts as well: who waits finds out.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moved = Condition()  # guards all below
        self._count = 0
        self._waiting = 0
        self._waited_at = 0.0
        self._looking: Thread | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """How many were noticed so far; whoever waits asks for it before looking for work."""
        with self._moved:
            return self._count

    def wait(self, since: int, seconds: float) -> bool:
        """Return whether there are more than ``since``, after so many seconds at the most."""
        until = monotonic() + seconds
        with self._moved:
            self._waiting += 1
            if self._looking is None and not self._closed:
                self._looking = Thread(target=self._look, name="commits", daemon=True)
                self._looking.start()
            while self._count == since:
                left = until - monotonic()
                if left <= 0 or not self._moved.wait(left):
                    break
            self._waiting -= 1
            self._waited_at = monotonic()
            return self._count != since

    def ring(self) -> None:
        """Let everybody go on now, as after a commit."""
        with self._moved:
            self._count += 1
            self._moved.notify_all()

    def close(self) -> None:
        """Let everybody go on, look no more, and give the thread a moment to end."""
        with self._moved:
            self._closed = True
            looking = self._looking
        self.ring()
        if looking is not None:
            looking.join(RETRY_SECONDS)

    def _look(self) -> None:
        while True:
            try:
                changes = Changes(self._database)
                try:
                    self.ring()  # there may have been one before it looked
                    self._watch(changes)
                    return
                finally:
                    changes.close()
            except StorageUnavailable as error:
                log.warning("the database is not watched", code=error.code)
            except Exception:  # the thread's edge: whoever waits must not wait for ever
                log.exception("the database is not watched")
            self.ring()
            with self._moved:
                if self._moved.wait_for(lambda: self._closed, RETRY_SECONDS):
                    return

    def _watch(self, changes: Changes) -> None:
        """Look until nobody waits any more."""
        while True:
            if changes.seen():
                self.ring()
            with self._moved:
                lonely = not self._waiting and monotonic() - self._waited_at > LINGER_SECONDS
                if self._closed or lonely:
                    self._looking = None
                    return
                self._moved.wait_for(lambda: self._closed, LOOK_SECONDS)
