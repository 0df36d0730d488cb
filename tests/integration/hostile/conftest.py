"""A carrier's node as it runs, on the embedded ledger with a second member, for hostile clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from support.hostile import all_powerful, check_log
from support.offices import Office, running_offices
from support.sharing import Shared

SHARED = Shared(Path(__file__).parent)


@dataclass(frozen=True)
class Target:
    """A running node, a token whose bearer has every role, and another member of the network."""

    office: Office
    peer: Office
    token: str

    @property
    def url(self) -> str:
        return self.office.url

    @property
    def pid(self) -> int:
        return self.office.pid

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A whole member: API, peers' listener, follower, sender, worker, in one process."""
    return SHARED.begin(_running(tmp_path_factory.mktemp("hostile")))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop it after the last test here."""
    SHARED.end_before(nextitem)


@contextmanager
def _running(folder: Path) -> Iterator[Target]:
    with running_offices(folder, ("carrier", "shipper")) as offices:
        carrier = offices["carrier"]
        yield Target(carrier, offices["shipper"], all_powerful(carrier))


@pytest.fixture
def quiet_log(target: Target) -> Iterator[None]:
    """Fail a test after which the node's log tells of an unforeseen error, or of business."""
    log = target.office.directory / "serve.log"
    since = len(log.read_text(errors="replace"))
    yield
    check_log(log, since)


@pytest.fixture
def client(target: Target) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=target.url, trust_env=False, timeout=60) as client:
        yield client
