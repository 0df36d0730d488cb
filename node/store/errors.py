"""The store's branch of node's error tree.

NodeError
└── Unavailable
    └── StorageUnavailable   the database cannot be read or written now
        └── StorageConflict  two writers met; the one that is told may try again
"""

from node.errors import Unavailable


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
