"""The states of a command, and the one way to move between them: with an audit row.

accepted → signed → relayed → final | refused, and expired from any state before the relay. A
relayed command may return to signed when its transaction had no effect; a refused one may still
become final, because an act that a contract refused may be relayed again until it expires.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlmodel import Session

from identity.errors import IdentityError
from node.audit.record import record_all
from node.commands.watching import ring_after
from node.errors import NodeError
from node.events.stream import append_command
from node.store.commands import EXPIRED, REFUSED, Command
from node.store.many import update_many
from node.store.rows import table_of
from privacy.errors import PrivacyError

CodedError = NodeError | IdentityError | PrivacyError
CODED_ERRORS = (NodeError, IdentityError, PrivacyError)


@dataclass(frozen=True)
class Move:
    """One command on its way to another state; the first four name it as its row does.

    Attributes:
        refusal: replaces the one before: null in every state but refused and expired.
        values: other columns that change with it.
    """

    number: int
    id: str
    verb: str
    object: str | None
    state: str
    refusal: Mapping[str, Any] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def move(
    session: Session,
    command: Command,
    state: str,
    now: int,
    refusal: dict[str, Any] | None = None,
) -> None:
    """Put ``command`` in ``state`` at ``now`` (UTC seconds); the caller owns the transaction.

    ``refusal`` is as in ``Move``.
    """
    if command.number is None:
        raise AssertionError("only a stored command moves")
    command.state = state
    command.refusal = refusal
    command.updated_at = now
    if state in (REFUSED, EXPIRED):
        command.claim = None
    session.add(command)
    _note(
        session,
        [Move(command.number, command.id, command.verb, command.object, state, refusal)],
        now,
    )


def move_all(session: Session, moves: Sequence[Move], now: int) -> None:
    """Move many commands, in order, with few statements; rows that are loaded do not follow."""
    for _, group in groupby(moves, key=lambda each: tuple(_columns(each, now))):
        rows = [{"number": each.number} | _columns(each, now) for each in group]
        update_many(session.connection(), table_of(Command), "number", rows)
    if moves:
        _note(session, moves, now)


def _columns(each: Move, now: int) -> dict[str, Any]:
    columns = {"state": each.state, "refusal": each.refusal, "updated_at": now, **each.values}
    if each.state in (REFUSED, EXPIRED):
        columns["claim"] = None
    return columns


def _note(session: Session, moves: Sequence[Move], now: int) -> None:
    """Write down, in the same transaction, that commands have moved, and tell who waits."""
    ring_after(session)
    for each in moves:
        append_command(session, each, now)
    record_all(
        session,
        [
            {
                "verb": each.verb,
                "outcome": each.state,
                "object": each.object,
                "code": each.refusal["code"] if each.refusal else None,
                "command": each.id,
            }
            for each in moves
        ],
    )


def refusal_of(error: CodedError) -> dict[str, Any]:
    """Return an error as a command keeps it: code, sentence, what to do, facts."""
    return {
        "code": error.code,
        "sentence": error.message,
        "what_to_do": error.what_to_do,
        "facts": dict(error.facts),
    }
