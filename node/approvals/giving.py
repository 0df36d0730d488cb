"""Approvals as people give them: what waits for whom, and one person's yes or no.

The signer checks each approval again, by its own copy of the authority file: what is stored here
cannot make it sign.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from identity.acts.typed import Act, act_from_json
from identity.approvals.approval import Approval, challenge, check_approval, read_terms
from identity.authority.file import ApprovalKey
from identity.errors import ApprovalRefused
from identity.policy.decide import Actor, Decision, decide_approval
from node.approvals.errors import ApprovalDeclined, ApprovalUnknown
from node.approvals.holding import go_on_if_approved
from node.audit.record import record
from node.commands.states import move, refusal_of
from node.errors import NotAllowed
from node.store.approvals import ApprovalRequest, ApprovalRow
from node.store.commands import ACCEPTED, REFUSED, Command

if TYPE_CHECKING:
    from node.node import Node

READ, APPROVE, DECLINE = "ReadApprovals", "Approve", "DeclineApproval"
MAX_LISTED = 200


@dataclass(frozen=True)
class Pending:
    """A command that waits for approvals.

    Attributes:
        act: what is to be signed.
        given: who has approved, in that order.
        challenge: what an approver signs, 32 bytes; None until an issue's title is known.
        refused: why the one who looks may not approve it; None if it may.
    """

    command: Command
    request: ApprovalRequest
    act: Act
    given: tuple[str, ...]
    challenge: bytes | None
    refused: str | None


def pending(session: Session, actor: Actor, after: int = 0) -> list[Pending]:
    """Return what waits for approvals, the oldest first, as ``actor`` stands to it.

    At most ``MAX_LISTED``, after the command of number ``after``.
    """
    query = (
        select(Command, ApprovalRequest)
        .join(ApprovalRequest, col(ApprovalRequest.command) == col(Command.id))
        .where(Command.state == ACCEPTED, col(Command.number) > after)
        .where(col(ApprovalRequest.digest).is_(None) | col(ApprovalRequest.work).is_not(None))
        .order_by(col(Command.number))
        .limit(MAX_LISTED)
    )
    rows = session.exec(query).all()
    given = _given(session, [command.id for command, _ in rows])
    return [_pending(actor, *row, given.get(row[0].id, ())) for row in rows]


def find(session: Session, actor: Actor, command_id: str) -> Pending:
    """Return one command that waits; raises ApprovalUnknown."""
    query = (
        select(Command, ApprovalRequest)
        .join(ApprovalRequest, col(ApprovalRequest.command) == col(Command.id))
        .where(Command.state == ACCEPTED, Command.id == command_id)
    )
    row = session.exec(query).first()
    if row is None:
        raise ApprovalUnknown("No such command waits for an approval.", command=command_id[:64])
    return _pending(actor, *row, _given(session, [command_id]).get(command_id, ()))


def approve(node: "Node", actor: Actor, command_id: str, kind: str, proof: Any) -> str:
    """Store one person's approval; the command goes on when it was the last one needed.

    Returns the command's id.

    A person who has approved already changes nothing.

    Raises: ApprovalUnknown, ApprovalMalformed, ApprovalRefused, NotAllowed,
        AuthorityFileUnavailable.
    """
    actor = node.handler.standing(actor)
    with node.db.begin() as session:
        found = find(session, actor, command_id)
        try:
            approval = _checked(node, actor, found, kind, proof)
        except (NotAllowed, ApprovalRefused) as error:
            refusal: NotAllowed | ApprovalRefused | None = error
            _note(session, actor, APPROVE, found.command, REFUSED, error.code)
        else:
            refusal = None
            if actor.subject not in found.given:
                _store(session, actor, found, approval)
    if refusal is not None:
        raise refusal
    return command_id


def decline(node: "Node", actor: Actor, command_id: str) -> str:
    """End a command that an approver does not approve, as refused; return its id.

    Raises: ApprovalUnknown, NotAllowed, AuthorityFileUnavailable.
    """
    actor = node.handler.standing(actor)
    with node.db.begin() as session:
        found = find(session, actor, command_id)
        _require(_decision(actor, found.request), found.command)
        error = ApprovalDeclined("An approver has said no.", subject=actor.subject)
        move(session, found.command, REFUSED, int(time.time()), refusal_of(error))
        _note(session, actor, DECLINE, found.command, REFUSED, None)
    return command_id


def keys_of(node: "Node", subject: str, kind: str) -> tuple[ApprovalKey, ...]:
    """Return the keys of one kind with which a subject approves now."""
    file = node.authority.current()
    found = None if file is None else file.subjects.get(subject)
    now = int(time.time())
    keys = () if found is None else found.approval_keys
    return tuple(k for k in keys if k.kind == kind and (k.until is None or now <= k.until))


def _checked(node: "Node", actor: Actor, found: Pending, kind: str, proof: Any) -> Approval:
    file = node.authority.current()
    request = found.request
    _require(_decision(actor, request), found.command)
    if file is None or request.digest is None:
        raise ApprovalRefused("It cannot be approved yet.", reason="NOT_READY")
    given = {
        "subject": actor.subject,
        "kind": kind,
        "expires": request.expires,
        "terms": request.terms,
        "proof": proof,
    }
    approval = Approval.from_json(given)
    digest = bytes.fromhex(request.digest[2:])
    check_approval(file, found.act, digest, request.asked_by, approval, int(time.time()))
    return approval


def _store(session: Session, actor: Actor, found: Pending, approval: Approval) -> None:
    session.add(
        ApprovalRow(
            command=found.command.id, subject=actor.subject, kind=approval.kind,
            approval=approval.to_json(), given_at=int(time.time()),
        )
    )  # fmt: skip
    session.flush()
    go_on_if_approved(session, found.request)
    _note(session, actor, APPROVE, found.command, ACCEPTED, None)


def _decision(actor: Actor, request: ApprovalRequest) -> Decision:
    terms = read_terms(request.terms, int(time.time()))
    return decide_approval(actor, request.policy, terms, request.asked_by)


def _require(decision: Decision, command: Command) -> None:
    if not decision.allowed:
        raise NotAllowed(decision.code, decision.message, verb=APPROVE, command=command.id)


def _pending(
    actor: Actor, command: Command, request: ApprovalRequest, given: tuple[str, ...]
) -> Pending:
    decision = _decision(actor, request)
    signed = None
    if request.digest is not None:
        digest = bytes.fromhex(request.digest[2:])
        signed = challenge(digest, request.expires, request.terms)
    refused = None if decision.allowed else decision.code
    return Pending(command, request, act_from_json(command.act), given, signed, refused)


def _given(session: Session, commands: Sequence[str]) -> dict[str, tuple[str, ...]]:
    query = select(ApprovalRow.command, ApprovalRow.subject).where(
        col(ApprovalRow.command).in_(commands)
    )
    found: dict[str, tuple[str, ...]] = {}
    for command, subject in session.exec(query.order_by(col(ApprovalRow.id))):
        found[command] = (*found.get(command, ()), subject)
    return found


def _note(
    session: Session, actor: Actor, verb: str, command: Command, outcome: str, code: str | None
) -> None:
    record(
        session, verb, outcome, subject=actor.subject, role=",".join(sorted(actor.roles)),
        object_id=command.object, code=code, command=command.id,
    )  # fmt: skip
