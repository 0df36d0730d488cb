"""Titles from the command line: seen, issued, offered, accepted, surrendered through the API."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table
from api.cli.writing import DEFAULT_WAIT_SECONDS, Key, Wait, write

app = typer.Typer(no_args_is_help=True, help="Titles: see them and act on them.")

TitleId = Annotated[str, typer.Argument(help="The title's id, 0x and 64 hex digits.")]
Deadline = Annotated[
    int, typer.Option(min=60, help="Seconds from now after which the offer lapses.")
]
OfferDigest = Annotated[
    str | None, typer.Option("--offer", help="The offer's digest; the open offer if not given.")
]
DAY_SECONDS = 86_400


@app.command("list")
def list_titles(as_json: AsJson = False) -> None:
    """List the titles that concern this member."""
    from api.cli.client import Member

    answer = Member().read("/v1/titles")
    columns = ["id", "state", "kind", "controller"]
    show(answer, as_json, lambda value: table(value["titles"], columns))


@app.command("show")
def show_title(title: TitleId, as_json: AsJson = False) -> None:
    """Show a title as it stands."""
    show(_title(title), as_json, fields)


@app.command()
def events(title: TitleId, as_json: AsJson = False) -> None:
    """List who signed what, in the ledger's order."""
    from api.cli.client import Member

    answer = Member().read(f"/v1/titles/{title}/events")
    columns = ["block", "at", "verb", "principal", "outcome", "refusal"]
    show(answer, as_json, lambda value: table(value["events"], columns))


@app.command()
def issue(
    document: Annotated[Path, typer.Argument(help="A DCSA transport document, JSON.")],
    holder: Annotated[str, typer.Option(help="Member id of the first holder.")],
    deadline: Deadline = 7 * DAY_SECONDS,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Issue a title for a bill of lading and offer it to its first holder."""
    try:
        content = json.loads(document.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageInvalid(
            "DOCUMENT_UNREADABLE", f"{document} cannot be read as JSON.", "Name a JSON file."
        ) from error
    body = {"document": content, "holder": holder, "deadline_seconds": deadline}
    write("/v1/titles", body, key, wait, as_json)


@app.command()
def offer(
    title: TitleId,
    to: Annotated[str, typer.Option(help="Member id of the other side.")],
    capacity: Annotated[str, typer.Option(help="holder or pledgee")] = "holder",
    endorsement: Annotated[str, typer.Option(help="none, named or blank")] = "none",
    deadline: Deadline = DAY_SECONDS,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Offer a title; nothing moves before the other side accepts."""
    body = {
        "to": to,
        "capacity": capacity,
        "endorsement": endorsement,
        "deadline_seconds": deadline,
    }
    write(f"/v1/titles/{title}/offers", body, key, wait, as_json)


@app.command()
def accept(
    title: TitleId,
    offer: OfferDigest = None,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Accept an offer of exactly these terms."""
    body = {"offer": offer or _open_offer(title)}
    write(f"/v1/titles/{title}/accept", body, key, wait, as_json)


@app.command()
def decline(
    title: TitleId,
    offer: OfferDigest = None,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Decline an offer."""
    body = {"offer": offer or _open_offer(title)}
    write(f"/v1/titles/{title}/decline", body, key, wait, as_json)


@app.command()
def withdraw(
    title: TitleId,
    offer: OfferDigest = None,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Withdraw this member's own offer."""
    body = {"offer": offer or _open_offer(title)}
    write(f"/v1/titles/{title}/withdraw", body, key, wait, as_json)


@app.command("release-pledge")
def release_pledge(
    title: TitleId, key: Key = None, wait: Wait = DEFAULT_WAIT_SECONDS, as_json: AsJson = False
) -> None:
    """Release this member's pledge; control goes back to the holder."""
    write(f"/v1/titles/{title}/release-pledge", {}, key, wait, as_json)


@app.command()
def surrender(
    title: TitleId,
    deadline: Deadline = DAY_SECONDS,
    key: Key = None,
    wait: Wait = DEFAULT_WAIT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Surrender a title to the carrier for delivery."""
    body = {"purpose": "delivery", "deadline_seconds": deadline}
    write(f"/v1/titles/{title}/surrender", body, key, wait, as_json)


@app.command()
def void(
    title: TitleId, key: Key = None, wait: Wait = DEFAULT_WAIT_SECONDS, as_json: AsJson = False
) -> None:
    """Void a title that nobody has accepted yet."""
    write(f"/v1/titles/{title}/void", {}, key, wait, as_json)


def _title(title: str) -> dict[str, Any]:
    from api.cli.client import Member

    answer: dict[str, Any] = Member().read(f"/v1/titles/{title}")
    return answer


def _open_offer(title: str) -> str:
    """The digest of the title's open offer; raises UsageInvalid when there is none."""
    offer = _title(title)["offer"]
    if offer is None:
        raise UsageInvalid(
            "NO_OPEN_OFFER", "The title has no open offer.", "Look at it with `lading title show`."
        )
    return str(offer["digest"])
