"""A real embedded ledger in its own process, for every test that needs a chain."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.avalanche import running_network
from support.ledgers import ENGINE
from web3 import HTTPProvider, Web3

CHAIN_ID = 7741
START_SECONDS = 20.0
PROBE = json.loads((Path(__file__).parent / "data" / "ledger" / "probe.json").read_text())


def start_ledger(
    tmp_path: Path, *, port: int = 0, chain_id: int = CHAIN_ID
) -> tuple[str, subprocess.Popen[str]]:
    """Start a ledger in ``tmp_path / "ledger"`` and return its URL once it listens.

    Starting again in the same ``tmp_path`` continues the same ledger. Stop it with
    ``stop_ledger``, or kill it.
    """
    command = [sys.executable, "-m", "node.embedded", "--dir", str(tmp_path / "ledger")]
    command += ["--port", str(port), "--chain-id", str(chain_id)]
    with (tmp_path / "ledger.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=_root()
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if " at http://" not in line:
        process.wait(START_SECONDS)
        process.stdout.close()
        raise AssertionError(f"the ledger did not start: {(tmp_path / 'ledger.log').read_text()}")
    return line.rsplit(" at ", 1)[1].strip(), process


def stop_ledger(process: "subprocess.Popen[str]") -> int:
    """Ask the ledger to stop and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return _ended(process)


def kill_ledger(process: "subprocess.Popen[str]") -> None:
    """Kill the ledger with SIGKILL and wait until it is gone."""
    process.kill()
    _ended(process)


@contextmanager
def running_ledger(tmp_path: Path) -> Iterator[str]:
    """Run a ledger for the body and stop it after; yields its URL.

    The environment's LEDGER says which: the embedded one, or ``avalanche``.
    """
    if ENGINE == "avalanche":
        with running_network(tmp_path / "network") as network:
            yield network.urls[0]
        return
    url, process = start_ledger(tmp_path)
    try:
        yield url
    finally:
        stop_ledger(process)


def rpc(url: str, method: str, *params: Any) -> Any:
    """Call one method and return its result; an error fails the test."""
    answer = rpc_answer(url, method, *params)
    assert "error" not in answer, answer
    return answer["result"]


def rpc_answer(url: str, method: str, *params: Any) -> dict[str, Any]:
    """Call one method and return the whole JSON-RPC response."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    response: dict[str, Any] = httpx.post(url, json=body, timeout=60).json()
    return response


def connect(url: str) -> Web3:
    """Return a web3 client of the ledger at ``url``."""
    return Web3(HTTPProvider(url))


def account(number: int) -> LocalAccount:
    """Return the test account with private key ``number`` (at least 1)."""
    return Account.from_key(number.to_bytes(32, "big"))


def sign(sender: LocalAccount, nonce: int, to: str | None, data: str, gas: int = 1_000_000) -> str:
    """Return a signed zero-fee transaction as 0x-prefixed hex."""
    fields: dict[str, Any] = {
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        "data": data,
        "chainId": CHAIN_ID,
        "to": to or b"",
    }
    return "0x" + bytes(sender.sign_transaction(fields).raw_transaction).hex()


def wait_for_receipt(url: str, transaction_hash: str, seconds: float = 30.0) -> dict[str, Any]:
    """Poll until the transaction is in a block; fail the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        receipt: dict[str, Any] | None = rpc(url, "eth_getTransactionReceipt", transaction_hash)
        if receipt is not None:
            return receipt
        time.sleep(0.01)
    raise AssertionError(f"no receipt for {transaction_hash} in {seconds} s")


def deploy_probe(url: str, sender: LocalAccount) -> str:
    """Deploy the test contract as ``sender``'s first transaction and return its address."""
    raw = sign(sender, 0, None, PROBE["bytecode"], gas=3_000_000)
    address = wait_for_receipt(url, rpc(url, "eth_sendRawTransaction", raw))["contractAddress"]
    assert isinstance(address, str)
    return address


def _root() -> Path:
    return Path(__file__).parent.parent


def _ended(process: "subprocess.Popen[str]") -> int:
    code = process.wait(START_SECONDS)
    assert process.stdout is not None
    process.stdout.close()
    return code
