"""Reads every file of the vault and compares it with its name, and the names with the tables.

A file is named by the SHA-256 of its sealed bytes, so this needs no key and no process. It takes
as long as reading the vault does; what was found damaged is never served or sent meanwhile.
"""

import re
import time
from collections.abc import Iterator, Sequence
from hashlib import file_digest
from pathlib import Path

from sqlmodel import Session, select

from node.settings import Settings
from node.store.commands import OutboxRow
from node.store.documents import ArrivingRow, AttachmentRow, DisclosureRow, DocumentRow
from node.upkeep.findings import Finding, found
from node.upkeep.measures import opened

SHOWN = 5
# A file is in the vault before its row is stored; a younger one may be on its way there.
UNUSED_SECONDS = 86_400
_NAME = re.compile(r"[0-9a-f]{64}")


def of_vault(settings: Settings) -> Iterator[Finding]:
    """Look whether every file is what was put there, and is there.

    Raises: DatabaseNotMade, StorageUnavailable.
    """
    with opened(settings) as database, database.read() as session:
        named = _named(session)
    folder = settings.vault_directory
    here = {path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)}
    damaged = [name for name in sorted(here) if not _is_whole(folder / name)]
    missing = sorted(named - here)
    unused = [name for name in sorted(here - named) if _is_old(folder / name)]
    said = f"{len(here)} files are what was put there."
    yield found(
        "VAULT_FILE_DAMAGED", "fail" if damaged else "ok", _listed("Changed", damaged) or said
    )
    said = "Every file that the tables name is there."
    yield found(
        "VAULT_FILE_MISSING", "fail" if missing else "ok", _listed("Missing", missing) or said
    )
    said = "Every file belongs to a document."
    yield found("VAULT_FILE_UNUSED", "warn" if unused else "ok", _listed("Unused", unused) or said)


def _named(session: Session) -> set[str]:
    """Return the names that the tables hold, and those that are about to be removed."""
    names: set[str] = set()
    for table in (DocumentRow, DisclosureRow, AttachmentRow, ArrivingRow):
        names |= set(session.exec(select(table.vault_digest)))
    names |= {stream[2:] for stream in session.exec(select(AttachmentRow.stream))}
    going: set[str] = set()
    for row in session.exec(select(OutboxRow).where(OutboxRow.kind == "erase")):
        going |= set(row.payload["digests"])
    return names - going


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == path.name
    except FileNotFoundError:
        return True  # removed meanwhile
    except OSError:
        return False


def _is_old(path: Path) -> bool:
    return path.exists() and path.stat().st_mtime < time.time() - UNUSED_SECONDS


def _listed(word: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{word}: {', '.join(names[:SHOWN])}{more}."
