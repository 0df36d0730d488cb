"""What can be told about a member without its processes: files, modes, disk, database, broker."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from identity.authority.loader import Authority
from identity.errors import AuthorityFileUnavailable, ProfileMalformed
from identity.profile.profile import Profile
from node.chain.network import load
from node.commands.states import CODED_ERRORS
from node.documents.rulebook import parse_rulebook, rulebook_hash
from node.engine.before_start import engine_before_start
from node.engine.organisation import Organisation, is_engine
from node.errors import SettingsInvalid
from node.exchange.tls import tls_files
from node.member import ENGINE
from node.settings import Settings
from node.store import postgresql
from node.store.database import Database
from node.store.errors import StorageUnavailable
from node.store.schema import is_of_a_later_release
from node.upkeep.certificates import certificates
from node.upkeep.findings import Finding, State, found
from node.upkeep.peers import peers

SOCKET_PATH_BYTES = 107
DISK_WARN_BYTES, DISK_FAIL_BYTES = 2_000_000_000, 200_000_000
CERTIFICATE_WARN_DAYS = 60
BROKER_SECONDS = 3.0


def before_start(directory: Path, others: bool = False) -> Iterator[Finding]:
    """Look at everything that a start needs; opens no key store and writes nothing.

    Args:
        others: ask the other members' nodes too whether they answer, and what time it is there.
    """
    directory = directory.resolve()
    yield _modes(directory)
    engines = [home for home in (directory, directory / ENGINE) if is_engine(home)]
    for engine in engines:
        yield from engine_before_start(Organisation(engine))
    if engines and not (directory / "settings.json").exists():
        return  # the engine's own directory, or an organisation without a node
    try:
        settings = Settings.load(directory)
        _agree(settings)
    except (*CODED_ERRORS, OSError, ValueError) as error:
        yield found("SETTINGS_WRONG", "fail", getattr(error, "message", type(error).__name__))
        return
    yield found("SETTINGS_WRONG", "ok", "Settings, network, profile and rulebook agree.")
    yield _path(settings)
    yield from _key_stores(settings)
    yield from _certificate(settings)
    yield from certificates(directory)
    yield _authority(settings)
    if others:
        yield from peers(tls_files(directory), _profiles(settings))
    yield _disk(directory)
    yield from database(settings)
    if settings.jobs == "celery":
        yield _broker(settings)


def _modes(directory: Path) -> Finding:
    if stat.S_IMODE(directory.stat().st_mode) & 0o077:
        return found("DIRECTORY_OPEN", "fail", f"Others may enter {directory}.")
    return found("DIRECTORY_OPEN", "ok", "The directory is the member's alone.")


def _agree(settings: Settings) -> None:
    """Raise what a start would raise about the public files."""
    network = load(settings.network_file)
    if Profile.parse(settings.profile_file.read_bytes()).member != settings.member_bytes:
        raise SettingsInvalid("profile.json is another member's.")
    rulebook = parse_rulebook(settings.rulebook_file.read_bytes())
    if "0x" + rulebook_hash(rulebook).hex() != network.rulebook:
        raise SettingsInvalid("rulebook.json is not the rulebook that network.json names.")


def _profiles(settings: Settings) -> dict[str, Profile]:
    """Return the other members' profiles that can be read; which ones count, the ledger says."""
    profiles = {}
    for path in sorted(settings.profiles_directory.glob("*.json")):
        try:
            profile = Profile.parse(path.read_bytes())
        except (OSError, ProfileMalformed):
            continue
        if profile.member != settings.member_bytes:
            profiles[path.stem] = profile
    return profiles


def _path(settings: Settings) -> Finding:
    long = len(os.fsencode(settings.signer_socket))
    state: State = "fail" if long > SOCKET_PATH_BYTES else "ok"
    return found("PATH_TOO_LONG", state, f"The signer's socket has a path of {long} bytes.")


def _key_stores(settings: Settings) -> Iterator[Finding]:
    stores = [settings.keystore_file, settings.relay_keystore_file]
    missing = [path.name for path in stores if not path.exists()]
    if missing:
        yield found("KEYSTORE_MISSING", "fail", f"There is no {', '.join(missing)}.")
    else:
        yield found("KEYSTORE_MISSING", "ok", "The node's key stores are there.")
    secret = [path for path in (*stores, settings.tls_key) if path.exists()]
    opened = [path.name for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o077]
    yield found(
        "KEYSTORE_OPEN",
        "fail" if opened else "ok",
        f"Open to others: {', '.join(opened) or 'none'}.",
    )


def _certificate(settings: Settings) -> Iterator[Finding]:
    try:
        pem = tls_files(settings.directory).certificate.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError):
        yield found("CERTIFICATE_UNKNOWN", "fail", "tls/cert.pem cannot be read.")
        return
    profile = Profile.parse(settings.profile_file.read_bytes())
    named = sha256(certificate.public_bytes(Encoding.DER)).digest() in profile.certificate_hashes
    said = "names" if named else "does not name"
    yield found("CERTIFICATE_UNKNOWN", "ok" if named else "fail", f"profile.json {said} it.")
    days = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    state: State = "fail" if days < 0 else "warn" if days < CERTIFICATE_WARN_DAYS else "ok"
    yield found("CERTIFICATE_ENDS", state, f"The certificate ends in {days} days.")


def _authority(settings: Settings) -> Finding:
    """Say whose word on roles counts; without a file no limit and no second person is asked for."""
    try:
        pinned = settings.authority
        file = Authority(settings.authority_file, settings.member, pinned).current()
    except AuthorityFileUnavailable as error:
        return found("AUTHORITY_FILE_UNAVAILABLE", "fail", error.message)
    if file is None:
        said = "There is no authority file: roles are those of tokens, nobody approves anything."
        return found("AUTHORITY_FILE_MISSING", "warn", said)
    signer = settings.signer_authority_file
    if signer.exists() and signer.read_bytes() != settings.authority_file.read_bytes():
        return found(
            "AUTHORITY_FILE_DIFFERS", "fail", "Node and signer have different authority files."
        )
    return found("AUTHORITY_FILE_MISSING", "ok", f"The authority file's number is {file.number}.")


def _disk(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    state: State = "fail" if free < DISK_FAIL_BYTES else "warn" if free < DISK_WARN_BYTES else "ok"
    return found("DISK_NEARLY_FULL", state, f"{free / 1e9:.1f} GB are free.")


def database(settings: Settings) -> Iterator[Finding]:
    """Look whether the database answers, keeps what it acknowledges, and has known tables."""
    store = Database(settings.database_url)
    try:
        if not store.is_postgresql and not store.path.exists():
            yield found("DATABASE_UNREACHABLE", "ok", "There is none yet; a start makes it.")
            return
        with store.read() as session:
            connection = session.connection()
            yield found("DATABASE_UNREACHABLE", "ok", "The database answers.")
            if store.is_postgresql:
                off = [
                    name
                    for name in ("fsync", "full_page_writes")
                    if session.execute(text(f"SHOW {name}")).scalar_one() != "on"
                ]
                said = f"Off: {', '.join(off)}." if off else "It syncs what it acknowledges."
                yield found("DATABASE_UNSAFE", "fail" if off else "ok", said)
                damaged = _damaged_tables(session)
                said = f"Damaged: {', '.join(damaged)}." if damaged else "Every table can be read."
                yield found("DATABASE_DAMAGED", "fail" if damaged else "ok", said)
            else:
                said = str(session.execute(text("PRAGMA quick_check(1)")).scalar_one())
                state: State = "ok" if said == "ok" else "fail"
                yield found("DATABASE_DAMAGED", state, f"SQLite's quick check says: {said}.")
            later = is_of_a_later_release(connection)
            said = "a release that is not this one" if later else "this release or one before"
            yield found("DATABASE_OTHER_RELEASE", "fail" if later else "ok", f"Tables of {said}.")
    except StorageUnavailable as error:
        yield found("DATABASE_UNREACHABLE", "fail", error.message)
    finally:
        store.close()


def _damaged_tables(session: Session) -> list[str]:
    """Return the tables that PostgreSQL cannot read whole, by its pages' checksums.

    What it holds in memory it does not read again from the disk.
    """
    for way in ("indexscan", "indexonlyscan", "bitmapscan"):  # so that the tables are read
        session.execute(text(f"SET LOCAL enable_{way} = off"))
    damaged = []
    for name in inspect(session.connection()).get_table_names():
        try:
            with session.begin_nested():
                session.execute(text(f'SELECT count(*) FROM "{name}"'))  # noqa: S608
        except DBAPIError as error:
            if postgresql.trouble_of(error) != "damaged":
                raise
            damaged.append(name)
    return damaged


def _broker(settings: Settings) -> Finding:
    at = urlsplit(settings.redis_url or "")
    try:
        socket.create_connection((at.hostname, at.port or 6379), BROKER_SECONDS).close()
    except OSError:
        return found("BROKER_UNREACHABLE", "warn", "Redis does not answer.")
    return found("BROKER_UNREACHABLE", "ok", "Redis answers.")
