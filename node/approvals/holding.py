"""Holds a command until enough others have approved it, and lets it go on or lapse.

The act's expiry is fixed when the command is accepted: an approval is for these very bytes.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, func, select

from identity.acts.typed import act_from_json
from identity.approvals.approval import Approval, approval_digest
from identity.policy.mandate import Terms
from node.commands.queue import expiry
from node.commands.states import move
from node.commands.terms import terms_to_json
from node.jobs import enqueue
from node.store.approvals import ApprovalRequest, ApprovalRow
from node.store.commands import ACCEPTED, EXPIRED, Command, OutboxRow

if TYPE_CHECKING:
    from node.node import Node

LAPSE = "lapse"
SIGN = "sign"


def hold(session: Session, command: Command, policy: str, needed: int, terms: Terms) -> None:
    """Note that ``command`` needs approvals, and that it lapses when its act expires."""
    asked_by = command.subject
    session.add(
        ApprovalRequest(
            command=command.id, operation=terms.operation, policy=policy, asked_by=asked_by,
            needed=needed, terms=terms_to_json(terms, asked_by), expires=command.expires,
            created_at=command.created_at,
        )
    )  # fmt: skip
    session.add(
        OutboxRow(
            kind=LAPSE, payload={"command": command.id}, due=float(command.expires + 1),
            created_at=command.created_at,
        )
    )  # fmt: skip


def queue_signing(
    node: "Node", session: Session, command: Command, payload: Mapping[str, Any]
) -> None:
    """Have a command signed by the outbox row of this payload; once approved, if it must be."""
    request = session.get(ApprovalRequest, command.id)
    if request is None:
        enqueue(session, SIGN, dict(payload))
        return
    domain = node.network.domain(command.contract)
    request.digest = "0x" + approval_digest(domain, act_from_json(command.act)).hex()
    request.work = dict(payload)
    session.add(request)


def go_on_if_approved(session: Session, request: ApprovalRequest) -> bool:
    """Queue the signing of a command that has its approvals; return whether it had."""
    count = select(func.count()).select_from(ApprovalRow)
    given = session.exec(count.where(ApprovalRow.command == request.command)).one()
    if given < request.needed or request.work is None:
        return False
    enqueue(session, SIGN, request.work)
    request.work = None
    session.add(request)
    return True


def lapse(node: "Node", payload: dict[str, Any]) -> None:
    """End a command whose approvals did not come in time; a task of the outbox."""
    with node.db.begin() as session:
        query = select(Command).where(Command.id == payload["command"], Command.state == ACCEPTED)
        command = session.exec(query).first()
        if command is not None:
            move(session, command, EXPIRED, int(time.time()), expiry(command.expires))


def approvals_of(session: Session, commands: Sequence[str]) -> Mapping[str, tuple[Approval, ...]]:
    """Return the approvals of each command that has any, in the order they were given."""
    if not commands:
        return {}
    query = (
        select(ApprovalRow)
        .where(col(ApprovalRow.command).in_(commands))
        .order_by(col(ApprovalRow.id))
    )
    found: dict[str, tuple[Approval, ...]] = {}
    for row in session.exec(query):
        found[row.command] = (*found.get(row.command, ()), Approval.from_json(row.approval))
    return found
