"""A write from the command line: its options, the wait for its end, and how the end is told."""

import uuid
from typing import Annotated, Any

import typer

from api.cli.errors import MemberRefused, NotAnswered
from api.cli.output import fields, show, working

DEFAULT_WAIT_SECONDS = 20

Key = Annotated[
    str | None,
    typer.Option(
        "--key", help="The idempotency key: the same again repeats, a new one is a new act."
    ),
]
Wait = Annotated[
    int, typer.Option("--wait", min=0, max=60, help="Seconds to wait for the end; 0: do not wait.")
]


def write(path: str, body: dict[str, Any], key: str | None, wait: int, as_json: bool) -> None:
    """Send a write and tell its end.

    Raises:
        MemberRefused: the node or the ledger refused.
        NotAnswered: nothing answers, or there is no end yet; facts name the key to ask again with.
    """
    from api.cli.client import Member

    chosen = key or str(uuid.uuid4())
    with working("Waiting until it is final" if wait else "Sending"):
        try:
            command = Member().write(path, body, chosen, wait)
        except NotAnswered as error:
            advice = f"{error.what_to_do} The key was {chosen}."
            raise NotAnswered(error.code, error.message, advice) from error
    end(command, chosen, bool(wait), as_json)


def end(command: dict[str, Any], key: str | None, waited: bool, as_json: bool) -> None:
    """Print a command and end as it ended; raises MemberRefused, NotAnswered."""
    show(command, as_json, fields)
    refusal = command["refusal"]
    if refusal is not None:
        raise MemberRefused(refusal["code"], refusal["sentence"], refusal["what_to_do"])
    if waited and command["state"] != "final":
        again = f"lading member command {command['id']}"
        raise NotAnswered(
            "NOT_FINAL_YET",
            f"The command is {command['state']}, and not final yet.",
            f"Nothing is lost. Ask again with `{again} --wait 20`"
            + (f", or repeat it with --key {key}." if key else "."),
        )
