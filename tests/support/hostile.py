"""A member's node for hostile requests: every door it has, its memory, and its log."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.offices import ROLES, Office

from api.http.app import all_routes

WRITING = ("POST", "PUT", "PATCH", "DELETE")
# What hostile bodies carry where a document would stand: it must not come up in a log.
BUSINESS = "ten tonnes of Hostile Cargo 4711"
_VALUES = {"command": "0" * 32, "subscriber": "0" * 32, "hold": "0" * 32, "number": "MAEU6543213"}
_ID = "0x" + "5f" * 32


def write_doors() -> list[tuple[str, str]]:
    """Method and address of every door of the API and its pages that takes a body.

    They are the application's own routes: a new one is among them at once.
    """
    return [(method, filled(path)) for method, path in all_routes() if method in WRITING]


def filled(path: str) -> str:
    """Return a route's address with values for its parameters that have their form."""
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: _VALUES.get(found[1], _ID), path)


def all_powerful(office: Office) -> str:
    """Return a token of somebody with every role, so that no role stops a request early."""
    path = office.directory / "tokens.json"
    token = secrets.token_urlsafe(32)
    entry = {
        "subject": "everybody@test",
        "roles": list(ROLES),
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
    }
    path.write_text(json.dumps([*json.loads(path.read_text()), entry]))
    return token


def resident_mib(pid: int, field: str = "VmRSS") -> float:
    """Return the memory of a process in MiB: now, or its most (``VmHWM``) since ``bounded``."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{field}:\s+([0-9]+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


@contextmanager
def bounded(pid: int, mib: float) -> Iterator[None]:
    """Fail when the process's memory rises more than ``mib`` above where it is, even briefly."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew: proc(5)
    before = resident_mib(pid)
    yield
    risen = resident_mib(pid, "VmHWM") - before
    assert risen <= mib, f"memory rose by {risen:.0f} MiB from {before:.0f} MiB"


def check_log(path: Path, since: int = 0) -> None:
    """Fail when a log tells of an error nobody foresaw, or of business data."""
    told = path.read_text(errors="replace")[since:]
    for word in ("Traceback", "UNFORESEEN", "error without a class", BUSINESS):
        at = told.find(word)
        assert at < 0, told[max(0, at - 500) : at + 2_000]
