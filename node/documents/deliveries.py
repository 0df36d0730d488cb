"""What this member owes others, written down in the caller's transaction.

The row is the work: ``node.exchange.couriers`` delivers what is due. What must wait for a delivery
asks ``require_acknowledged``.
"""

import time
from collections.abc import Iterable

from sqlmodel import Session, select

from node.documents.errors import DeliveryRefused, DocumentNotHeld, ReaderNotEntitled
from node.documents.readers import delivery_state, is_reader
from node.errors import Waiting
from node.store.documents import (
    FAILED,
    FOR_ATTACHMENT,
    FOR_DOCUMENT,
    WAITING,
    AttachmentRow,
    DeliveryRow,
    DocumentRow,
)


def owe(session: Session, root: str, to: str, purpose: str) -> int:
    """Note that ``to`` is sent the document or disclosure of ``root``; return the delivery's id.

    What is acknowledged or under way already is not sent again; what failed is.

    Args:
        purpose: a ``FOR_…`` of ``node.store.documents``; of a file, ``root`` is its stream.
    """
    row = session.exec(
        select(DeliveryRow).where(
            DeliveryRow.root == root, DeliveryRow.to_member == to, DeliveryRow.purpose == purpose
        )
    ).first()
    if row is None or row.state == FAILED:
        row = row or DeliveryRow(root=root, to_member=to, purpose=purpose)
        row.state, row.refusal = WAITING, None
        row.due, row.attempts, row.code = time.time(), 0, None
        session.add(row)
        session.flush()
    if row.id is None:
        raise AssertionError("a flushed row has an id")
    return row.id


def owe_again(session: Session, root: str, to: str) -> DeliveryRow:
    """Note that ``to`` is sent a document once more that it had: it has lost what it held.

    What is under way stays so.

    Raises: DocumentNotHeld, ReaderNotEntitled.
    """
    if session.get(DocumentRow, root) is None:
        raise DocumentNotHeld("The document is not here.", root=root)
    if not is_reader(session, root, to):
        raise ReaderNotEntitled("The member never had the document.", root=root, member=to)
    row = session.get_one(DeliveryRow, owe(session, root, to, FOR_DOCUMENT))
    row.state, row.refusal = WAITING, None
    row.due, row.attempts, row.code = time.time(), 0, None
    session.add(row)
    return row


def owe_attachment(session: Session, file: AttachmentRow, to: str) -> int:
    """Note that ``to`` is sent a file beside a document that it has, or is owed; see ``owe``.

    Raises: ReaderNotEntitled.
    """
    owed = delivery_state(session, file.root, to) == WAITING
    if not owed and not is_reader(session, file.root, to):
        raise ReaderNotEntitled("The member does not have the document.", root=file.root, member=to)
    return owe(session, file.stream, to, FOR_ATTACHMENT)


def require_acknowledged(session: Session, deliveries: Iterable[int]) -> None:
    """Return if every delivery is acknowledged.

    Raises: Waiting (not yet), DeliveryRefused (its receiver refused it for good).
    """
    for delivery in deliveries:
        row = session.get(DeliveryRow, delivery)
        if row is None or row.state == WAITING:
            raise Waiting("A document has not been acknowledged yet.", delivery=delivery)
        if row.state == FAILED:
            raise DeliveryRefused(
                f"{row.to_member} refuses the document: {row.refusal}.",
                member=row.to_member, root=row.root, peer_code=row.refusal,
            )  # fmt: skip
