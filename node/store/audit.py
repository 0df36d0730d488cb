"""The audit table: one row for every change of state and every refusal at the door."""

from sqlmodel import Field, SQLModel


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
