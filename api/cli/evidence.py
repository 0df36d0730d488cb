"""A container's history, evidence files, and their check without node or network."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table, working

EXPORT_SECONDS = 120.0

app = typer.Typer(no_args_is_help=True, help="Evidence files.")


@app.callback()
def _evidence() -> None:
    """Keep ``export`` a command of its own, though it is the only one."""


def history(
    container: Annotated[str, typer.Argument(help="The container's number.")],
    as_json: AsJson = False,
) -> None:
    """Tell a container's history from this member's own node: who signed what, in which block."""
    from api.cli.client import Member

    columns = ["block", "at", "verb", "principal", "outcome", "refusal"]
    answer = Member().read(f"/v1/containers/{container}/history")
    show(answer, as_json, lambda value: table(value["events"], columns))


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    title: Annotated[str | None, typer.Option(help="A title's id.")] = None,
    container: Annotated[str | None, typer.Option(help="A container's number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have the node make an evidence file about a title or a container."""
    from api.cli.client import Member

    if (title is None) == (container is None):
        raise UsageInvalid(
            "SUBJECT_MISSING", "Name a title or a container.", "Give --title or --container."
        )
    body = {"title": title} if title else {"container": container}
    with working("Collecting proofs and witnesses' signatures"):
        answer = Member().call("/v1/evidence", body, EXPORT_SECONDS)
    try:
        to.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageInvalid(
            "FILE_UNWRITABLE", f"{to} cannot be written.", "Name another file."
        ) from error
    show({"written": str(to)}, as_json, fields)


def verify(
    file: Annotated[Path, typer.Argument(help="The evidence file.")],
    trust: Annotated[
        Path | None, typer.Option(help="The network.json you trust; without it nothing is proved.")
    ] = None,
    witnesses: Annotated[
        int, typer.Option(min=1, help="How many members must have signed each block and status.")
    ] = 2,
    as_json: AsJson = False,
) -> None:
    """Check an evidence file with nothing but the file and a network.json you trust."""
    from node.chain.network import load
    from node.evidence.file import MAX_FILE_BYTES, read
    from node.evidence.report import in_words, to_json
    from node.evidence.verify import verify as check

    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageInvalid("FILE_UNREADABLE", f"{file} cannot be read.", "Name a file.") from error
    with working("Checking proofs and signatures"):
        verdict = check(read(text), load(trust) if trust else None, witnesses)
    show(to_json(verdict) if as_json else in_words(verdict), as_json, str)
