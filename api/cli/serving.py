"""Starts a member's node with its doors; apart, so that other processes need not import them."""

from pathlib import Path

from api.http.app import create_app
from node.serve import PARTS, serve
from node.settings import Settings


def serve_member(directory: Path, parts: list[str] | None) -> None:
    """Run the node of the member whose directory this is, all parts if none is named.

    Raises: SettingsInvalid, and what ``node.node.Node`` raises.
    """
    serve(Settings.load(directory), parts or PARTS, {"api": create_app})
