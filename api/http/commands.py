"""A command as the doors show it."""

from typing import Any

from sqlmodel import Session, select

from api.http.errors import NothingHere
from api.http.reads.wording import moment
from node.store.commands import Command


def find_command(session: Session, command: str) -> Command:
    """Return the command with this id; raises NothingHere."""
    row = session.exec(select(Command).where(Command.id == command)).first()
    if row is None:
        raise NothingHere("This node knows no command of this id.", command=command[:64])
    return row


def command_json(row: Command) -> dict[str, Any]:
    """Return the command in words; its states are those of ``node.store.commands``."""
    return {
        "id": row.id,
        "verb": row.verb,
        "object": row.object,
        "state": row.state,
        "digest": row.digest,
        "result": row.result,
        "refusal": row.refusal,
        "block": row.block,
        "tx_hash": row.transaction,
        "expires": moment(row.expires),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }
