"""One validator's process: started, stopped, killed, asked. To keep it running is not its work."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx

from node.engine.configuration import NODE
from node.engine.errors import EngineSilent
from node.engine.organisation import Organisation

STOP_SECONDS = 30.0
POLL_SECONDS = 0.1


def command(organisation: Organisation) -> list[str]:
    """Return the command line of the validator's program, after what engine.json puts before it."""
    settings = organisation.directory / NODE
    before = organisation.settings["launch"]
    return [*before, str(organisation.programs.avalanchego), f"--config-file={settings}"]


def log_of(organisation: Organisation) -> Path:
    """Return the file that takes what the program prints."""
    return organisation.directory / "engine.log"


class Validator:
    """A validator whose process this one started, in a group of its own with its plugin."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, which is its group's too; raises EngineSilent while it does not run."""
        if self._process is None:
            raise EngineSilent(f"{self.organisation.directory} does not run.")
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; what runs already stays."""
        if self.runs:
            return
        with log_of(self.organisation).open("ab") as log:
            self._process = subprocess.Popen(
                command(self.organisation),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ask it to end, and wait; a validator that does not is killed."""
        self._signal(signal.SIGCONT)
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and its plugin with SIGKILL."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def pause(self) -> None:
        """Halt it and its plugin, as a machine that hangs does."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def ask(url: str, path: str, method: str, params: Any = None, seconds: float = 5.0) -> Any:
    """Return what one of the engine's own interfaces answers (``/ext/info``, ``/ext/bc/P``).

    Raises: EngineSilent when there is no answer, or a refusal.
    """
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    try:
        told = httpx.post(url + path, json=body, timeout=seconds, trust_env=False).json()
    except (httpx.HTTPError, ValueError) as error:
        raise EngineSilent(f"{url}{path} does not answer: {type(error).__name__}.") from error
    if not isinstance(told, dict) or "result" not in told:
        raise EngineSilent(f"{url}{path} refuses {method}: {str(told)[:300]}.")
    return told["result"]


def follows(url: str, chain: str) -> bool:
    """Whether the node at ``url`` has caught up with a chain (``P``, or an id) and validates it."""
    try:
        answer = ask(url, "/ext/info", "info.isBootstrapped", {"chain": chain})
    except EngineSilent:
        return False
    return bool(answer["isBootstrapped"])


def wait_until_follows(organisation: Organisation, chain: str, seconds: float) -> None:
    """Wait until the organisation's node follows ``chain``; raises EngineSilent."""
    deadline = time.monotonic() + seconds
    while not follows(organisation.url, chain):
        if time.monotonic() > deadline:
            raise EngineSilent(
                f"{organisation.directory} does not follow {chain} after {seconds:.0f} s."
            )
        time.sleep(POLL_SECONDS)
