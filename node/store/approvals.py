"""Tables of commands that wait for approvals, and of the approvals; the member's own, as commands.

Times are UTC seconds. Terms are what an approver is shown; nothing of them reaches the ledger.
"""

from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class ApprovalRequest(SQLModel, table=True):
    """A command that needs ``needed`` approvals; it waits while its command is accepted.

    Attributes:
        operation: an act's name, or Pledge or TakePledge.
        policy: the verb's name in the policy, by which approvers are judged.
        terms: who asked, ports and value, as an approver signs them.
        work: the outbox's payload that has it signed, kept until it is approved.
        digest: what stands for the act in an approval, ``0x`` hex; null until an issue's title is
            known.
        expires: of the act, which is fixed: another moment would be another digest.
    """

    __tablename__ = "approval_request"

    command: str = Field(primary_key=True)
    operation: str
    policy: str
    asked_by: str
    needed: int
    terms: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    work: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    digest: str | None = None
    expires: int = Field(index=True)
    created_at: int


class ApprovalRow(SQLModel, table=True):
    """One person's approval of one command; ``approval`` is its JSON, as the signer checks it."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("command", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    command: str = Field(index=True)
    subject: str
    kind: str
    approval: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    given_at: int
