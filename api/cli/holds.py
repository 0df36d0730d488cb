"""Legal holds on the command line: what stands on a document, set and lifted."""

from typing import Annotated, Any

import typer

from api.cli.files import Reason, Root
from api.cli.output import AsJson, show, table

app = typer.Typer(
    no_args_is_help=True, help="Legal holds: nothing under one is deleted, whatever its age."
)
COLUMNS = ["id", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at"]


@app.command("list")
def list_holds(root: Root, as_json: AsJson = False) -> None:
    """List every hold that was ever set on a document."""
    from api.cli.client import Member

    told = Member().read(f"/v1/documents/{root}/holds")
    show(told, as_json, lambda value: table(value["holds"], COLUMNS))


@app.command("set")
def place(root: Root, reason: Reason, as_json: AsJson = False) -> None:
    """Put a document and its files on legal hold; several holds stand beside each other."""
    from api.cli.client import Member

    show(Member().call(f"/v1/documents/{root}/holds", {"reason": reason}, seconds=30.0),
         as_json, _placed)  # fmt: skip


@app.command()
def lift(
    root: Root,
    hold: Annotated[str, typer.Argument(help="The hold's id, as `lading holds list` tells it.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Lift one hold; others on the document stand."""
    from api.cli.client import Member

    path = f"/v1/documents/{root}/holds/{hold}/lift"
    show(Member().call(path, {"reason": reason}, seconds=30.0), as_json, _lifted)


def _placed(told: dict[str, Any]) -> str:
    return f"the document and its files are on hold\nid: {told['id']}"


def _lifted(told: dict[str, Any]) -> str:
    return f"the hold {told['id']} is lifted; others on the document stand"
