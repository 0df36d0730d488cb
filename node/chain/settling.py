"""What became of relay transactions, and of the acts of those that had no effect.

A transaction that reverts executed none of its acts. Its acts wait again in two halves, and again,
until the act to blame is alone: that one is refused, visibly, and the others take effect. When it
is the relay key that the ledger refuses, the acts are not to blame and go by another key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select

from node.chain.errors import ActReverts, ActUnheard, RpcRefused
from node.chain.reasons import RAN_OUT_OF_GAS, UNKNOWN_ERROR, Reason, read_reason
from node.chain.relaying import read_transaction
from node.chain.rpc import Ledger, data, quantity
from node.commands import queue
from node.commands.refusals import refusal_named
from node.commands.states import Move, move_all, refusal_of
from node.errors import ContractRefused
from node.jobs import delay_seconds
from node.metrics import acts_refused_alone
from node.store.commands import REFUSED, RELAYED, SIGNED, Command, RelayTransaction

RELAYER_REFUSED = "RelayerNotActive"
# How often an act goes alone whose transaction reverts for no reason that the ledger repeats.
LONE_TRIES = 3


@dataclass(frozen=True)
class Ending:
    """How a transaction ended, at which height, and for a reverted one why, as far as known."""

    row: RelayTransaction
    state: str
    height: int
    reason: Reason | None = None


def ending(
    receipt: dict[str, Any] | None, nonce: int, final_height: int, used: int
) -> tuple[str, int] | None:
    """Return how a transaction ended and at which height, or None while it is open.

    Args:
        receipt: its receipt, if the ledger has one.
        final_height: the last final block, fetched before the receipt.
        used: how many nonces of the relay key were used up to that block.
    """
    if receipt is None:
        return (queue.DISPLACED, final_height) if nonce < used else None
    height = int(receipt["blockNumber"], 16)
    if height > final_height:
        return None
    executed = int(receipt["status"], 16) == 1
    return queue.DONE if executed else queue.REVERTED, height


def why_reverted(ledger: Ledger, row: RelayTransaction, height: int) -> Reason | None:
    """Ask the ledger to run the transaction again on the state before its block.

    Returns:
        The reason, or None when it does not revert there, or the ledger has that state no more.

    Raises: LedgerUnavailable.
    """
    sent = read_transaction(row.raw)
    call = {
        "from": row.relayer,
        "to": data(sent.to),
        "gas": quantity(sent.gas),
        "data": data(sent.calldata),
    }
    try:
        ledger.call("eth_call", call, quantity(max(0, height - 1)))
    except RpcRefused as error:
        return read_reason(error.data) if error.data else None
    return None


def store_ending(session: Session, ended: Ending, now: int) -> None:
    """Store how a transaction ended, and what its acts do next."""
    row = ended.row
    row.state, row.block = ended.state, ended.height
    session.add(row)
    if ended.state == queue.DONE:
        return
    commands = _relayed(session, row)
    if ended.state != queue.REVERTED or _is_relayers(ended.reason):
        moves = [_again_later(command, now) for command in commands]
    elif len(commands) > 1:
        limit = (len(commands) + 1) // 2
        moves = [_back(command, batch_limit=limit) for command in commands]
    else:
        moves = [_alone(command, ended.reason, now) for command in commands]
    move_all(session, moves, now)


def refuse_unheard(session: Session, now: int) -> int:
    """Refuse acts of which the ledger says nothing; return how many there were."""
    commands = queue.unheard_acts(session)
    error = ActUnheard("The transaction was executed, and no event speaks of this act.")
    acts_refused_alone.labels(error.code).inc(len(commands))
    move_all(session, [_moved(one, REFUSED, refusal_of(error)) for one in commands], now)
    return len(commands)


def _relayed(session: Session, row: RelayTransaction) -> Sequence[Command]:
    """Return the commands whose acts this transaction carries and that have no end yet."""
    query = select(Command).where(Command.relay == row.number, Command.state == RELAYED)
    return session.exec(query).all()


def _is_relayers(reason: Reason | None) -> bool:
    return reason is not None and reason.error == RELAYER_REFUSED


def _again_later(command: Command, now: int) -> Move:
    relays = command.relays + 1
    return _back(command, relays=relays, relay_after=now + int(delay_seconds(relays)))


def _alone(command: Command, reason: Reason | None, now: int) -> Move:
    """Refuse the act whose own transaction reverted; unless the ledger knows no reason yet."""
    if reason is None and command.relays + 1 < LONE_TRIES:
        return _again_later(command, now)
    error = _blame(reason)
    acts_refused_alone.labels(ActReverts.code).inc()
    return _moved(command, REFUSED, refusal_of(error))


def _blame(reason: Reason | None) -> ActReverts | ContractRefused:
    if reason is None or reason.error in (UNKNOWN_ERROR, RAN_OUT_OF_GAS):
        facts = {} if reason is None else {"reason": reason.error}
        return ActReverts("A transaction with this act alone reverts.", **facts)
    return refusal_named(reason.error, **reason.facts)


def _back(command: Command, **values: object) -> Move:
    """Let an act wait again; what it shares a transaction with is found anew."""
    return _moved(command, SIGNED, None, {"relay": None, **values})


def _moved(
    command: Command,
    state: str,
    refusal: Mapping[str, Any] | None,
    values: Mapping[str, Any] | None = None,
) -> Move:
    if command.number is None:
        raise AssertionError("a stored command has a number")
    return Move(
        command.number, command.id, command.verb, command.object, state, refusal, values or {}
    )
