"""Who has a document, as far as this member knows: its readers, who alone get the files beside it.

A document goes to a member before that member accepts anything, so who holds, controls or has a
lien on a title holds its present document too.
"""

from sqlmodel import Session, select

from node.store.documents import (
    ACKNOWLEDGED,
    FOR_DOCUMENT,
    DeliveryRow,
    DocumentRow,
    GivenReceiptRow,
)
from node.store.projections import NOBODY, Title


def is_reader(session: Session, root: str, member: str) -> bool:
    """Say whether ``member`` has the document of ``root`` (0x hex), which this member holds.

    It sent it, has acknowledged it, or is a party of the title whose present document it is.
    """
    row = session.get(DocumentRow, root)
    if row is None or member == NOBODY:
        return False
    if row.source_member == member or delivery_state(session, root, member) == ACKNOWLEDGED:
        return True
    if session.get(GivenReceiptRow, (FOR_DOCUMENT, root, member)) is not None:
        return True
    title = session.get(Title, row.title) if row.title is not None else None
    if title is None or title.root != root:
        return False
    return member in {title.carrier, title.holder, title.pledgee, title.controller}


def delivery_state(session: Session, root: str, member: str) -> str | None:
    """Return how the delivery of the document to ``member`` stands; None: it never was owed."""
    return session.exec(
        select(DeliveryRow.state).where(
            DeliveryRow.root == root,
            DeliveryRow.to_member == member,
            DeliveryRow.purpose == FOR_DOCUMENT,
        )
    ).first()
