"""Documents, their files and their holds as JSON."""

from typing import Any

from api.http.reads.wording import moment
from node.documents.attachments import Manifest
from node.documents.keeping import Retention
from node.exchange.lines import Queue
from node.store.documents import (
    AttachmentRow,
    DeletedDocumentRow,
    DisclosureRow,
    DocumentRow,
    LegalHoldRow,
)


def attachment_json(row: AttachmentRow, manifest: Manifest) -> dict[str, Any]:
    """One file beside a document, without its key."""
    return {
        "id": row.stream,
        "root": row.root,
        "name": manifest.name,
        "media_type": manifest.media_type,
        "size": manifest.size,
        "sha256": manifest.sha256,
        "source_member": row.source_member,
        "received_at": moment(row.received_at),
    }


def queue_json(queue: Queue) -> dict[str, Any]:
    """What waits for one other member."""
    return {
        "member": queue.member,
        "waiting": queue.waiting,
        "oldest_at": moment(queue.oldest_at),
        "away_since": None if queue.away_since is None else moment(queue.away_since),
        "code": queue.code,
        "next_at": None if queue.next_at is None else moment(queue.next_at),
    }


def hold_json(row: LegalHoldRow) -> dict[str, Any]:
    """One legal hold; ``lifted_at`` is null while it stands."""
    return {
        "id": row.id,
        "root": row.root,
        "reason": row.reason,
        "placed_by": row.placed_by,
        "placed_at": moment(row.placed_at),
        "lifted_reason": row.lifted_reason,
        "lifted_by": row.lifted_by,
        "lifted_at": None if row.lifted_at is None else moment(row.lifted_at),
    }


def kept_json(row: DocumentRow, retention: Retention, holds: int) -> dict[str, Any]:
    """How long one document is kept."""
    return {
        "root": row.root,
        "schema": row.schema_id,
        "title": row.title,
        "source_member": row.source_member,
        "received_at": moment(row.received_at),
        "keep_until": moment(retention.keep_until(row)),
        "holds": holds,
    }


def disclosure_json(row: DisclosureRow, retention: Retention, holds: int) -> dict[str, Any]:
    """How long what was disclosed of one document is kept."""
    return {
        "root": row.root,
        "title": row.title,
        "from_member": row.from_member,
        "received_at": moment(row.received_at),
        "keep_until": moment(retention.keep_until(row)),
        "holds": holds,
    }


def deleted_json(row: DeletedDocumentRow) -> dict[str, Any]:
    """What is left of a deleted document."""
    return {
        "root": row.root,
        "schema": row.schema_id,
        "title": row.title,
        "received_at": moment(row.received_at),
        "attachments": row.attachments,
        "reason": row.reason,
        "deleted_by": row.deleted_by,
        "deleted_at": moment(row.deleted_at),
    }
