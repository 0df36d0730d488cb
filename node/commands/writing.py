"""What taking commands writes: the commands, the work that must follow, audit rows, events.

All of it goes with a few statements into the caller's transaction, however many commands there
are and whoever asked for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlmodel import Session

from identity.acts.typed import MAX_BATCH_ACTS
from node.approvals.holding import queue_signing
from node.audit.record import record_all
from node.commands.numbering import NUMBER
from node.commands.preparing import Prepared
from node.commands.signing import SIGN, work
from node.commands.states import CODED_ERRORS
from node.events.stream import append_command
from node.jobs import enqueue
from node.store.commands import SIGNED, Command
from node.store.many import insert_many
from node.store.rows import table_of

if TYPE_CHECKING:
    from node.node import Node

_TABLE = table_of(Command)
_COLUMNS = tuple(column.name for column in _TABLE.columns if not column.primary_key)


class Writing:
    """What one transaction of ``node`` is to write; the caller owns ``session``.

    Attributes:
        taken: the new commands, with what their preparation said.
        claims: what the new commands are about alone.
        audit: rows as ``record_all`` takes them.
    """

    def __init__(self, node: "Node", session: Session) -> None:
        self._node = node
        self._session = session
        self._stored = 0
        self._saved = True  # until a block of ``apart`` begins
        self.taken: list[tuple[Command, Prepared]] = []
        self.claims: dict[str, Command] = {}
        self.audit: list[dict[str, Any]] = []
        event.listen(session, "before_flush", self._save)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Undo what the block did to the session when it raises one of our errors.

        Most blocks only read, and cost nothing: a savepoint is made before the first thing that a
        block writes.
        """
        session, self._saved = self._session, False
        try:
            yield
            if session.new or session.dirty or session.deleted:
                session.flush()  # nothing of this block is left for the next one to take along
        except CODED_ERRORS:
            session.expunge_all()
            if self._saved:
                session.connection().exec_driver_sql("ROLLBACK TO SAVEPOINT apart")
            raise
        finally:
            self._saved = True

    def _save(self, *_: object) -> None:
        if not self._saved:
            self._saved = True
            self._session.connection().exec_driver_sql("SAVEPOINT apart")

    def store_taken(self) -> None:
        """Add the rows of commands that were taken so far."""
        new, self._stored = self.taken[self._stored :], len(self.taken)
        rows = [{name: vars(one)[name] for name in _COLUMNS} for one, _ in new]
        insert_many(self._session.connection(), _TABLE, rows)

    def write(self, now: int) -> None:
        """Add everything to the caller's transaction, at ``now`` (UTC seconds)."""
        self.store_taken()
        self._enqueue()
        for command, _ in self.taken:
            append_command(self._session, command, now)
        record_all(self._session, self.audit)

    def _enqueue(self) -> None:
        """Add the work that must follow; those that wait for nothing share rows."""
        session, together = self._session, list[str]()
        for command, how in self.taken:
            if command.state == SIGNED:
                continue
            if how.object is None:
                enqueue(session, NUMBER, {"command": command.id})
            elif "approvals_needed" in command.result:
                payload = work([command.id], how.deliveries, how.attached)
                queue_signing(self._node, session, command, payload)
            elif how.deliveries or how.attached:
                enqueue(session, SIGN, work([command.id], how.deliveries, how.attached))
            else:
                together.append(command.id)
        for start in range(0, len(together), MAX_BATCH_ACTS):
            enqueue(session, SIGN, work(together[start : start + MAX_BATCH_ACTS]))
