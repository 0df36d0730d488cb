"""The operator's commands, on the member's directory itself: make, look, copy, put back, mend."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import REFUSED, UsageInvalid
from api.cli.output import AsJson, fields, show, table, working

Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]
SIGNER_PASSPHRASE, NODE_PASSPHRASE = "LADING_SIGNER_PASSPHRASE", "LADING_NODE_PASSPHRASE"
MIN_PASSPHRASE = 12


def init(
    directory: Directory,
    name: Annotated[str, typer.Option(help="The organisation's legal name, in English.")],
    name_zh: Annotated[str, typer.Option(help="The same, in Chinese.")],
    role: Annotated[list[str], typer.Option(help="carrier, bank, terminal, …; may be repeated.")],
    host: Annotated[str, typer.Option(help="Where other members reach this node.")],
    ledger: Annotated[str, typer.Option(help="The ledger's JSON-RPC.")],
    peers_port: Annotated[int, typer.Option(min=1, max=65535)] = 8443,
    api_port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    listen: Annotated[
        str, typer.Option(help="Address that the peers port is bound to.")
    ] = "0.0.0.0",  # noqa: S104
    network: Annotated[Path | None, typer.Option(help="The network's network.json.")] = None,
    credit_code: Annotated[
        str | None, typer.Option(help="Unified social credit code, if registered in China.")
    ] = None,
    recover: Annotated[
        str | None, typer.Option(help="The id of a member that has lost its keys.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new member's directory: keys, certificate, profile, settings, tokens.

    Passphrases come from LADING_SIGNER_PASSPHRASE and LADING_NODE_PASSPHRASE, or are asked for.
    Nothing that exists is overwritten. What the council needs to admit the member is written to
    admission.json; the tokens are shown once.
    """
    from api.cli.joining import lay_down

    passphrases = {
        "signer": _passphrase(SIGNER_PASSPHRASE, "signer"),
        "node": _passphrase(NODE_PASSPHRASE, "node"),
    }
    if passphrases["signer"] == passphrases["node"]:
        raise _unusable("The signer and the node have the same passphrase.")
    told = lay_down(
        directory, (name, name_zh), role, (host, listen, api_port, peers_port), ledger,
        passphrases, network, credit_code, recover,
    )  # fmt: skip
    show(told, as_json, fields)


def apply(
    directory: Directory,
    target: Annotated[Path, typer.Argument(help="The application's file, not there yet.")],
    document: Annotated[
        list[Path] | None, typer.Option(help="A document the council gets; may be repeated.")
    ] = None,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="New keys for a member that lost its own.")
    ] = False,
    series: Annotated[
        str | None, typer.Option(help="A new number series, where the numbering key is lost too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an application to the council, signed by every key of the directory.

    Passphrases as for lading init. The file is public; the documents go by another way.
    """
    from api.cli.applying import make

    passphrases = {
        "signer": _passphrase(SIGNER_PASSPHRASE, "signer"),
        "node": _passphrase(NODE_PASSPHRASE, "node"),
    }
    told = make(directory, target, list(document or ()), passphrases, recovery, series)
    show(told, as_json, fields)


def conformance(
    directory: Directory,
    peer: Annotated[str | None, typer.Option(help="One member's id; without it all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try a new node against others': TLS, signature, clock, versions, a message, reads.

    The node runs; its passphrase is LADING_KEYSTORE_PASSPHRASE. Ends with 1 when something fails.
    """
    from api.cli.conforming import tried

    with working("Trying"):
        found = tried(directory, peer)
    show(found, as_json, lambda rows: table(rows, ["state", "what", "says"]))
    if not found or any(each["state"] == "fail" for each in found):
        raise typer.Exit(REFUSED)


def know(
    directory: Directory,
    file: Annotated[
        Path, typer.Argument(help="A profile, an application, or network.json.", dir_okay=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Take over another member's profile, or a network.json that the council has signed anew."""
    from api.cli.conforming import taken_over

    show(taken_over(directory, file), as_json, fields)


def status(directory: Directory, as_json: AsJson = False) -> None:
    """Show on one screen what runs, how far it is, what waits, and the last errors."""
    from api.cli.standing import standing

    show(standing(directory), as_json, _screen)


def backup(
    directory: Directory,
    target: Annotated[Path, typer.Argument(help="A new directory for the backup.")],
    as_json: AsJson = False,
) -> None:
    """Copy the member's database, vault, keys and settings while its node runs."""
    from node.settings import Settings
    from node.upkeep.backup import back_up

    with working("Copying"):
        made = back_up(Settings.load(directory), target)
    show(_told(made), as_json, fields)


def restore(
    source: Annotated[Path, typer.Argument(help="The backup.", file_okay=False)],
    directory: Annotated[Path, typer.Argument(help="The member's directory, not there yet.")],
    as_json: AsJson = False,
) -> None:
    """Put a member back as it was at its backup; a database of PostgreSQL must be empty."""
    from node.upkeep.backup import restore as put_back

    with working("Comparing and copying"):
        done = put_back(source, directory)
    show(_told(done), as_json, fields)


def doctor(
    directory: Directory,
    repair: Annotated[bool, typer.Option(help="Rebuild tables, retry failed work.")] = False,
    before_start: Annotated[bool, typer.Option(help="Only what needs no process.")] = False,
    network: Annotated[bool, typer.Option(help="Also reach every other member.")] = False,
    vault: Annotated[bool, typer.Option(help="Also read every file of the vault.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong and what to do; ends with 1 when something does not work."""
    from api.cli.standing import findings

    with working("Looking"):
        found = findings(directory, repair, before_start, network, vault)
    show(found, as_json, _findings)
    if any(finding["state"] == "fail" for finding in found):
        raise typer.Exit(REFUSED)


def _passphrase(variable: str, whose: str) -> str:
    given = os.environ.get(variable)
    if given is None and sys.stdin.isatty():
        asked = f"Passphrase of the {whose}'s key store"
        given = str(typer.prompt(asked, hide_input=True, confirmation_prompt=True))
    if given is None or len(given) < MIN_PASSPHRASE:
        raise _unusable(f"{variable} has no {MIN_PASSPHRASE} characters.")
    return given


def _unusable(message: str) -> UsageInvalid:
    advice = "Choose two long passphrases, keep each in another place, and try again."
    return UsageInvalid("PASSPHRASE_UNUSABLE", message, advice)


def _told(backup: Any) -> dict[str, Any]:
    return {
        "member": backup.member,
        "made_at": backup.made_at,
        "database": backup.database,
        "files": len(backup.files),
        "bytes": backup.bytes,
    }


def _findings(found: list[dict[str, Any]]) -> str:
    lines = []
    for finding in found:
        lines.append(f"{finding['state']:<5} {finding['code']:<24} {finding['sentence']}")
        if finding["what_to_do"]:
            lines.append(f"{'':<30} {finding['what_to_do']}")
    return "\n".join(lines)


def _screen(told: dict[str, Any]) -> str:
    errors = told.pop("last_errors")
    deliveries = [{"peer": peer, "owed": n} for peer, n in told.pop("deliveries").items()]
    work = told.pop("outbox")
    plain = {name: "none" if value == {} else value for name, value in told.items()}
    parts = [
        fields(plain),
        "\nwork that follows writes:",
        table(work, ["kind", "state", "rows"]),
        "\nowed to peers:",
        table(deliveries, ["peer", "owed"]),
        "\nlast errors:",
        table(errors, ["kind", "attempts", "error"]),
    ]
    return "\n".join(parts)
