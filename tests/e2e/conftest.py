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

START_SECONDS = 240


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """Six members' processes as ``lading up`` starts them, stopped at the end."""
    directory = tmp_path_factory.mktemp("c") / "up"
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
