"""The stream of events on the command line: one line an event, until stopped."""

import json
import sys
import time
from typing import Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson

app = typer.Typer(no_args_is_help=True, help="What happened, in one order, as it happens.")

RETRY_SECONDS = 2.0


@app.callback()
def events() -> None:
    """What happened, in one order, as it happens."""


@app.command()
def follow(
    after: Annotated[
        int | None, typer.Option(help="Go on after this position; 0 for everything.")
    ] = None,
    subscriber: Annotated[
        str | None, typer.Option(help="Read as this subscriber, and acknowledge what was printed.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A title's id.")] = None,
    container: Annotated[str | None, typer.Option(help="A container's number.")] = None,
    member: Annotated[str | None, typer.Option(help="A member's id.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="acted, followed, refused, command.")
    ] = None,
    verb: Annotated[list[str] | None, typer.Option(help="Offer, Accept, …")] = None,
    as_json: AsJson = False,
) -> None:
    """Print events as they come, until Ctrl-C; go on by itself when the node was away.

    Without ``--after`` and ``--subscriber`` it begins with the next event.
    """
    from api.cli.client import Member

    if after is not None and after < 0:
        raise UsageInvalid("POSITION_MALFORMED", "A position is not negative.", "Use 0 or more.")
    given = {"title": title, "container": container, "member": member, "kind": kind, "verb": verb}
    query: dict[str, Any] = {name: value for name, value in given.items() if value}
    client = Member()
    if subscriber:
        query["subscriber"] = subscriber
    elif after is None:
        after = int(client.read("/v1/events", limit=1)["head"])
    _follow(client, query, after, as_json)


def _follow(client: Any, query: dict[str, Any], after: int | None, as_json: bool) -> None:
    from api.cli.errors import NotAnswered

    while True:
        try:
            for position, event in client.events(query, after):
                after = position
                if event:
                    _print(event, as_json)
                    if "subscriber" in query:
                        path = f"/v1/subscribers/{query['subscriber']}/ack"
                        client.call(path, {"position": position}, seconds=30.0)
        except NotAnswered as error:
            sys.stderr.write(f"{error.code}: {error.message} Trying again.\n")
        time.sleep(RETRY_SECONDS)


def _print(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        line = json.dumps(event, ensure_ascii=False)
    else:
        told = (event["kind"], event["verb"], event["state"], event["code"])
        said = " ".join(word for word in told if word)
        line = f"{event['position']}  {event['at']}  {said}  {event['object'] or ''}".rstrip()
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
