"""Write audit rows in the transaction of the change they speak of, or not at all."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from node.store.audit import AuditRow, new_salt
from node.store.many import insert_many
from node.store.rows import table_of

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


def record_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add audit rows of what the node did by itself, with one statement.

    Each names the columns ``verb``, ``outcome``, ``object``, ``code`` and ``command``.
    """
    common = {"at": int(time.time()), "subject": NODE, "role": NODE}
    values = [{**common, "salt": new_salt(), **row} for row in rows]
    insert_many(session.connection(), table_of(AuditRow), values)
