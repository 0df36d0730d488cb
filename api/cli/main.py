"""``lading``: every command of the member and of its people.

Exit codes: 0 done, 1 refused, 2 the request or its use is wrong, 3 not available now.
"""

import sys
from typing import TypeGuard

import typer

from api.cli import (
    alarms,
    approvals,
    audit,
    authorities,
    authority,
    commands,
    contracts,
    council,
    events,
    evidence,
    files,
    holds,
    keys,
    members,
    network,
    orders,
    people,
    processes,
    titles,
    upkeep,
)
from api.cli.errors import Coded, exit_code_of
from api.cli.output import show_error

app = typer.Typer(
    name="lading",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Trade documents between members: issue, hand over, release, verify.",
    epilog="Exit codes: 0 done, 1 refused, 2 wrong request or use, 3 not available now.",
)
app.command()(processes.serve)
app.command()(processes.work)
app.command()(processes.sign)
app.command()(processes.ledger)
app.command()(processes.gateway)
app.command()(processes.up)
app.command()(upkeep.init)
app.command()(upkeep.apply)
app.command()(upkeep.know)
app.command()(upkeep.conformance)
app.command()(upkeep.status)
app.command()(upkeep.backup)
app.command()(upkeep.restore)
app.command()(upkeep.doctor)
app.command()(alarms.alarms)
app.add_typer(contracts.app, name="contracts")
app.add_typer(titles.app, name="title")
app.add_typer(orders.app, name="order")
app.add_typer(members.app, name="member")
app.add_typer(commands.app, name="commands")
app.add_typer(authority.app, name="authority")
app.add_typer(approvals.app, name="approvals")
app.add_typer(keys.app, name="key")
app.add_typer(people.people, name="people")
app.add_typer(people.sessions, name="sessions")
app.add_typer(people.clients, name="clients")
app.add_typer(authorities.app, name="ca")
app.add_typer(evidence.app, name="evidence")
app.add_typer(events.app, name="events")
app.add_typer(files.app, name="files")
app.add_typer(holds.app, name="holds")
app.add_typer(audit.app, name="audit")
app.add_typer(council.app, name="council")
app.add_typer(network.app, name="network")
app.command()(evidence.history)
app.command()(evidence.verify)


def main() -> None:
    """Run one command; end the process with its exit code."""
    try:
        app()
    except Exception as error:
        if not _is_coded(error):
            raise
        show_error(error, "--json" in sys.argv)
        sys.exit(exit_code_of(error))


def _is_coded(error: Exception) -> TypeGuard[Coded]:
    """Whether an error of a package that is not imported here has code, message and advice."""
    return all(hasattr(error, name) for name in ("code", "message", "what_to_do"))
