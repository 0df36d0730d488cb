"""Write audit rows in the transaction of the change they speak of, or not at all."""

import time

from sqlmodel import Session

from node.store.audit import AuditRow

NODE = "node"


def record(
    session: Session,
    verb: str,
    outcome: str,
    *,
    subject: str = NODE,
    role: str = NODE,
    object_id: str | None = None,
    code: str | None = None,
    command: str | None = None,
) -> None:
    """Add one audit row; the caller's transaction makes it last, together with its change.

    Args:
        outcome: the command's state after the change, or ``refused``.
        object_id: what the act is about, ``0x`` hex; never a document's content.
        code: the refusal's code.
        command: the command's id, when there is one.
    """
    session.add(
        AuditRow(
            at=int(time.time()), subject=subject, role=role, verb=verb, object=object_id,
            outcome=outcome, code=code, command=command,
        )
    )  # fmt: skip
