"""The audit log of a member's directory: look into it, hand it out, and find what was changed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import REFUSED, UsageInvalid
from api.cli.output import AsJson, fields, show, table, working

app = typer.Typer(no_args_is_help=True, help="Who did what: the member's audit log.")
Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]
COLUMNS = ["at", "subject", "verb", "outcome", "code", "object"]


@app.command("show")
def show_rows(
    directory: Directory,
    subject: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    verb: Annotated[str | None, typer.Option(help="What was done.")] = None,
    about: Annotated[str | None, typer.Option(help="The object's id.")] = None,
    command: Annotated[str | None, typer.Option(help="The command's id.")] = None,
    outcome: Annotated[str | None, typer.Option(help="accepted, final, refused, …")] = None,
    since: Annotated[int | None, typer.Option(help="UTC seconds.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the last rows, the newest first."""
    from node.audit.service import Filter, find
    from node.settings import Settings
    from node.upkeep.measures import opened

    wanted = Filter(subject, verb, about, command, outcome, since)
    with opened(Settings.load(directory)) as database, database.read() as session:
        rows = find(session, wanted, limit)
    show(rows, as_json, lambda value: table(value, COLUMNS))


@app.command()
def verify(directory: Directory, as_json: AsJson = False) -> None:
    """Compare every row with its leaf and the log with the ledger; ends with 1 on a fault."""
    from node.audit.service import verify_member
    from node.settings import Settings
    from node.upkeep.measures import opened

    settings = Settings.load(directory)
    with working("Comparing"), opened(settings) as database:
        report = verify_member(settings, database)
    told = vars(report) | {"faults": [vars(fault) for fault in report.faults]}
    show(told, as_json, _report)
    if report.faults:
        raise typer.Exit(REFUSED)


@app.command()
def export(
    directory: Directory,
    target: Annotated[Path, typer.Argument(help="A file that is not there yet.")],
    as_json: AsJson = False,
) -> None:
    """Write every sealed row, with its salt and leaf, as lines of JSON."""
    from node.audit.service import export as write
    from node.settings import Settings
    from node.upkeep.measures import opened

    if target.exists():
        raise UsageInvalid("TARGET_IN_USE", f"{target} exists.", "Name a file that does not exist.")
    settings = Settings.load(directory)
    with working("Writing"), opened(settings) as database:
        first = write(settings, database, target)
    show(first, as_json, fields)


def _report(told: dict[str, Any]) -> str:
    faults = told.pop("faults")
    plain = fields({name: "none" if value is None else value for name, value in told.items()})
    if not faults:
        return plain + "\nNothing was changed, taken out or put in."
    return plain + "\n\n" + table(faults, ["kind", "position", "row", "says"])
