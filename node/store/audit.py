"""The audit table, one row for every change of state and every refusal at the door, and its log.

The log is the hash tree over the rows, in the order of their sealing; see node/audit/log.py.
"""

import secrets

from sqlmodel import Field, SQLModel

SALT_BYTES = 16


def new_salt() -> bytes:
    """Return a fresh salt: with it a row's leaf tells nobody what is in the row."""
    return secrets.token_bytes(SALT_BYTES)


class AuditRow(SQLModel, table=True):
    """Who did what to which object, and what came of it; no business data.

    ``subject`` and ``role`` are the token's, or ``node`` for what the node did by itself.
    ``outcome`` is a command state or ``refused``; ``code`` is set for a refusal. ``at`` is in UTC
    seconds.
    """

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: int
    subject: str
    role: str
    verb: str
    object: str | None = Field(default=None, index=True)
    outcome: str
    code: str | None = None
    command: str | None = Field(default=None, index=True)
    salt: bytes = Field(default_factory=new_salt)


class AuditNode(SQLModel, table=True):
    """One node of the log's tree: a complete subtree of 2^level leaves, the ``place``-th of them.

    ``row`` is the audit row of a leaf (level 0), and null above.
    """

    __tablename__ = "audit_node"

    level: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    hash: bytes
    row: int | None = None
