"""The member behind the API, the others, commands, and the node's health."""

from typing import Annotated

import typer

from api.cli.output import AsJson, fields, show, table, working
from api.cli.writing import end

REBUILD_SECONDS = 3_600.0

app = typer.Typer(no_args_is_help=True, help="The member, the others, commands, health.")


@app.command()
def me(as_json: AsJson = False) -> None:
    """Show whose token this is and which member's node answers."""
    _read("/v1/me", as_json)


@app.command()
def health(as_json: AsJson = False) -> None:
    """Show whether the ledger answers and how far behind the node is."""
    _read("/v1/health", as_json)


@app.command("list")
def list_members(as_json: AsJson = False) -> None:
    """List the network's members."""
    from api.cli.client import Member

    columns = ["id", "name", "roles", "status"]
    answer = Member().read("/v1/members")
    show(answer, as_json, lambda value: table(value["members"], columns))


@app.command()
def command(
    command_id: Annotated[str, typer.Argument(help="The command's id.")],
    wait: Annotated[int, typer.Option(min=0, max=60, help="Seconds to wait for its end.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show what became of a write."""
    from api.cli.client import Member

    query = {"wait": "final", "wait_seconds": wait} if wait else {}
    with working("Waiting until it is final"):
        answer = Member().read(f"/v1/commands/{command_id}", **query)
    end(answer, None, bool(wait), as_json)


@app.command()
def refusals(
    about: Annotated[str, typer.Argument(help="A title's, order's or right's id.")],
    as_json: AsJson = False,
) -> None:
    """List what was refused about an object, by the ledger and by this node."""
    from api.cli.client import Member

    columns = ["at", "verb", "code", "principal"]
    answer = Member().read("/v1/refusals", object=about)
    show(answer, as_json, lambda value: table(value["refusals"], columns))


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Drop the tables made from the ledger and fill them again."""
    from api.cli.client import Member

    with working("Rebuilding from the ledger"):
        answer = Member().call("/v1/projections/rebuild", {}, REBUILD_SECONDS)
    show(answer, as_json, fields)


def _read(path: str, as_json: bool) -> None:
    from api.cli.client import Member

    show(Member().read(path), as_json, fields)
