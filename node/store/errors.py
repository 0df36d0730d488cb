"""The store's branch of node's error tree.

NodeError
└── Unavailable
    └── StorageUnavailable   the database cannot be read or written now
"""

from node.errors import Unavailable


class StorageUnavailable(Unavailable):
    """The database cannot be read or written now: disk full, failing, or locked too long."""

    code = "STORAGE_UNAVAILABLE"
    what_to_do = "Nothing was stored. Free disk space or check the disk, then send it again."
