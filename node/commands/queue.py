"""What the sender asks the database: which acts wait, which transactions are open, which nonce."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select, update

from node.commands.refusals import refusal_named
from node.commands.states import move, refusal_of
from node.store.commands import EXPIRED, RELAYED, SIGNED, Command, RelayTransaction

OPEN = "open"
DONE = "done"
REVERTED = "reverted"
DISPLACED = "displaced"


def waiting_acts(
    session: Session, now: int, limit: int, contract: str | None = None
) -> Sequence[Command]:
    """Return signed commands that may be relayed at ``now``, in the order they were accepted."""
    query = select(Command).where(
        Command.state == SIGNED, Command.relay_after <= now, Command.expires >= now
    )
    if contract is not None:
        query = query.where(Command.contract == contract)
    return session.exec(query.order_by(col(Command.number)).limit(limit)).all()


def lapsed_acts(session: Session, now: int) -> Sequence[Command]:
    """Return signed commands whose act has expired before it was relayed."""
    return session.exec(select(Command).where(Command.state == SIGNED, Command.expires < now)).all()


def expire(session: Session, command: Command, now: int) -> None:
    """End a command whose act has expired and is not on its way."""
    move(session, command, EXPIRED, now, expiry(command.expires))


def expiry(expires: int) -> dict[str, Any]:
    """Return the refusal of what had to be relayed until ``expires`` (UTC seconds)."""
    return refusal_of(refusal_named("ActExpired", expires=expires))


def open_transactions(session: Session) -> Sequence[RelayTransaction]:
    """Return the relay transactions that are not final, by nonce."""
    return session.exec(
        select(RelayTransaction)
        .where(RelayTransaction.state == OPEN)
        .order_by(col(RelayTransaction.nonce))
    ).all()


def next_nonce(session: Session, relayer: str, lowest: int) -> int:
    """Return the nonce after the last stored one, at least ``lowest`` (the ledger's count)."""
    last = session.exec(
        select(func.max(RelayTransaction.nonce)).where(RelayTransaction.relayer == relayer)
    ).one()
    return lowest if last is None else max(lowest, int(last) + 1)


def acts_of(session: Session, transaction: RelayTransaction) -> Sequence[Command]:
    """Return the commands whose acts this transaction carries and that have no end yet."""
    return session.exec(
        select(Command).where(Command.relay == transaction.number, Command.state == RELAYED)
    ).all()


def note_sent(session: Session, transaction: RelayTransaction, now: int) -> None:
    """Store when the transaction's bytes were sent last."""
    transaction.sent_at = now
    number = transaction.number
    session.exec(
        update(RelayTransaction).where(col(RelayTransaction.number) == number).values(sent_at=now)
    )
