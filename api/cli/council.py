"""The council: a seat's own directory, its motions, applications to it.

The seat's key is here, at the seat; LADING_API and LADING_TOKEN name any member's node, which
tells of motions and relays what the seat has signed.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.errors import REFUSED
from api.cli.output import AsJson, fields, show, table

app = typer.Typer(no_args_is_help=True, help="The council: seats, motions, applications.")
Directory = Annotated[Path, typer.Argument(help="The seat's directory.", file_okay=False)]
File = Annotated[Path, typer.Argument(help="The application.", dir_okay=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking.")]
ApplicationFile = Annotated[
    Path | None, typer.Option("--application", help="For AdmitMember, RecoverKeys: the file.")
]


@app.command()
def init(
    directory: Directory,
    member: Annotated[str, typer.Option(help="The member whose seat it is: its id.")],
    network: Annotated[
        Path | None, typer.Option(help="The network's network.json; none before the founding.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a seat's directory and its key; the passphrase is LADING_KEYSTORE_PASSPHRASE."""
    import shutil

    from api.cli.errors import UsageInvalid
    from identity.council.seat import create
    from identity.keys.keystore import passphrase_from

    try:
        address = create(directory, member, passphrase_from(os.environ))
    except FileExistsError as error:
        says = f"{directory} exists."
        raise UsageInvalid("DIRECTORY_EXISTS", says, "Name one that does not exist.") from error
    if network is not None:
        shutil.copyfile(network, directory / "network.json")
    show({"member": member, "key": "0x" + address.hex()}, as_json, fields)


@app.command()
def check(
    file: File,
    documents: Annotated[
        Path | None, typer.Option(help="Folder with the documents, to compare their hashes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what of an application holds, what to look at, and what fails; ends with 1 then."""
    from api.cli.seats import checked

    told = checked(file, documents)
    show(told, as_json, _findings)
    if not told["passed"]:
        raise typer.Exit(REFUSED)


@app.command()
def propose(
    directory: Directory,
    verb: Annotated[str, typer.Argument(help="AdmitMember, SuspendMember, …")],
    application: ApplicationFile = None,
    member: Annotated[str | None, typer.Option(help="About which member.")] = None,
    reason: Annotated[
        Path | None, typer.Option(help="The council's minutes: their hash goes in.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", help="A field: name=value; may be repeated.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a motion to the council, and assent to it as this seat."""
    from api.cli.seats import Wanted, proposed

    wanted = Wanted(verb, application, member, reason, tuple(given or ()))
    show(proposed(directory, wanted, _asking(yes)), as_json, fields)


@app.command()
def approve(
    directory: Directory,
    motion: Annotated[str, typer.Argument(help="The motion's id.")],
    application: ApplicationFile = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Assent to a motion as this seat, having seen in words what it does."""
    from api.cli.seats import approved

    show(approved(directory, motion, application, _asking(yes)), as_json, fields)


@app.command("list")
def list_motions(
    every: Annotated[bool, typer.Option("--all", help="Also carried and lapsed ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open motions."""
    from api.cli.client import Member

    answer = Member().read("/v1/motions", **({"every": "true"} if every else {}))
    show(answer, as_json, _motions)


@app.command("show")
def show_motion(
    motion: Annotated[str, typer.Argument(help="The motion's id.")], as_json: AsJson = False
) -> None:
    """Show a motion: what it does, who has assented, how many it needs."""
    from api.cli.client import Member

    show(Member().read(f"/v1/motions/{motion}"), as_json, _motion)


@app.command()
def seats(as_json: AsJson = False) -> None:
    """Show the council in force, the rulebook and the contracts."""
    from api.cli.client import Member

    show(Member().read("/v1/council"), as_json, fields)


@app.command()
def network(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help="Where it is, or is to be.", dir_okay=False)],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign network.json anew, as the ledger stands; each seat adds its signature to the file."""
    from api.cli.seats import network_signed

    show(network_signed(directory, file, _asking(yes)), as_json, fields)


@app.command()
def ties(
    member: Annotated[str, typer.Argument(help="The member's id.")], as_json: AsJson = False
) -> None:
    """List what keeps a member from leaving."""
    from api.cli.client import Member

    answer = Member().read(f"/v1/members/{member}/ties")
    columns = ["object", "kind", "capacity", "remedy"]
    show(answer, as_json, lambda value: table(value["ties"], columns))


def _asking(yes: bool) -> Any:
    def ask(says: str) -> bool:
        typer.echo(says, err=True)
        return yes or typer.confirm("Sign this?", default=False, err=True)

    return ask


def _findings(told: dict[str, Any]) -> str:
    lines = [
        f"{finding['state']:<5} {finding['what']:<22} {finding['says']}"
        for finding in told["findings"]
    ]
    end = "Nothing fails." if told["passed"] else "It is not to be decided on as it is."
    return "\n".join([*lines, "", f"Application {told['application']}. {end}"])


def _motions(answer: dict[str, Any]) -> str:
    rows = [
        {**each, "assents": f"{len(each['assents'])} of {each['needed']}"}
        for each in answer["motions"]
    ]
    return table(rows, ["motion", "verb", "object", "state", "assents"])


def _motion(told: dict[str, Any]) -> str:
    who = ", ".join(each["name"] or each["member"] for each in told["assents"])
    shown = {name: told[name] for name in ("motion", "verb", "object", "state", "needed")}
    return fields(shown | {"assents": who, "says": told["says"]})
