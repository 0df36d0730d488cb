"""``lading authority``: who may act for this member, as its administrators decide and sign it."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table

app = typer.Typer(
    no_args_is_help=True, help="Who may do what for this member, signed by its administrators."
)
Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]
Name = Annotated[str, typer.Argument(help="The subject, as tokens and accounts name it.")]
KEY_VARIABLE = "LADING_KEY_PASSPHRASE"


@app.command()
def key(
    path: Annotated[Path, typer.Argument(help="A new file for the private key.")],
    as_json: AsJson = False,
) -> None:
    """Make a P-256 key for an administrator or an approver; the public half stands beside it.

    The passphrase comes from LADING_KEY_PASSPHRASE, or is asked for.
    """
    from api.cli.person_keys import make_key

    show(make_key(path, passphrase_of_key(True)), as_json, fields)


@app.command()
def init(
    directory: Directory,
    administrator: Annotated[
        list[str], typer.Option(help="NAME=FILE with a public key or certificate; may be repeated.")
    ],
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Begin the first draft, with the roles that tokens.json gives now."""
    from api.cli.person_keys import named_keys
    from identity.authority.drafting import first_draft
    from node.authority.installing import DRAFT, NODE_FILE, write_draft
    from node.settings import Settings

    if (directory / NODE_FILE).exists():
        raise _unusable("The member has an authority file; change it by a draft.")
    settings = Settings.load(directory)
    rows = named_keys(administrator)
    draft = first_draft(settings.member, rows, threshold, _of_tokens(settings.tokens_file))
    write_draft(directory, draft)
    show({"draft": str(directory / DRAFT), "subjects": len(draft["subjects"])}, as_json, fields)


@app.command()
def draft(directory: Directory, as_json: AsJson = False) -> None:
    """Begin a draft of the next number, from the file in force."""
    from identity.authority.drafting import next_draft
    from node.authority.installing import DRAFT, NODE_FILE, file_at, write_draft

    file = file_at(directory / NODE_FILE)
    if file is None:
        raise _unusable("The member has no authority file; `lading authority init` begins one.")
    write_draft(directory, next_draft(file))
    show({"draft": str(directory / DRAFT), "number": file.number + 1}, as_json, fields)


@app.command("show")
def show_file(
    directory: Directory,
    of_draft: Annotated[bool, typer.Option("--draft", help="The draft instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who may do what, by the file in force or by the draft."""
    from identity.authority.file import read
    from identity.authority.signing import fingerprint, signed_by
    from node.authority.installing import NODE_FILE, file_at, read_draft

    file = read(read_draft(directory)) if of_draft else file_at(directory / NODE_FILE)
    if file is None:
        raise _unusable("The member has no authority file; roles are those of tokens.json.")
    told = {
        **file.content,
        "fingerprint": fingerprint(file),
        "signed_by": signed_by(file, file.administrators),
    }
    show(told, as_json, _in_words)


@app.command("add-subject")
def add_subject(
    directory: Directory,
    name: Name,
    role: Annotated[list[str], typer.Option(help="issuer, clerk, finance, …; may be repeated.")],
    kind: Annotated[str, typer.Option(help="person, service or device.")] = "person",
    as_json: AsJson = False,
) -> None:
    """Add somebody to the draft, or give somebody these roles."""
    from identity.authority.drafting import with_subject

    _change(directory, lambda given: with_subject(given, name, kind, role), as_json)


@app.command("remove-subject")
def remove_subject(directory: Directory, name: Name, as_json: AsJson = False) -> None:
    """Take somebody out of the draft."""
    from identity.authority.drafting import without_subject

    _change(directory, lambda given: without_subject(given, name), as_json)


@app.command()
def suspend(
    directory: Directory,
    name: Name,
    end: Annotated[bool, typer.Option("--end", help="End the suspension.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let somebody do nothing for the time being."""
    from identity.authority.drafting import with_suspension

    _change(directory, lambda given: with_suspension(given, name, not end), as_json)


@app.command("set-limit")
def set_limit(
    directory: Directory,
    name: Name,
    verb: Annotated[list[str], typer.Option(help="Offer, Pledge, Issue, …; may be repeated.")],
    port: Annotated[list[str] | None, typer.Option(help="UN/LOCODE; may be repeated.")] = None,
    most: Annotated[str | None, typer.Option("--max", help="As 1000000.00USD.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, as 2027-06-30 (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody do these only at these ports, up to this value, until this day."""
    from identity.authority.drafting import with_limit

    limit = {"verbs": verb, "ports": port, "max_value": _money(most), "until": _end_of_day(until)}
    _change(directory, lambda given: with_limit(given, name, limit), as_json)


@app.command("set-rule")
def set_rule(
    directory: Directory,
    approvals: Annotated[int, typer.Argument(min=0, max=8, help="How many others; 0: none.")],
    verb: Annotated[list[str], typer.Option(help="Offer, Pledge, Issue, …; may be repeated.")],
    least: Annotated[str | None, typer.Option("--from", help="Only from 50000.00USD on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set how many others must approve these before they are signed."""
    from identity.authority.drafting import with_rule

    _change(directory, lambda given: with_rule(given, verb, approvals, _money(least)), as_json)


@app.command("keep-apart")
def keep_apart(
    directory: Directory,
    one: Annotated[str, typer.Argument(help="A role, or an act.")],
    other: Annotated[str, typer.Argument(help="Another one of the same sort.")],
    as_json: AsJson = False,
) -> None:
    """Keep two roles from one person, or two acts on one object."""
    from identity.authority.drafting import with_separation

    _change(directory, lambda given: with_separation(given, one, other), as_json)


@app.command("add-approver")
def add_approver(
    directory: Directory,
    name: Name,
    certificate: Annotated[
        Path | None, typer.Option(help="A certificate or public key (PEM).", dir_okay=False)
    ] = None,
    passkey: Annotated[
        str | None, typer.Option(help="A passkey of the person's account: its label or id.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="The pages' address, as https://lading.example.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last day, as 2027-06-30 (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody approve with a certificate's key, or with a passkey that they have made."""
    from api.cli.person_keys import approval_key
    from identity.authority.drafting import with_approval_key

    key = approval_key(directory, name, certificate, passkey, origin, _end_of_day(until))
    _change(directory, lambda given: with_approval_key(given, name, key), as_json)


@app.command()
def sign(
    directory: Directory,
    key: Annotated[Path, typer.Option(help="The administrator's private key.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Sign the draft as it is; read it first with `lading authority show --draft`."""
    from api.cli.person_keys import private_key
    from identity.authority.drafting import with_signature
    from identity.authority.file import read
    from identity.authority.signing import sign as signature_of

    secret = private_key(key, passphrase_of_key(False))
    _change(directory, lambda given: with_signature(given, signature_of(read(given), secret)),
            as_json)  # fmt: skip


@app.command()
def install(
    directory: Directory,
    signer: Annotated[
        Path | None, typer.Option(help="The signer's directory, where it is another.")
    ] = None,
    administrators: Annotated[
        str | None, typer.Option(help="The first time: the administrators' fingerprint.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the signed draft in force for node and signer; it counts at once."""
    from node.authority.installing import install as put_in_force

    done = put_in_force(directory, signer or directory, administrators)
    show(dict(vars(done)), as_json, fields)


@app.command()
def review(directory: Directory, as_json: AsJson = False) -> None:
    """Report who may do what, who used it, and what to ask about."""
    from node.authority.installing import NODE_FILE, file_at
    from node.authority.reviewing import review as report_on
    from node.settings import Settings
    from node.upkeep.measures import opened

    settings = Settings.load(directory)
    file = file_at(directory / NODE_FILE)
    if file is None:
        raise _unusable("The member has no authority file; roles are those of tokens.json.")
    with opened(settings) as database, database.read() as session:
        show(report_on(session, settings, file).to_json(), as_json, _review)


def _change(directory: Path, change: Any, as_json: bool) -> None:
    from identity.authority.file import read
    from identity.authority.signing import fingerprint, signed_by
    from node.authority.installing import read_draft, write_draft

    changed = change(read_draft(directory))
    write_draft(directory, changed)
    file = read(changed)
    told = {
        "number": file.number,
        "subjects": len(file.subjects),
        "signed_by": ", ".join(signed_by(file, file.administrators)) or "nobody yet",
        "needed": file.threshold,
        "administrators": fingerprint(file),
    }
    show(told, as_json, fields)


def _of_tokens(path: Path) -> list[dict[str, Any]]:
    """The subjects of tokens.json, which their kind cannot be told of: services."""
    import json

    try:
        rows = json.loads(path.read_bytes())
        return [
            {"subject": row["subject"], "kind": "service", "roles": sorted(row["roles"])}
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable("tokens.json cannot be read.") from error


def _money(given: str | None) -> dict[str, str] | None:
    return None if given is None else {"amount": given[:-3].strip(), "currency": given[-3:]}


def _end_of_day(given: str | None) -> int | None:
    if given is None:
        return None
    try:
        day = datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise _unusable("A day is written as 2027-06-30.") from error
    return int(day.timestamp()) + 86_399


def passphrase_of_key(new: bool) -> str:
    """Return the passphrase of a person's key file; raises UsageInvalid."""
    given = os.environ.get(KEY_VARIABLE)
    if given is None and sys.stdin.isatty():
        asked = typer.prompt("The key's passphrase", hide_input=True, confirmation_prompt=new)
        given = str(asked)
    if given is None or (new and len(given) < 12):
        raise _unusable(f"{KEY_VARIABLE} has no 12 characters.")
    return given


def _unusable(message: str) -> UsageInvalid:
    return UsageInvalid("AUTHORITY_USAGE", message, "docs/operate.md shows the commands in order.")


def _in_words(told: dict[str, Any]) -> str:
    rows = [
        {**row, "roles": ", ".join(row["roles"]), "limits": len(row.get("limits", [])),
         "approves": len(row.get("approval_keys", [])),
         "suspended": "yes" if row.get("suspended") else ""}
        for row in told["subjects"]
    ]  # fmt: skip
    rules = [
        {"verbs": ", ".join(rule["verbs"]), "approvals": rule["approvals"],
         "from": _value(rule.get("from_value"))}
        for rule in told.get("rules", [])
    ]  # fmt: skip
    names = [one["subject"] for one in told["administrators"]]
    return "\n".join(
        [
            f"number {told['number']}, {told['threshold']} of {len(names)} administrators sign: "
            + ", ".join(names),
            f"signed by {', '.join(told['signed_by']) or 'nobody'}",
            f"administrators' fingerprint {told['fingerprint']}",
            "\nsubjects:",
            table(rows, ["subject", "kind", "roles", "limits", "approves", "suspended"]),
            "\napprovals needed:",
            table(rules, ["verbs", "approvals", "from"]),
            "\nkept apart: "
            + ("; ".join(" and ".join(p) for p in told.get("separation", [])) or "nothing"),
        ]
    )


def _value(given: dict[str, str] | None) -> str:
    return "" if given is None else f"{given['amount']} {given['currency']}"


def _review(report: dict[str, Any]) -> str:
    rows = [
        {**row, "roles": ", ".join(row["roles"]), "may": len(row["may"]),
         "limits": len(row["limits"]), "approves": len(row["approves_with"]),
         "last_used": _day(row["last_used"])}
        for row in report["subjects"]
    ]  # fmt: skip
    return "\n".join(
        [
            f"authority file {report['number']}, signed by {', '.join(report['signed_by'])}",
            table(rows, ["subject", "kind", "roles", "may", "limits", "approves", "last_used"]),
            "\nto ask about:",
            "\n".join(question["says"] for question in report["questions"]) or "nothing",
        ]
    )


def _day(at: int | None) -> str:
    return "never" if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()
