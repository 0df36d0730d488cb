"""Who may sign in at a member's pages and API: people, their sessions, machines' clients.

These commands work on the member's directory and database, for whoever runs the node; the node may
run meanwhile, and does what they say at the next request.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table

if TYPE_CHECKING:
    from sqlmodel import Session

    from node.settings import Settings

Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]
Name = Annotated[str, typer.Argument(help="The account's name: a-z, 0-9, . - _ @")]
Roles = Annotated[list[str], typer.Option("--role", help="issuer, clerk, …; may be repeated.")]

people = typer.Typer(no_args_is_help=True, help="People of the member: accounts.")
sessions = typer.Typer(no_args_is_help=True, help="Who is signed in at the pages.")
clients = typer.Typer(no_args_is_help=True, help="Machines of the member: OAuth clients.")


@people.command()
def add(
    directory: Directory,
    name: Name,
    role: Roles = [],  # noqa: B006 - typer copies it
    shown: Annotated[str, typer.Option(help="The person's name on the pages.")] = "",
    company_subject: Annotated[
        str | None, typer.Option(help="`sub` of the person at the company's provider.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account and show the code that opens it: once, good for a day.

    Without roles the person can sign in and do nothing, unless the authority file says more.
    """
    from node.people import accounts

    with _writing(directory) as (settings, session):
        code = accounts.add(session, name, shown, role, int(time.time()), company_subject)
    show(_opening(settings, name, code), as_json, fields)


@people.command("list")
def list_people(directory: Directory, as_json: AsJson = False) -> None:
    """List the accounts, and what each signs in with."""
    from node.people import accounts, credentials
    from node.people import sessions as open_now

    now, rows = int(time.time()), []
    with _reading(directory) as session:
        for row in accounts.list_of(session):
            means = ["passkey"] * bool(credentials.list_passkeys(session, row))
            means += ["password"] * credentials.has_password(session, row)
            means += ["company"] * (row.company_subject is not None)
            waiting = row.enrolment is not None and now < (row.enrolment_until or 0)
            rows.append(
                {
                    "name": row.name,
                    "shown": row.shown,
                    "enabled": row.enabled,
                    "roles": ",".join(row.roles),
                    "signs_in_by": ",".join(means) or ("code" if waiting else "-"),
                    "sessions": len(open_now.open_sessions(session, row.name, now)),
                }
            )
    columns = ["name", "shown", "enabled", "roles", "signs_in_by", "sessions"]
    show(rows, as_json, lambda value: table(value, columns))


@people.command()
def disable(directory: Directory, name: Name, as_json: AsJson = False) -> None:
    """Keep a person out from now on; all sessions end. Nothing is deleted."""
    _set_enabled(directory, name, False, as_json)


@people.command()
def enable(directory: Directory, name: Name, as_json: AsJson = False) -> None:
    """Let a person sign in again, with what they had."""
    _set_enabled(directory, name, True, as_json)


@people.command()
def unlock(directory: Directory, name: Name, as_json: AsJson = False) -> None:
    """Forget the failed attempts that make a person wait."""
    from node.people import accounts

    with _writing(directory) as (_, session):
        accounts.unlock(session, name)
    show({"name": name, "unlocked": True}, as_json, fields)


@people.command()
def reset(directory: Directory, name: Name, as_json: AsJson = False) -> None:
    """Take passkeys, password and sessions away; show a new code that opens the account."""
    from node.people import accounts

    with _writing(directory) as (settings, session):
        code = accounts.reset(session, name, int(time.time()))
    show(_opening(settings, name, code), as_json, fields)


@sessions.command("list")
def list_sessions(directory: Directory, as_json: AsJson = False) -> None:
    """List who is signed in at the pages, since when, how and from where."""
    from api.http.reads.wording import moment
    from node.people import sessions as open_now

    with _reading(directory) as session:
        rows = [
            {
                "id": row.id,
                "subject": row.subject,
                "method": row.method,
                "since": moment(row.started_at),
                "seen": moment(row.seen_at),
                "address": row.address,
            }
            for row in open_now.open_sessions(session, None, int(time.time()))
        ]
    show(rows, as_json, lambda value: table(value, list(rows[0]) if rows else []))


@sessions.command("end")
def end_session(
    directory: Directory,
    session_id: Annotated[str, typer.Argument(metavar="ID", help="As sessions list shows it.")],
    as_json: AsJson = False,
) -> None:
    """End a session: the next request of its browser is refused."""
    from node.people import sessions as open_now
    from node.people.accounts import OPERATOR

    with _writing(directory) as (_, session):
        open_now.end(session, session_id, OPERATOR, int(time.time()))
    show({"id": session_id, "ended": True}, as_json, fields)


@clients.command("add")
def add_client(
    directory: Directory,
    name: Annotated[str, typer.Argument(help="The client's name: its client_id and subject.")],
    key: Annotated[Path, typer.Option(help="Its public key, PEM or JWK.", dir_okay=False)],
    role: Roles = [],  # noqa: B006 - typer copies it
    as_json: AsJson = False,
) -> None:
    """Register a machine by its public key; the private key stays with the machine."""
    from identity.people.machines import import_key
    from node.people import clients as registered

    try:
        given = key.read_bytes()
    except OSError as error:
        raise UsageInvalid("KEY_UNREADABLE", f"{key} cannot be read.", "Name a file.") from error
    public = import_key(given)
    with _writing(directory) as (settings, session):
        registered.add(session, name, public, role, int(time.time()))
    address = f"{_address(settings)}/oauth/token"
    show({"client_id": name, "token_endpoint": address, "aud": address}, as_json, fields)


@clients.command("list")
def list_clients(directory: Directory, as_json: AsJson = False) -> None:
    """List the machines that may ask for access tokens."""
    from node.people import clients as registered

    with _reading(directory) as session:
        rows = [
            {"name": row.name, "roles": ",".join(row.roles), "key": row.key.get("kty")}
            for row in registered.list_of(session)
        ]
    show(rows, as_json, lambda value: table(value, ["name", "roles", "key"]))


@clients.command("remove")
def remove_client(
    directory: Directory,
    name: Annotated[str, typer.Argument(help="The client's name.")],
    as_json: AsJson = False,
) -> None:
    """Take a machine away; its access tokens are refused at once."""
    from node.people import clients as registered

    with _writing(directory) as (_, session):
        registered.remove(session, name)
    show({"name": name, "removed": True}, as_json, fields)


def _set_enabled(directory: Path, name: str, enabled: bool, as_json: bool) -> None:
    from node.people import accounts

    with _writing(directory) as (_, session):
        accounts.set_enabled(session, name, enabled, int(time.time()))
    show({"name": name, "enabled": enabled}, as_json, fields)


def _opening(settings: "Settings", name: str, code: str) -> dict[str, Any]:
    return {"name": name, "code": code, "open": f"{_address(settings)}/enrol#{code}"}


def _address(settings: "Settings") -> str:
    return settings.public_url or f"http://localhost:{settings.api_port}"


@contextmanager
def _reading(directory: Path) -> "Iterator[Session]":
    from node.settings import Settings
    from node.upkeep.measures import opened

    with opened(Settings.load(directory)) as database, database.read() as session:
        yield session


@contextmanager
def _writing(directory: Path) -> "Iterator[tuple[Settings, Session]]":
    from node.settings import Settings
    from node.upkeep.measures import opened

    settings = Settings.load(directory)
    with opened(settings) as database, database.begin() as session:
        yield settings, session
