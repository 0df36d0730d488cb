"""A copy of all that is a member's, taken while its node runs, and putting it back.

A backup is one directory: the database as it was at one moment, then the vault (whose files are
written once and never changed, so that all the database speaks of is there), the key stores as
they are (encrypted), certificates, profiles, settings; and ``manifest.json`` with the SHA-256 of
each file. What the ledger says need not be in it: a restored node reads on from where its tables
are. Passphrases, and a database's URL from the environment, are not in it.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from node.documents.files import ARRIVING_SUFFIX, UNFINISHED_SUFFIX
from node.errors import NodeError
from node.events.stream import skip_ahead
from node.member import write_json
from node.settings import Settings
from node.store.database import Database
from node.store.schema import upgrade
from node.upkeep.errors import BackupFailed, BackupInvalid, TargetInUse

MANIFEST = "manifest.json"
FORMAT = 1
SQLITE_COPY, POSTGRESQL_COPY = "node.sqlite", "node.dump"
PROGRAM_SECONDS = 6 * 3600
_CHUNK = 1024 * 1024
_POSTGRESQL_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
# Made at start, or of use on this machine alone.
_LEFT_OUT = (
    "*.lock",
    "*.sock",
    "*.new",
    "node.sqlite*",
    "logs",
    "stopped",
    "*.log",
    "*.pid",
    f"*{UNFINISHED_SUFFIX}",
    f"*{ARRIVING_SUFFIX}",
)


@dataclass(frozen=True)
class Backup:
    """What a backup holds, as its manifest says.

    Attributes:
        member: whose it is, ``0x`` hex.
        made_at: UTC seconds.
        database: ``sqlite`` or ``postgresql``.
        files: SHA-256 (hex) of each, by its path below the backup.
        bytes: of all files.
    """

    member: str
    made_at: int
    database: str
    files: dict[str, str]
    bytes: int


def back_up(settings: Settings, target: Path) -> Backup:
    """Copy the member's database, vault, keys and settings into the new directory ``target``.

    Raises:
        TargetInUse: ``target`` exists.
        BackupFailed: nothing that is there afterwards is a backup: it has no manifest.
        StorageUnavailable: the database does not answer.
    """
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise TargetInUse(f"{target} exists.") from error
    made_at = int(time.time())
    try:
        if settings.database_url.startswith("sqlite"):
            _copy_sqlite(settings.database_url, target / SQLITE_COPY)
        else:
            _run_postgresql(
                "pg_dump", settings.database_url, "--format=custom", "--no-owner",
                f"--file={target / POSTGRESQL_COPY}",
            )  # fmt: skip
        shutil.copytree(
            settings.directory, target / "member", ignore=shutil.ignore_patterns(*_LEFT_OUT)
        )
        files = {str(path.relative_to(target)): _digest(path) for path in _files(target)}
        size = sum(path.stat().st_size for path in _files(target))
        kind = "sqlite" if SQLITE_COPY in files else "postgresql"
        backup = Backup(settings.member, made_at, kind, files, size)
        write_json(target / MANIFEST, {"backup": FORMAT, **vars(backup)})
    except (OSError, shutil.Error, sqlite3.Error) as error:
        raise BackupFailed(f"The copy was not finished: {_sentence(error)}.") from error
    return backup


def restore(source: Path, directory: Path, database_url: str | None = None) -> Backup:
    """Lay a member's directory and database down as they were when the backup was made.

    Args:
        source: the backup; every file is compared with the manifest before anything is written.
        directory: the member's directory; it must not exist.
        database_url: for PostgreSQL, a database without tables; None: the settings' own.

    Raises:
        BackupInvalid: the backup is not whole.
        TargetInUse: the directory exists, or the database has tables.
        BackupFailed: what was begun is taken away again.
        StorageUnavailable: the database does not answer.
    """
    backup = check(source)
    if directory.exists():
        raise TargetInUse(f"{directory} exists.")
    begun = directory.with_name(directory.name + ".restoring")
    try:
        shutil.copytree(source / "member", begun)
        begun.chmod(0o700)
        settings = Settings.load(begun)
        if backup.database == "sqlite":
            path = begun / "node.sqlite" if settings.database is None else _free(settings)
            shutil.copy2(source / SQLITE_COPY, path)
            url = f"sqlite:///{path}"
        else:
            url = database_url or settings.database_url
            _require_empty(url)
            _run_postgresql(
                "pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction",
                str(source / POSTGRESQL_COPY),
            )  # fmt: skip
        _skip_ahead(url)
        _sync(begun)
        begun.rename(directory)
    except (OSError, shutil.Error, NodeError) as error:
        shutil.rmtree(begun, ignore_errors=True)
        if isinstance(error, NodeError):
            raise
        raise BackupFailed(f"It was not restored: {_sentence(error)}.") from error
    return backup


def _skip_ahead(url: str) -> None:
    """Have the stream of events go on where no reader has been."""
    database = Database(url)
    try:
        upgrade(database)
        with database.begin() as session:
            skip_ahead(session)
    finally:
        database.close()


def check(source: Path) -> Backup:
    """Return what the backup holds, once every file is what its manifest says.

    Raises: BackupInvalid.
    """
    try:
        told: dict[str, Any] = json.loads((source / MANIFEST).read_bytes())
        if told.pop("backup") != FORMAT:
            raise BackupInvalid("The backup has a format that this release does not know.")
        backup = Backup(**told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupInvalid(f"{source} has no manifest of a backup.") from error
    found = {str(path.relative_to(source)) for path in _files(source)} - {MANIFEST}
    if found != set(backup.files):
        odd = sorted(found ^ set(backup.files))
        raise BackupInvalid("Files are missing or too many.", files=odd[:10])
    changed = [name for name, digest in backup.files.items() if _digest(source / name) != digest]
    if changed:
        raise BackupInvalid("Files were changed after the backup.", files=sorted(changed)[:10])
    return backup


def _copy_sqlite(url: str, target: Path) -> None:
    """Copy the file through SQLite itself, page by page, as it was at one moment."""
    source = sqlite3.connect(f"file:{Database(url).path}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    target.chmod(0o600)
    _sync_file(target)


def _run_postgresql(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password goes by its environment alone."""
    place = shutil.which(program) or str(_POSTGRESQL_PROGRAMS / program)
    at = make_url(url)
    known = {
        "PGHOST": at.host, "PGPORT": at.port, "PGUSER": at.username, "PGPASSWORD": at.password,
        "PGDATABASE": at.database,
    }  # fmt: skip
    environment = {name: str(value) for name, value in known.items() if value is not None}
    more = ["--dbname", str(at.database)] if program == "pg_restore" else []
    try:
        ran = subprocess.run(
            [place, "--no-password", *more, *arguments],
            env=dict(os.environ) | environment,
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupFailed(f"{program} cannot be run: install postgresql-client-15.") from error
    if ran.returncode != 0:
        raise BackupFailed(f"{program} says: {ran.stderr.strip().splitlines()[-1:]}.")


def _free(settings: Settings) -> Path:
    """The place outside the member's directory that the settings name; nothing may be there."""
    path = Database(settings.database_url).path
    if path.exists():
        raise TargetInUse(f"{path} exists.")
    return path


def _require_empty(url: str) -> None:
    database = Database(url)
    try:
        with database.read() as session:
            tables = inspect(session.connection()).get_table_names()
    finally:
        database.close()
    if tables:
        raise TargetInUse("The database has tables.", tables=len(tables))


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(directory: Path) -> None:
    for path in _files(directory):
        _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sentence(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
