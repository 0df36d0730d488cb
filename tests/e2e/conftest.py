"""One running consortium for all tests that look at members from outside."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from story.consortium import Consortium, until
from support.sharing import Shared

START_SECONDS = 240
SHARED = Shared(Path(__file__).parent)


@pytest.fixture(scope="session")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    """Six members' processes as ``lading up`` starts them, for all tests here."""
    return SHARED.begin(_running(tmp_path_factory.mktemp("c") / "up"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Stop the consortium after the last of them."""
    SHARED.end_before(nextitem)


@contextlib.contextmanager
def _running(directory: Path) -> Iterator[Consortium]:
    lading = Path(sys.executable).with_name("lading")
    up = subprocess.Popen([str(lading), "up", str(directory), "--rogues", "--json"])
    try:
        until(
            lambda: up.poll() is not None or (directory / "pids.json").exists(),
            "the consortium starts",
            START_SECONDS,
        )
        with contextlib.closing(Consortium(directory)) as running:
            yield running
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
