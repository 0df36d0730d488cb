"""For operators: commands and relay transactions, why they wait, and to end them."""

from typing import Annotated, Any

import typer

from api.cli.output import AsJson, fields, show, table

CANCEL_SECONDS = 30.0

app = typer.Typer(no_args_is_help=True, help="Commands and relays: list, explain, cancel.")
CommandId = Annotated[str, typer.Argument(help="The command's id.")]


@app.command("list")
def list_commands(
    state: Annotated[
        str | None, typer.Option(help="accepted, relayed, final, refused or expired.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """List commands, the latest first."""
    query = {"limit": limit} | ({} if state is None else {"state": state})
    columns = ["id", "verb", "object", "state", "updated_at"]
    answer = _read("/v1/commands", **query)
    show(answer, as_json, lambda value: table(value["commands"], columns))


@app.command()
def explain(command: CommandId, as_json: AsJson = False) -> None:
    """Say what a command waits for."""
    show(_read(f"/v1/commands/{command}/explanation"), as_json, fields)


@app.command()
def cancel(command: CommandId, as_json: AsJson = False) -> None:
    """End a command whose act is not on its way to the ledger."""
    show(_write(f"/v1/commands/{command}/cancel"), as_json, fields)


@app.command()
def relays(
    state: Annotated[
        str, typer.Option(help="open, done, reverted, displaced or cancelled.")
    ] = "open",
    as_json: AsJson = False,
) -> None:
    """List the relay keys, and their transactions in one state."""
    show(_read("/v1/relays", state=state), as_json, _relays)


@app.command("cancel-relay")
def cancel_relay(
    number: Annotated[int, typer.Argument(help="The transaction's number.")],
    as_json: AsJson = False,
) -> None:
    """Have the nonce of an open transaction used up by one that does nothing."""
    show(_write(f"/v1/relays/{number}/cancel"), as_json, fields)


def _relays(value: dict[str, Any]) -> str:
    keys = table(value["relayers"], ["name", "address", "state", "code", "since", "open"])
    columns = ["number", "relayer", "nonce", "acts", "state", "sent_at", "ledger_said"]
    return f"{keys}\n\n{table(value['transactions'], columns)}"


def _read(path: str, **query: Any) -> Any:
    from api.cli.client import Member

    return Member().read(path, **query)


def _write(path: str) -> Any:
    from api.cli.client import Member

    return Member().call(path, {}, CANCEL_SECONDS)
