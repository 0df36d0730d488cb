"""What a readable copy is made from: the fields this member has, and how the title stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session, select

from identity.acts.words import TitleState
from node.documents.errors import DocumentNotHeld
from node.documents.service import tree_of
from node.store.documents import DisclosureRow, DocumentRow
from node.store.projections import ChainCursor, Title
from privacy.canonical import JsonValue

if TYPE_CHECKING:
    from node.node import Node


@dataclass(frozen=True)
class Standing:
    """How a title stands, as of one final block.

    Attributes:
        title: its id, 0x hex.
        state: as ``TitleState`` in lower case.
        counter, version: of the title.
        root: its present document's.
        height, block_hash, at: of the block; ``at`` in UTC seconds.
    """

    title: str
    state: str
    counter: int
    version: int
    root: str
    height: int
    block_hash: str
    at: int


@dataclass(frozen=True)
class CopySource:
    """Everything that a readable copy shows; see ``node.documents.readable``."""

    root: str
    schema_id: str
    fields: Mapping[str, JsonValue]
    standing: Standing | None
    partial: bool

    def to_pdf(self) -> bytes:
        """Return the copy. Raises: CopyTooLong."""
        # ReportLab takes 0.3 s to load, for which no start should wait.
        from node.documents.readable import readable_copy  # noqa: PLC0415

        return readable_copy(
            self.root, self.schema_id, self.fields, self.standing, partial=self.partial
        )


def copy_source(node: "Node", session: Session, root: str) -> CopySource:
    """Return what this member may show of ``root``: the document it holds, or what it was told.

    Raises: DocumentNotHeld, and what the vault and the check of a disclosure raise.
    """
    if session.get(DocumentRow, root) is not None:
        package = node.documents.package(session, root)
        standing = _standing(session, package.title)
        return CopySource(root, package.schema_id, tree_of(package).fields, standing, partial=False)
    row = session.exec(select(DisclosureRow).where(DisclosureRow.root == root)).first()
    if row is None:
        raise DocumentNotHeld("The document is not here, and nothing of it was told.", root=root)
    disclosure = node.statutory.kept(row).disclosure
    shown = node.statutory.check(session, disclosure, root)
    schema_id = disclosure.header.schema.id
    return CopySource(root, schema_id, shown, _standing(session, row.title), partial=True)


def _standing(session: Session, title_id: str | None) -> Standing | None:
    title = session.get(Title, title_id) if title_id is not None else None
    cursor = session.get(ChainCursor, 1)
    if title is None or cursor is None:
        return None
    return Standing(
        title=title.id,
        state=TitleState(title.state).name.lower(),
        counter=title.counter,
        version=title.version,
        root=title.root,
        height=cursor.block,
        block_hash=cursor.block_hash,
        at=cursor.block_time,
    )
