"""What the sender asks the database: which acts wait, which transactions are open, which nonce."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select, update

from node.commands.refusals import refusal_named
from node.commands.states import move, refusal_of
from node.jobs import LONGEST_DELAY_SECONDS
from node.store.commands import EXPIRED, RELAYED, SIGNED, Command, Relayer, RelayTransaction
from node.store.due import is_due
from node.store.many import read_many
from node.store.projections import ChainCursor
from node.store.rows import table_of

OPEN = "open"
DONE = "done"
REVERTED = "reverted"
DISPLACED = "displaced"
CANCELLED = "cancelled"

_SEQUENCE = func.coalesce(Command.sequence, Command.object)


@dataclass(frozen=True)
class WaitingAct:
    """A signed act that waits for its relay, and what decides how it goes.

    ``sequence`` is what it stays in order with; ``since`` when it was signed, in UTC seconds.
    """

    number: int
    id: str
    verb: str
    object: str | None
    contract: str
    sequence: str
    batch_limit: int
    since: int
    wire: bytes


def is_at_rest(session: Session) -> bool:
    """Whether no act is signed and not final, no transaction open, and the ledger without fault."""
    return not session.connection().exec_driver_sql(_AT_WORK).scalar_one()


# Asked several times a second, for years: as text, because making the statement takes longer.
_AT_WORK = (
    f"SELECT EXISTS (SELECT 1 FROM command WHERE state IN ('{SIGNED}', '{RELAYED}'))"  # noqa: S608
    f" OR EXISTS (SELECT 1 FROM relay_transaction WHERE state = '{OPEN}')"
    " OR EXISTS (SELECT 1 FROM ledger_fault)"
)


def waiting_acts(session: Session, now: int, limit: int) -> list[WaitingAct]:
    """Return signed acts that may be relayed at ``now``, in the order they were accepted."""
    names = ("number", "id", "verb", "object", "contract", "batch_limit", "updated_at", "wire")
    columns: list[Any] = [getattr(Command, name) for name in names]
    query = (
        select(*columns, _SEQUENCE)  # type: ignore[call-overload]
        .where(Command.state == SIGNED, Command.expires >= now)
        .where(is_due(col(Command.relay_after), now, LONGEST_DELAY_SECONDS))
        .order_by(col(Command.number))
        .limit(limit)
    )
    return [
        WaitingAct(number, one, verb, about, contract, str(sequence), limited, since,
                   bytes.fromhex(wire))
        for number, one, verb, about, contract, limited, since, wire, sequence
        in session.exec(query)
    ]  # fmt: skip


def still_signed(session: Session, numbers: Sequence[int]) -> frozenset[int]:
    """Return those of the commands that are signed and not on their way."""
    connection, table = session.connection(), table_of(Command)
    found = read_many(connection, table, ("number",), "number", numbers, state=SIGNED)
    return frozenset(number for (number,) in found)


def under_way(session: Session) -> dict[str, str]:
    """Return for each sequence with an act in an open transaction the relayer that carries it."""
    query = (
        select(_SEQUENCE, RelayTransaction.relayer)
        .join(RelayTransaction, col(Command.relay) == col(RelayTransaction.number))
        .where(Command.state == RELAYED, RelayTransaction.state == OPEN)
    )
    return {str(sequence): relayer for sequence, relayer in session.exec(query)}


def unheard_acts(session: Session) -> Sequence[Command]:
    """Return relayed commands of whose act the ledger said nothing, though it is past its block."""
    cursor = session.get(ChainCursor, 1)
    if cursor is None:
        return []
    query = (
        select(Command)
        .join(RelayTransaction, col(Command.relay) == col(RelayTransaction.number))
        .where(Command.state == RELAYED, RelayTransaction.state == DONE)
        .where(col(RelayTransaction.block) <= cursor.block)
    )
    return session.exec(query).all()


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
        .order_by(col(RelayTransaction.relayer), col(RelayTransaction.nonce))
    ).all()


def next_nonce(session: Session, relayer: str, lowest: int) -> int:
    """Return the nonce after the last stored one, at least ``lowest`` (the ledger's count)."""
    last = session.exec(
        select(func.max(RelayTransaction.nonce)).where(RelayTransaction.relayer == relayer)
    ).one()
    return lowest if last is None else max(lowest, int(last) + 1)


def note_sent(session: Session, sent: Mapping[int, str | None], now: int) -> None:
    """Store when transactions' bytes were sent last, and what the ledger said against them."""
    for number, said in sent.items():
        session.exec(
            update(RelayTransaction)
            .where(col(RelayTransaction.number) == number)
            .values(sent_at=now, said=said)
        )


def note_relayer(
    session: Session, address: str, name: str, state: str, code: str | None, now: int
) -> None:
    """Store how a relay key stands; ``since`` stays while the state does."""
    row = session.get(Relayer, address)
    if row is None or (row.name, row.state, row.code) != (name, state, code):
        given = Relayer(address=address, name=name, state=state, code=code, since=now)
        session.merge(given)
