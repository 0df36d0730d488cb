"""Files beside documents on the command line: handed in, listed, fetched, sent, deleted."""

import mimetypes
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from api.cli.output import AsJson, fields, show, table, working

app = typer.Typer(no_args_is_help=True, help="Files beside documents: surveys, photographs, scans.")

Root = Annotated[str, typer.Argument(help="The document's root.")]
FileId = Annotated[str, typer.Argument(metavar="ID", help="The file's id.")]
Reason = Annotated[str, typer.Option(help="Why, in your words; it is kept.")]
DEFAULT_TYPE = "application/octet-stream"
COLUMNS = ["id", "name", "media_type", "size", "received_at"]


@app.command("list")
def list_files(root: Root, as_json: AsJson = False) -> None:
    """List the files beside a document."""
    from api.cli.client import Member

    told = Member().read(f"/v1/documents/{root}/attachments")
    show(told, as_json, lambda value: table(value["attachments"], COLUMNS))


@app.command()
def put(
    root: Root,
    file: Annotated[Path, typer.Argument(help="The file; 100 MiB at most.")],
    name: Annotated[str | None, typer.Option(help="Its name here; its own without.")] = None,
    media_type: Annotated[
        str | None, typer.Option("--type", help="Its media type; guessed by its name without.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The idempotency key of an attempt to be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a file beside a document that this member holds."""
    from api.cli.client import Member

    name = name or file.name
    media_type = media_type or mimetypes.guess_type(name)[0] or DEFAULT_TYPE
    with working("handing in"):
        told = Member().upload(
            f"/v1/documents/{root}/attachments",
            file,
            {"name": name},
            key or str(uuid4()),
            media_type,
        )
    show(told, as_json, _kept)


@app.command()
def get(
    root: Root,
    file: FileId,
    out: Annotated[Path, typer.Option(help="Where to; it must not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a file and check it against its hash."""
    from api.cli.client import Member

    with working("fetching"):
        size = Member().download(f"/v1/documents/{root}/attachments/{file}", out)
    show(
        {"file": str(out), "bytes": size},
        as_json,
        lambda value: f"{value['bytes']} bytes in {value['file']}, as the member announced them",
    )


@app.command()
def send(
    root: Root,
    file: FileId,
    to: Annotated[str, typer.Option(help="The member's id; it must hold the document.")],
    as_json: AsJson = False,
) -> None:
    """Send a file to another member that holds its document; again, it changes nothing."""
    from api.cli.client import Member

    path = f"/v1/documents/{root}/attachments/{file}/deliveries"
    show(Member().call(path, {"to": to}, seconds=30.0), as_json, fields)


@app.command()
def delete(root: Root, reason: Reason, as_json: AsJson = False) -> None:
    """Delete a document and all files beside it.

    Only past its retention, without a legal hold, and when no living title rests on it.
    """
    from api.cli.client import Member

    told = Member().call(f"/v1/documents/{root}/delete", {"reason": reason}, seconds=60.0)
    show(told, as_json, _deleted)


def _kept(told: dict[str, Any]) -> str:
    return f"{told['name']}, {told['size']} bytes, is kept beside the document\nid: {told['id']}"


def _deleted(told: dict[str, Any]) -> str:
    files = told["attachments"]
    return f"the document and {files} file{'' if files == 1 else 's'} beside it are deleted"
