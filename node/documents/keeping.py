"""How long documents are kept, what holds them longer, and how one is deleted.

A document and its files are kept for the time that the settings give its type, counted from when
they came. Nothing is deleted by itself: an operator deletes, and only when that time is over, no
legal hold stands, and no living title rests on the document. Every step leaves an audit row. What
an authority was told of a document (a disclosure) is kept, held and deleted by the same rules,
under the document's root.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, delete, select

from identity.acts.words import TitleState
from identity.policy.decide import Actor
from node.audit.record import record
from node.documents.errors import (
    DocumentNotHeld,
    HoldLifted,
    HoldUnknown,
    OnLegalHold,
    RetentionNotOver,
    TitleNotEnded,
)
from node.documents.registry import TRANSPORT_DOCUMENT
from node.jobs import enqueue
from node.store.documents import (
    FOR_ATTACHMENT,
    FOR_DISCLOSURE,
    FOR_DOCUMENT,
    AttachmentRow,
    DeletedDocumentRow,
    DisclosedContainerRow,
    DisclosureRow,
    DocumentRow,
    GivenReceiptRow,
    LegalHoldRow,
    OrderedContainerRow,
)
from node.store.projections import Title

if TYPE_CHECKING:
    from node.node import Node

TEN_YEARS_DAYS = 3653
ERASE = "erase"
HOLD, LIFT, DELETE = "HoldDocument", "LiftDocumentHold", "DeleteDocument"
_ENDED = {TitleState.VOID, TitleState.DELIVERED}
Kept = DocumentRow | DisclosureRow


@dataclass(frozen=True)
class Retention:
    """For how many days a document is kept, by schema id; what is not named is kept ten years.

    ``disclosure`` names what this member was told as an authority.
    """

    days: Mapping[str, int] = field(default_factory=dict)

    def keep_until(self, row: Kept) -> int:
        """Return until when (UTC seconds) a document must be kept, or a disclosure."""
        name = row.schema_id if isinstance(row, DocumentRow) else FOR_DISCLOSURE
        return row.received_at + 86_400 * self.days.get(name, TEN_YEARS_DAYS)


def holds_of(session: Session, root: str) -> list[LegalHoldRow]:
    """Return every hold that was ever set on a document, the first first."""
    query = select(LegalHoldRow).where(LegalHoldRow.root == root)
    return list(session.exec(query.order_by(col(LegalHoldRow.placed_at), col(LegalHoldRow.id))))


def place_hold(session: Session, actor: Actor, root: str, reason: str) -> LegalHoldRow:
    """Put a document and its files on legal hold; several holds stand beside each other.

    Raises: DocumentNotHeld.
    """
    _locked(session, root)
    hold = LegalHoldRow(
        id=secrets.token_hex(16), root=root, reason=reason,
        placed_by=actor.subject, placed_at=int(time.time()),
    )  # fmt: skip
    session.add(hold)
    _audit(session, HOLD, actor, root)
    return hold


def lift_hold(session: Session, actor: Actor, root: str, hold: str, reason: str) -> LegalHoldRow:
    """Lift one hold. Raises: HoldUnknown, HoldLifted."""
    row = session.get(LegalHoldRow, hold, with_for_update=True)
    if row is None or row.root != root:
        raise HoldUnknown("No such hold stands on this document.", hold=hold)
    if row.lifted_at is not None:
        raise HoldLifted("The hold was lifted before.", hold=hold)
    row.lifted_reason, row.lifted_by, row.lifted_at = reason, actor.subject, int(time.time())
    session.add(row)
    _audit(session, LIFT, actor, root)
    return row


def delete_document(
    session: Session, actor: Actor, root: str, reason: str, retention: Retention
) -> DeletedDocumentRow:
    """Delete a document and its files; the vault's files follow as work of the outbox.

    From the commit on nothing of it is served. Receipts and deliveries stay as they were signed.

    Raises: DocumentNotHeld, OnLegalHold, RetentionNotOver, TitleNotEnded.
    """
    rows = _locked(session, root)
    for row in rows:
        require_deletable(session, row, retention, int(time.time()))
    files = session.exec(select(AttachmentRow).where(AttachmentRow.root == root)).all()
    digests = [row.vault_digest for row in rows]
    for file in files:
        digests += [file.vault_digest, file.stream[2:]]
        _forget_receipts(session, FOR_ATTACHMENT, file.stream)
        session.delete(file)
    for kind in (FOR_DOCUMENT, FOR_DISCLOSURE):
        _forget_receipts(session, kind, root)
    for containers in (OrderedContainerRow, DisclosedContainerRow):
        session.exec(delete(containers).where(col(containers.root) == root))
    deleted = DeletedDocumentRow(
        root=root, schema_id=_schema(rows[0]), title=rows[0].title,
        received_at=rows[0].received_at,
        attachments=len(files), reason=reason,
        deleted_by=actor.subject, deleted_at=int(time.time()),
    )  # fmt: skip
    session.add(deleted)
    for row in rows:
        session.delete(row)
    enqueue(session, ERASE, {"digests": digests})
    _audit(session, DELETE, actor, root)
    return deleted


def require_deletable(session: Session, row: Kept, retention: Retention, now: int) -> None:
    """Refuse unless the document, or the disclosure, may be deleted at ``now`` (UTC seconds).

    Raises: OnLegalHold, RetentionNotOver, TitleNotEnded.
    """
    holds = [hold.id for hold in holds_of(session, row.root) if hold.lifted_at is None]
    if holds:
        raise OnLegalHold("The document is on legal hold.", root=row.root, holds=holds)
    keep_until = retention.keep_until(row)
    if now < keep_until:
        raise RetentionNotOver(
            "The document must be kept longer.", root=row.root, keep_until=keep_until
        )
    title = session.get(Title, row.title) if row.title is not None else None
    if title is not None and title.root == row.root and title.state not in _ENDED:
        raise TitleNotEnded("The document's title still lives.", title=title.id)


def erase(node: "Node", payload: dict[str, Any]) -> None:
    """The outbox task ``erase``: remove the vault's files of what was deleted."""
    for digest in payload["digests"]:
        node.vault.remove(bytes.fromhex(digest))


def _forget_receipts(session: Session, kind: str, root: str) -> None:
    """Let what is delivered again be kept again, and not answered with the old receipt."""
    session.exec(
        delete(GivenReceiptRow).where(
            col(GivenReceiptRow.kind) == kind, col(GivenReceiptRow.root) == root
        )
    )


def is_kept(session: Session, root: str) -> bool:
    """Return whether a document, or what was disclosed of it, is here."""
    told = select(DisclosureRow.id).where(DisclosureRow.root == root)
    return session.get(DocumentRow, root) is not None or session.exec(told).first() is not None


def _locked(session: Session, root: str) -> list[Kept]:
    """Return what is kept under a root; a hold and a deletion at once wait for each other."""
    row = session.get(DocumentRow, root, with_for_update=True)
    told = select(DisclosureRow).where(DisclosureRow.root == root).with_for_update()
    rows: list[Kept] = [*([] if row is None else [row]), *session.exec(told)]
    if not rows:
        raise DocumentNotHeld("The document is not here.", root=root)
    return rows


def _schema(row: Kept) -> str:
    return row.schema_id if isinstance(row, DocumentRow) else TRANSPORT_DOCUMENT


def _audit(session: Session, verb: str, actor: Actor, root: str) -> None:
    roles = ",".join(sorted(actor.roles))
    record(session, verb, "final", subject=actor.subject, role=roles, object_id=root)
