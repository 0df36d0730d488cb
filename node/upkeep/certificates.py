"""What a member's certificates and revocation lists will soon stop doing; opens no key store."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from identity.certificates.certificate import read_pem
from identity.certificates.roots import load_trust
from identity.errors import IdentityError
from node.upkeep.findings import Finding, State, found

DAY = 24 * 3600
LISTS_WARN_DAYS, NATIONAL_WARN_DAYS = 2, 30


def certificates(directory: Path) -> Iterator[Finding]:
    """Look at ``trust`` and ``national.pem`` of a member's directory, where it has them."""
    if (directory / "trust").is_dir():
        yield _lists(directory / "trust")
    if (directory / "national.pem").exists():
        yield _national(directory / "national.pem")


def _lists(directory: Path) -> Finding:
    try:
        trust = load_trust(directory)
    except IdentityError as error:
        return found("TRUST_UNREADABLE", "fail", error.message)
    newest: dict[bytes, int] = {}
    for each in trust.lists:
        newest[each.issuer] = max(each.next_update, newest.get(each.issuer, 0))
    if not newest:
        return found("REVOCATION_LISTS_END", "warn", "There is no revocation list.")
    end = min(newest.values())
    return found("REVOCATION_LISTS_END", _state(end, LISTS_WARN_DAYS), _says("A list", end))


def _national(path: Path) -> Finding:
    try:
        end = min(each.valid_until for each in read_pem(path.read_bytes()))
    except (OSError, IdentityError):
        return found("NATIONAL_CERTIFICATE_ENDS", "fail", "national.pem cannot be read.")
    state = _state(end, NATIONAL_WARN_DAYS)
    return found("NATIONAL_CERTIFICATE_ENDS", state, _says("The certificate for acts", end))


def _state(end: int, warn_days: int) -> State:
    left = end - time.time()
    return "fail" if left < 0 else "warn" if left < warn_days * DAY else "ok"


def _says(what: str, end: int) -> str:
    return f"{what} ends {datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}."
