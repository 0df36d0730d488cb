"""What an operator may ask of commands and relay transactions: why they wait, and to end them.

It tells states, codes and ids, never a document's content, and changes only what is not on its way.
"""

import time
from typing import Any

from sqlmodel import Session, col, select

from identity.policy.decide import Actor
from node.approvals.holding import LAPSE
from node.audit.record import record
from node.commands.queue import OPEN
from node.commands.states import move, refusal_of
from node.errors import CommandCancelled, CommandNotCancellable, RelayNotOpen
from node.store.approvals import ApprovalRequest
from node.store.commands import (
    ACCEPTED,
    RELAYED,
    SIGNED,
    Command,
    OutboxRow,
    Relayer,
    RelayTransaction,
)
from node.store.documents import ACKNOWLEDGED, DeliveryRow
from node.store.follower import LedgerFault

CANCEL_RELAY = "CancelRelay"


def explain(session: Session, command: Command) -> list[dict[str, Any]]:
    """Return what a command waits for, each with a code, a sentence and facts; empty at its end."""
    if command.state == ACCEPTED:
        return _before_signing(session, command)
    if command.state == SIGNED:
        return _before_relay(session, command)
    if command.state == RELAYED:
        return _before_final(session, command)
    return []


def cancel(session: Session, command: Command, actor: Actor) -> None:
    """End a command that is not on its way, as refused; the caller owns the transaction.

    Raises: CommandNotCancellable.
    """
    if command.state not in (ACCEPTED, SIGNED):
        raise CommandNotCancellable(
            f"The command is {command.state}.", command=command.id, state=command.state
        )
    error = CommandCancelled("An operator has cancelled the command.", subject=actor.subject)
    move(session, command, "refused", int(time.time()), refusal_of(error))
    _record(session, actor, "CancelCommand", command)


def cancel_relay(session: Session, row: RelayTransaction, actor: Actor) -> None:
    """Ask the sender to use the transaction's nonce up with one that does nothing.

    Raises: RelayNotOpen.
    """
    if row.state != OPEN:
        raise RelayNotOpen(f"The transaction is {row.state}.", number=row.number, state=row.state)
    row.cancelled_by = row.cancelled_by or actor.subject
    session.add(row)
    _record(session, actor, CANCEL_RELAY, None)


def _record(session: Session, actor: Actor, verb: str, command: Command | None) -> None:
    record(
        session, verb, "accepted", subject=actor.subject, role=",".join(sorted(actor.roles)),
        object_id=None if command is None else command.object,
        command=None if command is None else command.id,
    )  # fmt: skip


def _before_signing(session: Session, command: Command) -> list[dict[str, Any]]:
    request = session.get(ApprovalRequest, command.id)
    if request is not None and request.work is not None:
        says = "It waits until others have approved it: GET /v1/approvals."
        return [_reason("APPROVAL_NEEDED", says, needed=request.needed, until=request.expires)]
    for row in session.exec(
        select(OutboxRow).where(OutboxRow.kind != LAPSE).order_by(col(OutboxRow.id))
    ):
        if command.id not in (row.payload.get("commands") or [row.payload.get("command")]):
            continue
        found = [_delivery(session, one) for one in row.payload.get("deliveries", [])]
        waits = [each for each in found if each is not None]
        return waits or [
            _reason(
                "SIGNATURE_WAITS" if row.kind == "sign" else "NUMBER_WAITS",
                "It waits for the signer.",
                attempts=row.attempts,
                last_error=row.last_error,
                next_attempt_at=int(row.due),
            )
        ]
    return [_reason("WORK_MISSING", "No work is stored for it; lading doctor --repair looks.")]


def _delivery(session: Session, delivery: int) -> dict[str, Any] | None:
    row = session.get(DeliveryRow, delivery)
    if row is None or row.state == ACKNOWLEDGED:
        return None
    return _reason(
        "DELIVERY_WAITS",
        "It waits until a member has acknowledged the document.",
        member=row.to_member,
        root=row.root,
        state=row.state,
    )


def _before_relay(session: Session, command: Command) -> list[dict[str, Any]]:
    reasons = []
    fault = session.get(LedgerFault, 1)
    if fault is not None:
        reasons.append(_reason(fault.code, fault.says, since=fault.since))
    relayers = session.exec(select(Relayer)).all()
    if relayers and all(relayer.state == "refused" for relayer in relayers):
        reasons.append(_reason("RELAYER_NOT_ACTIVE", "The ledger refuses every relay key."))
    if command.relay_after > time.time():
        says = "Its last transaction had no effect; it goes again later."
        reasons.append(
            _reason("RELAY_PAUSES", says, relays=command.relays, until=command.relay_after)
        )
    return reasons or [
        _reason(
            "RELAY_WAITS",
            "It waits for the sender.",
            batch_limit=command.batch_limit,
            expires=command.expires,
        )
    ]


def _before_final(session: Session, command: Command) -> list[dict[str, Any]]:
    row = None if command.relay is None else session.get(RelayTransaction, command.relay)
    if row is None:
        return []
    says = "It waits until the transaction's block is final."
    if row.state != OPEN:
        says = "The transaction is final; it waits until the follower has read its block."
    return [
        _reason(
            "FINALITY_WAITS",
            says,
            transaction=row.number,
            state=row.state,
            nonce=row.nonce,
            hash=row.hash,
            sent_at=row.sent_at,
            ledger_said=row.said,
        )
    ]


def _reason(code: str, says: str, **facts: Any) -> dict[str, Any]:
    return {"code": code, "says": says, "facts": facts}
