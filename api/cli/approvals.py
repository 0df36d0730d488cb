"""``lading approvals``: what waits for another person, and that person's yes or no."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import AsJson, fields, show, table

app = typer.Typer(no_args_is_help=True, help="Four eyes: what waits for you to approve it.")
CommandId = Annotated[str, typer.Argument(help="The command's id.")]
ANSWER_SECONDS = 30.0


@app.command("list")
def list_approvals(as_json: AsJson = False) -> None:
    """List what waits, the oldest first; REFUSED says why you may not approve it."""
    from api.cli.client import Member

    columns = ["command", "verb", "asked_by", "given", "needed", "expires", "refused"]

    def told(answer: dict[str, Any]) -> str:
        rows = [
            {**one, "asked_by": one["terms"]["asked_by"], "given": ", ".join(one["given"])}
            for one in answer["approvals"]
        ]
        return table(rows, columns)

    show(Member().read("/v1/approvals"), as_json, told)


@app.command("show")
def show_one(command: CommandId, as_json: AsJson = False) -> None:
    """Show in words what would be signed."""
    from api.cli.client import Member

    show(Member().read(f"/v1/approvals/{command}"), as_json, fields)


@app.command()
def approve(
    command: CommandId,
    key: Annotated[Path, typer.Option(help="Your private key (PEM).", dir_okay=False)],
    network: Annotated[
        Path | None, typer.Option(help="Your own network.json, to believe the node nothing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve it with the key of your certificate.

    What is signed is computed here from the act and the terms that are shown; with --network the
    act's digest too.
    """
    from api.cli.authority import passphrase_of_key
    from api.cli.client import Member
    from api.cli.person_keys import private_key
    from identity.signatures.person import sign_by

    member = Member()
    waiting = member.read(f"/v1/approvals/{command}")
    typer.echo(waiting["says"], err=True)
    typer.echo(waiting["says_zh"], err=True)
    challenge = _challenge(waiting, network)
    signature = "0x" + sign_by(private_key(key, passphrase_of_key(False)), challenge).hex()
    body = {"kind": "certificate", "proof": {"signature": signature}}
    show(member.call(f"/v1/approvals/{command}", body, ANSWER_SECONDS), as_json, fields)


def _challenge(waiting: dict[str, Any], network: Path | None) -> bytes:
    from api.cli.errors import UsageInvalid
    from identity.acts.typed import act_from_json
    from identity.approvals.approval import approval_digest, challenge
    from node.chain.network import load

    act = act_from_json(waiting["act"])
    if waiting["digest"] is None:
        raise UsageInvalid("NOT_READY", "Its title is not numbered yet.", "Try again in a moment.")
    digest = bytes.fromhex(waiting["digest"][2:])
    if (
        network is not None
        and approval_digest(load(network).domain(act.type.contract), act) != digest
    ):
        raise UsageInvalid(
            "OTHER_ACT", "The node's digest is not that of the act it shows.", "Approve nothing."
        )
    return challenge(digest, act.expires, waiting["terms"])


@app.command()
def decline(command: CommandId, as_json: AsJson = False) -> None:
    """Say no: the command ends."""
    from api.cli.client import Member

    show(Member().call(f"/v1/approvals/{command}/decline", {}, ANSWER_SECONDS), as_json, fields)
