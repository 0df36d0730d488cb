"""Seals audit rows and has the log's checkpoint published: the member's own origin's.

The act is an ordinary command of the node itself, so it is queued, signed, relayed and audited like
any other. Rows that tell only of earlier checkpoints call for no new one: an idle node rests.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlmodel import Session, col, select

from identity.errors import IdentityError
from identity.policy.decide import Actor
from node.attestations.log import prove
from node.audit.log import SEALED_AT_ONCE, StoredLog, seal
from node.audit.record import NODE, record
from node.commands.states import CODED_ERRORS
from node.store.audit import AuditNode, AuditRow
from node.store.commands import OPEN_STATES, Command
from node.store.device_projections import LogOrigin

if TYPE_CHECKING:
    from node.node import Node

CHECKPOINT = "Checkpoint"
SIGNER_AUDIT = "SignerAudit"
"""The row that says, as its object, the hash of the last line of the signer's audit file."""
LOOK_SECONDS = 5.0
_ITS_OWN = (CHECKPOINT, SIGNER_AUDIT)

log = structlog.get_logger("audit")


class Auditor:
    """Keeps one member's audit log on the ledger; a step of the part ``work``.

    Args:
        clock: UTC seconds.
    """

    def __init__(self, node: "Node", clock: Callable[[], float] = time.time) -> None:
        self._node = node
        self._clock = clock
        self._look_at = 0.0
        self._asked_at = 0.0

    def step(self) -> bool:
        """Publish a checkpoint when one is due; return if there was anything to do.

        Raises: StorageUnavailable.
        """
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        with self._node.db.read() as session:
            if not self._is_due(session):
                return False
        self._asked_at = self._clock()
        try:
            return self.publish() is not None
        except CODED_ERRORS as error:
            log.warning("no checkpoint of the audit log", code=error.code, detail=error.message)
            return False

    def publish(self) -> Command | None:
        """Seal every row and ask for a checkpoint; None when the log has not grown.

        Raises: what CommandHandler.submit raises; then nothing but a refusal's row is stored.
        """
        self._note_signer()
        self._seal()
        with self._node.db.read() as session:
            body = self._body(session)
        if body is None:
            return None
        actor = Actor(self._node.settings.member, NODE, frozenset({"admin"}))
        key = f"audit-{body['size']}-{int(self._clock())}"
        return self._node.handler.submit(actor, key, CHECKPOINT, body)

    def _is_due(self, session: Session) -> bool:
        """Say whether something other than a checkpoint was noted ``audit_checkpoint_seconds`` ago.

        One that is under way, or was asked for within that time, is waited for.
        """
        latest = session.exec(
            select(Command)
            .where(
                Command.object == self._node.settings.member,
                Command.verb == CHECKPOINT,
                Command.subject == NODE,
            )
            .order_by(col(Command.number).desc())
        ).first()
        if latest is not None and latest.state in OPEN_STATES:
            return False
        first = session.exec(
            select(AuditRow.at)
            .where(col(AuditRow.id) > self._covered(session), col(AuditRow.verb).not_in(_ITS_OWN))
            .order_by(col(AuditRow.id))
            .limit(1)
        ).first()
        if first is None:
            return False
        asked = max(self._asked_at, latest.created_at if latest is not None else 0)
        return self._clock() - max(first, asked) >= self._node.settings.audit_checkpoint_seconds

    def _covered(self, session: Session) -> int:
        """Return the id of the last row that the ledger's checkpoint covers; 0 for none."""
        published = self._published(session)
        if published is None:
            return 0
        leaf = session.get(AuditNode, (0, published.size - 1))
        return 0 if leaf is None else leaf.row or 0

    def _note_signer(self) -> None:
        """Write down how the signer's own audit file ends, so that the checkpoint covers it."""
        try:
            head = "0x" + str(self._node.signer.status()["audit_head"])
        except (IdentityError, KeyError):
            return
        with self._node.db.begin() as session:
            known = session.exec(
                select(AuditRow.object)
                .where(AuditRow.verb == SIGNER_AUDIT)
                .order_by(col(AuditRow.id).desc())
            ).first()
            if known != head:
                record(session, SIGNER_AUDIT, "noted", object_id=head)

    def _seal(self) -> None:
        while True:
            with self._node.db.begin() as session:
                if seal(session) < SEALED_AT_ONCE:
                    return

    def _published(self, session: Session) -> LogOrigin | None:
        member = self._node.settings.member
        return session.get(LogOrigin, (member, member))

    def _body(self, session: Session) -> dict[str, object] | None:
        stored = StoredLog(session)
        size, published = stored.size, self._published(session)
        earlier = 0 if published is None else published.size
        if size == 0 or size == earlier:
            return None
        proof = prove(stored, earlier, size) if 0 < earlier < size else ()
        return {
            "size": size,
            "root": "0x" + stored.hash_of(0, size).hex(),
            "proof": ["0x" + each.hex() for each in proof],
        }
