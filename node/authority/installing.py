"""Puts an authority file in force: for the node, and for the signer in its own directory.

The first time whoever installs it compares the administrators' fingerprint; it is then written to
settings.json and signer.json, and from their next start on both refuse to work without the file.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identity.authority.file import MAX_FILE_BYTES, AuthorityFile, parse, read
from identity.authority.signing import check_follows, check_signed, fingerprint
from identity.errors import AuthorityFileRefused
from node.errors import SettingsInvalid
from node.member import write_json

DRAFT, NODE_FILE, SIGNER_FILE = "authority.draft.json", "authority.json", "signer.authority.json"


@dataclass(frozen=True)
class Installed:
    """What was put in force; ``restart``: processes must be started again to demand the file."""

    number: int
    administrators: str
    restart: bool


def file_at(path: Path) -> AuthorityFile | None:
    """Return the file at ``path``; None where there is none; raises AuthorityFileMalformed."""
    try:
        with path.open("rb") as file:
            return parse(file.read(MAX_FILE_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsInvalid(f"{path.name} cannot be read.") from error


def install(directory: Path, signer: Path, expected: str | None = None) -> Installed:
    """Put the draft in force for the node of ``directory`` and the signer of ``signer``.

    1. It follows the files in force, both of them; where there is none, enough of its own
    administrators signed it, and they are those of ``expected`` or of the settings. 2. The signer
    gets it first: what the node would let through and the signer not only waits. Done again after
    a crash it comes to the same end.

    Raises: AuthorityFileMalformed, AuthorityFileRefused, SettingsInvalid.
    """
    file = file_at(directory / DRAFT)
    if file is None:
        raise AuthorityFileRefused(f"There is no {DRAFT} in {directory}.")
    trusted = {directory / "settings.json", signer / "signer.json"}
    pins = {path: _read(path).get("authority") for path in trusted}
    for place in (signer / SIGNER_FILE, directory / NODE_FILE):
        _check(file, file_at(place), set(pins.values()) - {None}, expected)
    pin = fingerprint(file)
    content = {**file.content, "signatures": [dict(one) for one in file.signatures]}
    write_json(signer / SIGNER_FILE, content)
    write_json(directory / NODE_FILE, content)
    for path in trusted:
        write_json(path, {**_read(path), "authority": pin, "authority_number": file.number})
    (directory / DRAFT).unlink()
    return Installed(file.number, pin, any(known != pin for known in pins.values()))


def _check(
    file: AuthorityFile, before: AuthorityFile | None, pins: set[Any], expected: str | None
) -> None:
    if before is not None and before.content == file.content:
        check_signed(file)
        return
    if before is not None:
        check_follows(file, before)
        return
    check_signed(file)
    trusted = pins | ({expected} if expected is not None else set())
    if fingerprint(file) not in trusted:
        raise AuthorityFileRefused(
            "Nobody has said that these administrators are the member's.",
            administrators=fingerprint(file),
        )


def read_draft(directory: Path) -> dict[str, Any]:
    """Return the draft's JSON; raises AuthorityFileMalformed, AuthorityFileRefused."""
    try:
        given = json.loads((directory / DRAFT).read_bytes())
    except (OSError, ValueError) as error:
        raise AuthorityFileRefused(f"There is no readable {DRAFT} in {directory}.") from error
    read(given)
    draft: dict[str, Any] = given
    return draft


def write_draft(directory: Path, draft: dict[str, Any]) -> None:
    """Keep a draft; it was read already."""
    write_json(directory / DRAFT, draft)


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{path} cannot be read as JSON.") from error
    if not isinstance(given, dict):
        raise SettingsInvalid(f"{path} is not one JSON object.")
    return given
