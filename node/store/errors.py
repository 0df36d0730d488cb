"""The store's branch of node's error tree.

NodeError
├── Invalid
│   ├── OtherRelease          the tables are of a later release
│   └── ValueRefused          a value that the database cannot hold
└── Unavailable
    └── StorageUnavailable   the database cannot be read or written now
        ├── AuditUnwritable  the change's audit row is refused, so there is no change
        └── StorageConflict  two writers met; the one that is told may try again
"""

from node.errors import Invalid, Unavailable


class OtherRelease(Invalid):
    """The database was brought to the tables of a release that is later than this one."""

    code = "DATABASE_OTHER_RELEASE"
    what_to_do = "Install the release that wrote these tables, or a later one."


class ValueRefused(Invalid):
    """PostgreSQL holds no text with the character U+0000, and no number above 64 bits."""

    code = "VALUE_NOT_STORABLE"
    what_to_do = "Send texts without the character U+0000, and numbers of at most 64 bits."


class StorageUnavailable(Unavailable):
    """The database cannot be read or written now: full, failing, lost, or locked too long."""

    code = "STORAGE_UNAVAILABLE"
    what_to_do = (
        "Send it again with the same Idempotency-Key. If it stays: free disk space, look whether"
        " the database runs and takes connections, run lading doctor."
    )


class StorageConflict(StorageUnavailable):
    """PostgreSQL ended this transaction in favour of another; nothing of it is stored."""

    code = "STORAGE_CONFLICT"
    what_to_do = "Send it again with the same Idempotency-Key: nothing was stored."


class AuditUnwritable(StorageUnavailable):
    """The database refuses the audit row of a change; nothing of the change is stored."""

    code = "AUDIT_UNWRITABLE"
    what_to_do = "Look what refuses rows of the table audit; send it again with the same key."
