"""A member's processes and the embedded ledger: each a command that runs until it is stopped."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]


def serve(
    directory: Directory,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="Run this part alone: api, peers, follow, send or work; may be repeated."
        ),
    ] = None,
) -> None:
    """Run the member's node: API and pages, peers, follower, sender, jobs."""
    gc.disable()  # what is imported stays; looking for what does not takes a sixth of the start
    from api.cli.serving import serve_member

    serve_member(directory, part)


def work(
    directory: Directory,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Jobs at the same time.")] = 4,
) -> None:
    """Do the member's jobs by Celery, where its settings say so; run as many as are needed."""
    from api.cli.serving import work_for_member

    work_for_member(directory, threads)


def sign(directory: Directory) -> None:
    """Run the member's signer: the only process that holds its act keys."""
    from identity.signer.server import serve as serve_signer
    from identity.signer.settings import SignerSettings

    serve_signer(SignerSettings.load(directory))


def ledger(
    directory: Annotated[Path, typer.Argument(help="The ledger's directory.", file_okay=False)],
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8545,
    chain_id: Annotated[int | None, typer.Option(help="Only when the ledger is new.")] = None,
) -> None:
    """Run the embedded ledger, where no engine is at hand."""
    from node.embedded.errors import LedgerError
    from node.embedded.server import serve as serve_ledger
    from node.embedded.settings import LedgerSettings

    chain = LedgerSettings.chain_id if chain_id is None else chain_id
    try:
        serve_ledger(LedgerSettings(directory=directory, port=port, chain_id=chain))
    except LedgerError as error:
        sys.stderr.write(f"lading ledger: {error}\n")
        raise typer.Exit(error.exit_code) from error


def gateway(
    settings: Annotated[Path, typer.Argument(help="The lane's settings file.")],
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make the lane's key, print its address, and end.")
    ] = False,
) -> None:
    """Run a lane's gateway at the edge, as its own program."""
    # Beside this interpreter, so that the gateway is the one of this installation.
    program = Path(sys.executable).with_name("lading-gateway")
    arguments = [str(program), str(settings), *(["--new-key"] if new_key else [])]
    os.execv(program, arguments)  # noqa: S606 (our own program, no shell)


def up(
    directory: Annotated[Path, typer.Argument(help="Where the consortium lives.", file_okay=False)],
    apart: Annotated[
        list[str] | None,
        typer.Option(help="Run each part of this member's node as its own process; repeatable."),
    ] = None,
    rogues: Annotated[
        bool,
        typer.Option("--rogues", help="Also make keys of dishonest clerks, to show refusals with."),
    ] = False,
    ledger: Annotated[
        str | None,
        typer.Option(help="Of a new consortium: embedded, or avalanche with five validators."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line when ready.")
    ] = False,
) -> None:
    """Run a consortium of six members and their shared ledger on this machine."""
    from api.cli.up import run

    run(directory, frozenset(apart or ()), rogues, ledger, as_json)
