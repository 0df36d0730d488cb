"""The audit rows as an append-only log: what a leaf is, and the tree that is stored beside them.

A row becomes a leaf when it is sealed, in the order of ids; from the next checkpoint on the ledger
no row before it can be changed, taken out or put in between unnoticed. Every complete subtree's
hash is stored, so that a root or a consistency proof reads some rows and not all. Source of the
tree: RFC 9162 section 2.1, as in node/attestations/log.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, func, select, text

from node.attestations import log as tree
from node.store.audit import AuditNode, AuditRow
from node.store.rows import table_of
from privacy.canonical import canonical_json
from privacy.merkle import leaf_hash, node_hash

COLUMNS = ("at", "subject", "role", "verb", "object", "outcome", "code", "command")
"""What a leaf commits to of its row; the id is the database's own business."""

SEALED_AT_ONCE = 5_000
_INSERT = insert(table_of(AuditNode))


def entry_of(row: AuditRow) -> bytes:
    """Return the log's entry of a row: its salt (16 bytes) and its RFC 8785 JSON."""
    return row.salt + canonical_json({name: getattr(row, name) for name in COLUMNS})


class StoredLog:
    """The tree as it is stored, within one transaction; ``Tree`` of node/attestations/log.py."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def size(self) -> int:
        """How many rows are sealed."""
        last = self._session.exec(
            select(func.max(AuditNode.place)).where(AuditNode.level == 0)
        ).one()
        return 0 if last is None else last + 1

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the hash of the subtree over the leaves ``start`` up to ``end``.

        ``start`` is a multiple of a power of two not below the length; ``0, size`` is the root.
        """
        level = (end - start).bit_length() - 1
        if end - start == 1 << level:
            return self._node(level, start >> level)
        return tree.hash_of(self, start, end)

    def last_row(self) -> int:
        """Return the id of the row that was sealed last; 0 when there is none."""
        size = self.size
        leaf = self._session.get(AuditNode, (0, size - 1)) if size else None
        return leaf.row or 0 if leaf is not None else 0

    def append(self, leaves: Sequence[tuple[int | None, bytes]]) -> None:
        """Add leaves, each its row's id and its hash; the caller is the only writer."""
        level, first = 0, self.size
        hashes = [leaf for _, leaf in leaves]
        rows: Sequence[int | None] = [row for row, _ in leaves]
        added: list[Mapping[str, Any]] = []
        while hashes:
            added += [
                {"level": level, "place": first + at, "hash": value, "row": row}
                for at, (value, row) in enumerate(zip(hashes, rows, strict=True))
            ]
            if first % 2:
                first -= 1
                hashes.insert(0, self._node(level, first))
            hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
            rows = [None] * len(hashes)
            level, first = level + 1, first // 2
        if added:
            self._session.connection().execute(_INSERT, added)

    def _node(self, level: int, place: int) -> bytes:
        found = self._session.exec(
            select(AuditNode.hash).where(AuditNode.level == level, AuditNode.place == place)
        ).one()
        return bytes(found)


def seal(session: Session) -> int:
    """Make every row that is none yet a leaf, at most ``SEALED_AT_ONCE``; return how many.

    For a transaction of the only writer. On PostgreSQL others may write beside it: they are waited
    for and held off until the commit, or a row with a smaller id could come later.
    """
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(text("LOCK TABLE audit IN SHARE MODE"))
    stored = StoredLog(session)
    rows = unsealed(session, stored)
    stored.append([(row.id, leaf_hash(entry_of(row))) for row in rows])
    return len(rows)


def unsealed(session: Session, stored: StoredLog) -> Sequence[AuditRow]:
    """Return the first rows that are no leaves yet, in the order in which they will be."""
    return session.exec(
        select(AuditRow)
        .where(col(AuditRow.id) > stored.last_row())
        .order_by(col(AuditRow.id))
        .limit(SEALED_AT_ONCE)
    ).all()


def leaves(session: Session, at_once: int = 2_000) -> Iterator[tuple[AuditNode, AuditRow | None]]:
    """Return each leaf in order, with its row unless that is gone."""
    place = 0
    while True:
        found = session.exec(
            select(AuditNode, AuditRow)
            .join(AuditRow, col(AuditRow.id) == col(AuditNode.row), isouter=True)
            .where(AuditNode.level == 0, col(AuditNode.place) >= place)
            .order_by(col(AuditNode.place))
            .limit(at_once)
        ).all()
        yield from found
        session.expunge_all()
        if len(found) < at_once:
            return
        place = found[-1][0].place + 1
