"""A command as the doors show it: accepted covers signed, which is the node's own concern."""

from typing import Any

from sqlmodel import Session, select

from api.http.errors import NothingHere
from api.http.reads.wording import moment
from node.store.commands import ACCEPTED, SIGNED, Command


def find_command(session: Session, command: str) -> Command:
    """Return the command with this id; raises NothingHere."""
    row = session.exec(select(Command).where(Command.id == command)).first()
    if row is None:
        raise NothingHere("This node knows no command of this id.", command=command[:64])
    return row


def shown_state(row: Command) -> str:
    """Return the state as callers know it."""
    return ACCEPTED if row.state == SIGNED else row.state


def command_json(row: Command) -> dict[str, Any]:
    """Return the command in words: accepted, relayed, final, refused or expired."""
    return {
        "id": row.id,
        "verb": row.verb,
        "object": row.object,
        "state": shown_state(row),
        "digest": row.digest,
        "result": row.result,
        "refusal": row.refusal,
        "block": row.block,
        "tx_hash": row.transaction,
        "expires": moment(row.expires),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }
