"""A ledger in memory that runs an act in a millisecond and can be put back: anvil from npm.

Its clock is its own: each block is one second after the last, and more only where a test says so.
"""

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.companies import GENESIS_TIME

from node.chain.errors import RpcRefused

ROOT = Path(__file__).resolve().parents[2]
CHAIN_ID = 3_133
START_SECONDS = 20.0
_HEADERS = {"Content-Type": "application/json"}


class Anvil:
    """One anvil process and one connection to it, kept alive."""

    def __init__(self) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen([ROOT / "tools" / "anvil", *_options(port)])
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._wait_until_it_listens(port)
        self.call("anvil_setBlockTimestampInterval", 1)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.terminate()
        self._process.wait(10)

    def call(self, method: str, *params: Any) -> Any:
        """Return the method's result; raises RpcRefused."""
        return self.batch([(method, list(params))])[0]

    def batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results in the order asked; raises RpcRefused for the first refusal."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(requests)
        ]
        self._connection.request("POST", "/", json.dumps(body), _HEADERS)
        answers = json.loads(self._connection.getresponse().read())
        for answer in answers:
            if "error" in answer:
                raise RpcRefused(str(answer["error"]["message"]), answer["error"]["code"])
        return [a["result"] for a in sorted(answers, key=lambda answer: int(answer["id"]))]

    def snapshot(self) -> str:
        """Return the name under which the present state is kept."""
        return str(self.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Put the ledger and its clock back; the snapshot is used up."""
        if not self.call("evm_revert", snapshot):
            raise AssertionError(f"anvil does not know snapshot {snapshot}")

    def _wait_until_it_listens(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"anvil did not start: exit {self._process.poll()}")


def _options(port: int) -> list[str]:
    given = {
        "port": port,
        "chain-id": CHAIN_ID,
        "timestamp": GENESIS_TIME,
        "hardfork": "cancun",
        "gas-limit": 60_000_000,
        "gas-price": 0,
        "base-fee": 0,
        "accounts": 0,
        "slots-in-an-epoch": 0,  # every block is final at once
        "prune-history": 8,
    }
    flags = ["--silent", "--disable-min-priority-fee"]
    return flags + [part for name, value in given.items() for part in (f"--{name}", str(value))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
