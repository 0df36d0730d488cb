"""What ``lading audit`` asks of a member's directory: show, export, verify; it changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from node.audit.log import COLUMNS, StoredLog, leaves
from node.audit.published import Checkpoint, checkpoints
from node.audit.verify import Report, verify
from node.chain.network import Network, load
from node.chain.rpc import Rpc
from node.chain.versions import known_places
from node.settings import Settings
from node.store.audit import AuditRow
from node.store.database import Database

FORMAT = 1


@dataclass(frozen=True)
class Filter:
    """Which rows: each of these that is given must be equal; ``since`` is in UTC seconds."""

    subject: str | None = None
    verb: str | None = None
    object: str | None = None
    command: str | None = None
    outcome: str | None = None
    since: int | None = None


def find(session: Session, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """Return the last rows that are wanted, the newest first."""
    query = select(AuditRow).order_by(col(AuditRow.id).desc()).limit(limit)
    for name in ("subject", "verb", "object", "command", "outcome"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(AuditRow, name) == value)
    if wanted.since is not None:
        query = query.where(col(AuditRow.at) >= wanted.since)
    return [_told(row) for row in session.exec(query)]


def verify_member(settings: Settings, db: Database) -> Report:
    """Compare the rows with the log, and the log with the ledger.

    Raises:
        StorageUnavailable, LedgerUnavailable, RpcRefused: it cannot be said now.
        NetworkMalformed, CouncilSignatureMissing: network.json cannot be relied on.
    """
    published = published_by(settings, db)
    with db.read() as session:
        return verify(session, published, settings.directory / "signer.audit.jsonl")


def published_by(settings: Settings, db: Database) -> list[Checkpoint]:
    """Return the checkpoints of the member's log that are on the ledger; raises as above."""
    network = load(settings.network_file)
    ledger = Rpc(settings.ledger_url)
    try:
        places = _attestations(network, db)
        return checkpoints(
            ledger, network.profile, places, settings.member, network.deployed_height
        )
    finally:
        ledger.close()


def export(settings: Settings, db: Database, target: Path) -> dict[str, Any]:
    """Write every sealed row as a line of JSON to a new file (0600), and return its first line.

    Each line has the row, its salt and its leaf: with them anybody computes the root, and compares
    it with the checkpoint on the ledger.

    Raises:
        FileExistsError: there is such a file. Otherwise as ``verify_member``.
    """
    published = published_by(settings, db)
    with db.read() as session, target.open("x", encoding="utf-8") as file:
        target.chmod(0o600)
        first = _first_line(settings, session, published)
        for line in chain([first], _lines(session)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return first


def _first_line(
    settings: Settings, session: Session, published: list[Checkpoint]
) -> dict[str, Any]:
    stored = StoredLog(session)
    size = stored.size
    fits = [each for each in published if each.size <= size]
    return {
        "audit": FORMAT,
        "member": settings.member,
        "size": size,
        "root": "0x" + stored.hash_of(0, size).hex() if size else None,
        "checkpoint": None
        if not fits
        else {
            "size": fits[-1].size,
            "root": "0x" + fits[-1].root.hex(),
            "height": fits[-1].height,
        },
    }


def _lines(session: Session) -> Iterator[dict[str, Any]]:
    for leaf, row in leaves(session):
        told: dict[str, Any] = {"position": leaf.place, "leaf": "0x" + bytes(leaf.hash).hex()}
        if row is not None:
            told |= {name: getattr(row, name) for name in COLUMNS}
            told["salt"] = "0x" + bytes(row.salt).hex()
        yield told


def _told(row: AuditRow) -> dict[str, Any]:
    return {"id": row.id} | {name: getattr(row, name) for name in COLUMNS}


def _attestations(network: Network, db: Database) -> set[str]:
    with db.read() as session:
        known = {at for at, name in known_places(session).items() if name == "Attestations"}
    return known | {network.contracts["Attestations"].address}
