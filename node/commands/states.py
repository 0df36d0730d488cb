"""The states of a command, and the one way to move between them: with an audit row.

accepted → signed → relayed → final | refused, and expired from any state before the relay. A
relayed command may return to signed when its transaction had no effect; a refused one may still
become final, because an act that a contract refused may be relayed again until it expires.
"""

from typing import Any

from sqlmodel import Session

from identity.errors import IdentityError
from node.audit.record import record
from node.commands.watching import ring_after
from node.errors import NodeError
from node.store.commands import EXPIRED, REFUSED, Command
from privacy.errors import PrivacyError

CodedError = NodeError | IdentityError | PrivacyError
CODED_ERRORS = (NodeError, IdentityError, PrivacyError)


def move(
    session: Session,
    command: Command,
    state: str,
    now: int,
    refusal: dict[str, Any] | None = None,
) -> None:
    """Put ``command`` in ``state`` at ``now`` (UTC seconds); the caller owns the transaction.

    ``refusal`` replaces the one before: it is null in every state but refused and expired.
    """
    command.state = state
    command.refusal = refusal
    command.updated_at = now
    if state in (REFUSED, EXPIRED):
        command.claim = None
    session.add(command)
    ring_after(session)
    record(
        session,
        command.verb,
        state,
        object_id=command.object,
        code=refusal["code"] if refusal else None,
        command=command.id,
    )


def refusal_of(error: CodedError) -> dict[str, Any]:
    """Return an error as a command keeps it: code, sentence, what to do, facts."""
    return {
        "code": error.code,
        "sentence": error.message,
        "what_to_do": error.what_to_do,
        "facts": dict(error.facts),
    }
