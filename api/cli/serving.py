"""Starts a member's node with its doors; apart, so that other processes need not import them."""

from pathlib import Path

from node.errors import SettingsInvalid
from node.logs import configure
from node.serve import PARTS, AppFactory, measured, open_node, serve
from node.settings import Settings


def serve_member(directory: Path, parts: list[str] | None) -> None:
    """Run the node of the member whose directory this is, all parts if none is named.

    Raises: SettingsInvalid, and what ``node.node.Node`` raises.
    """
    chosen = parts or PARTS
    serve(Settings.load(directory), chosen, _doors() if "api" in chosen else {})


def _doors() -> dict[str, AppFactory]:
    """Import the API and the pages, which a process of other parts need not."""
    from api.http.app import create_app

    return {"api": create_app}


def work_for_member(directory: Path, threads: int) -> None:
    """Take this member's jobs from Redis and do them until SIGTERM.

    Raises: SettingsInvalid, when its jobs are not done by Celery, and what ``Node`` raises.
    """
    from node.broker import work

    settings = Settings.load(directory)
    if settings.jobs != "celery":
        raise SettingsInvalid("The part work does this member's jobs: jobs is not celery.")
    configure()
    measured(settings)
    node = open_node(settings)
    work(node, threads)
    node.close()
