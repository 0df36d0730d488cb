"""Building the contracts' artifacts: for developers, in a checkout."""

from typing import Any

import typer

from api.cli.output import AsJson, show, working

app = typer.Typer(no_args_is_help=True, help="The ledger's contracts.")


@app.callback()
def _contracts() -> None:
    """Keep ``build`` a command of its own, though it is the only one."""


@app.command()
def build(as_json: AsJson = False) -> None:
    """Compile the contracts into contracts/artifacts."""
    from node.chain.compile import build as build_artifacts

    with working("Compiling the contracts"):
        written = [str(path) for path in build_artifacts()]
    show({"written": written}, as_json, _render)


def _render(value: dict[str, Any]) -> str:
    return "\n".join(value["written"])
