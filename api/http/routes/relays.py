"""For operators: commands by state, why one waits, relay keys and transactions, and to end them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from sqlmodel import col, func, select

from api.http.commands import command_json, find_command
from api.http.doors import allow, node_of, reading, require_no_body
from api.http.errors import NothingHere
from api.http.parameters import CommandId
from api.http.reads.wording import moment
from api.http.shapes.commands import CommandShape, CommandsShape, ExplanationShape
from api.http.shapes.relays import RelayShape, RelaysShape
from node.commands.operating import CANCEL_RELAY, cancel, cancel_relay, explain
from node.commands.queue import OPEN
from node.store.commands import ACCEPTED, SIGNED, Command, Relayer, RelayTransaction

router = APIRouter(tags=["upkeep"])
READ_RELAYS = "ReadRelays"
MAX_LISTED = 200
Number = Annotated[int, Path(ge=1, le=2**62)]
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED)]


@router.get("/v1/commands", response_model=CommandsShape)
def list_commands(
    request: Request,
    state: Annotated[
        Literal["accepted", "relayed", "final", "refused", "expired"] | None, Query()
    ] = None,
    before: Annotated[CommandId | None, Query(description="the last id of the page before")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List commands, the latest first."""
    with reading(request, "ReadCommand") as reader:
        query = select(Command).order_by(col(Command.number).desc()).limit(limit)
        if state is not None:
            states = (ACCEPTED, SIGNED) if state == ACCEPTED else (state,)
            query = query.where(col(Command.state).in_(states))
        if before is not None:
            last = find_command(reader.session, before)
            query = query.where(col(Command.number) < last.number)
        rows = reader.session.exec(query).all()
        return {
            "commands": [command_json(row) for row in rows],
            "next": rows[-1].id if len(rows) == limit else None,
        }


@router.get("/v1/commands/{command}/explanation", response_model=ExplanationShape)
def explain_command(request: Request, command: CommandId) -> dict[str, Any]:
    """Say what a command waits for."""
    with reading(request, "ReadCommand") as reader:
        row = find_command(reader.session, command)
        return {"command": command_json(row), "waits_for": explain(reader.session, row)}


@router.post("/v1/commands/{command}/cancel", response_model=CommandShape)
def cancel_command(request: Request, command: CommandId) -> dict[str, Any]:
    """End a command whose act is not on its way to the ledger."""
    actor = allow(request, "CancelCommand")
    require_no_body(request)
    with node_of(request).db.begin() as session:
        row = find_command(session, command)
        cancel(session, row, actor)
        return command_json(row)


@router.get("/v1/relays", response_model=RelaysShape)
def list_relays(
    request: Request,
    state: Annotated[
        Literal["open", "done", "reverted", "displaced", "cancelled"], Query()
    ] = "open",
    limit: Limit = 50,
) -> dict[str, Any]:
    """List the relay keys, and the transactions in one state, the latest first."""
    with reading(request, READ_RELAYS) as reader:
        keys = reader.session.exec(select(Relayer).order_by(col(Relayer.name))).all()
        names = {key.address: key.name for key in keys}
        counts = select(RelayTransaction.relayer, func.count()).group_by(
            col(RelayTransaction.relayer)
        )
        open_counts = dict(reader.session.exec(counts.where(RelayTransaction.state == OPEN)).all())
        rows = reader.session.exec(
            select(RelayTransaction)
            .where(RelayTransaction.state == state)
            .order_by(col(RelayTransaction.number).desc())
            .limit(limit)
        ).all()
        return {
            "relayers": [
                {
                    "name": key.name,
                    "address": key.address,
                    "state": key.state,
                    "code": key.code,
                    "since": moment(key.since),
                    "open": open_counts.get(key.address, 0),
                }
                for key in keys
            ],
            "transactions": [_relay(row, names) for row in rows],
        }


@router.post("/v1/relays/{number}/cancel", response_model=RelayShape)
def cancel_transaction(request: Request, number: Number) -> dict[str, Any]:
    """Have the nonce of an open transaction used up by one that does nothing."""
    actor = allow(request, CANCEL_RELAY)
    require_no_body(request)
    with node_of(request).db.begin() as session:
        row = session.get(RelayTransaction, number)
        if row is None:
            raise NothingHere("This node knows no relay transaction of this number.", number=number)
        cancel_relay(session, row, actor)
        key = session.get(Relayer, row.relayer)
        return _relay(row, {} if key is None else {key.address: key.name})


def _relay(row: RelayTransaction, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "relayer": names.get(row.relayer, row.relayer),
        "nonce": row.nonce,
        "contract": row.contract,
        "hash": row.hash,
        "state": row.state,
        "acts": row.acts,
        "block": row.block,
        "ledger_said": row.said,
        "cancelled_by": row.cancelled_by,
        "created_at": moment(row.created_at),
        "sent_at": None if row.sent_at is None else moment(row.sent_at),
    }
