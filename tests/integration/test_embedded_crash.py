"""A real embedded ledger process killed, doubled, crowded and asked nonsense."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from ledger_process import (
    account,
    deploy_probe,
    kill_ledger,
    rpc,
    rpc_answer,
    running_ledger,
    sign,
    start_ledger,
    stop_ledger,
    wait_for_receipt,
)
from support.lengths import tries

SENDER = account(11)
KILLS = tries(3, 12)
BURST = tries(30, 80)


def store(nonce: int, probe: str) -> str:
    data = keccak(text="store(uint256,uint256)")[:4] + encode(["uint256"] * 2, [nonce, nonce + 1])
    return sign(SENDER, nonce, probe, "0x" + data.hex())


def send_until_down(url: str, probe: str, first: int, acknowledged: list[str]) -> None:
    """Send one transaction after another and note each acknowledged hash, until no answer."""
    try:
        for nonce in range(first, first + 10_000):
            answer = rpc_answer(url, "eth_sendRawTransaction", store(nonce, probe))
            acknowledged.append(answer["result"])
    except httpx.HTTPError:
        return


def test_kill_9_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    url, process = start_ledger(tmp_path)
    probe = deploy_probe(url, SENDER)
    acknowledged: list[str] = []
    chance = random.Random(20261122)
    for _ in range(KILLS):
        first = int(rpc(url, "eth_getTransactionCount", SENDER.address, "pending"), 16)
        sending = threading.Thread(target=send_until_down, args=(url, probe, first, acknowledged))
        sending.start()
        time.sleep(chance.uniform(0.05, 1.5))
        kill_ledger(process)
        sending.join()
        url, process = start_ledger(tmp_path)
        # The write in flight when it was killed may have been taken without an answer.
        taken = int(rpc(url, "eth_getTransactionCount", SENDER.address, "pending"), 16)
        assert taken - (1 + len(acknowledged)) in {0, 1}
        if taken == 2 + len(acknowledged):
            acknowledged.append("0x" + keccak(hexstr=store(taken - 1, probe)).hex())
    blocks = [wait_for_receipt(url, each) for each in acknowledged]
    assert all(receipt["status"] == "0x1" for receipt in blocks)
    mined = int(rpc(url, "eth_getTransactionCount", SENDER.address, "latest"), 16)
    assert mined == 1 + len(acknowledged)
    assert stop_ledger(process) == 0


def test_a_killed_builder_ends_the_ledger_and_a_new_start_goes_on(tmp_path: Path) -> None:
    url, process = start_ledger(tmp_path)
    probe = deploy_probe(url, SENDER)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (builder,) = map(int, children)
    os.kill(builder, 9)
    assert process.wait(20) == 70
    assert process.stdout is not None
    process.stdout.close()
    assert "start the ledger again" in (tmp_path / "ledger.log").read_text()
    url, process = start_ledger(tmp_path)
    wait_for_receipt(url, rpc(url, "eth_sendRawTransaction", store(1, probe)))
    stop_ledger(process)


def test_a_second_writer_is_refused_with_its_own_exit_code(tmp_path: Path) -> None:
    with running_ledger(tmp_path) as url:
        second = run_ledger("--dir", str(tmp_path / "ledger"), "--port", "0")
        assert second.returncode == 75
        assert "is in use by another embedded ledger" in second.stderr
        assert "Traceback" not in second.stderr
        other = run_ledger("--dir", str(tmp_path / "other"), "--port", url.rsplit(":", 1)[1])
        assert other.returncode == 69
        assert "choose another port" in other.stderr
    wrong = run_ledger("--dir", str(tmp_path / "ledger"), "--port", "0", "--chain-id", "5")
    assert wrong.returncode == 78


def run_ledger(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "node.embedded", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_batch_is_answered_in_order_and_its_transactions_share_a_block(tmp_path: Path) -> None:
    with running_ledger(tmp_path) as url:
        probe = deploy_probe(url, SENDER)
        requests = [
            {"jsonrpc": "2.0", "id": n, "method": "eth_sendRawTransaction", "params": [raw]}
            for n, raw in enumerate(store(nonce, probe) for nonce in range(1, 51))
        ]
        requests.append({"jsonrpc": "2.0", "id": "x", "method": "eth_nothing", "params": []})
        answers = httpx.post(url, json=requests, timeout=60).json()
        assert [each["id"] for each in answers] == [*range(50), "x"]
        assert answers[50]["error"]["code"] == -32601
        receipts = [wait_for_receipt(url, each["result"]) for each in answers[:50]]
        assert len({each["blockNumber"] for each in receipts}) <= 3


def test_a_burst_never_drives_chain_time_ahead_of_the_clock(tmp_path: Path) -> None:
    with running_ledger(tmp_path) as url:
        probe = deploy_probe(url, SENDER)
        last = ""
        for nonce in range(1, BURST):
            last = rpc(url, "eth_sendRawTransaction", store(nonce, probe))
            head = rpc(url, "eth_getBlockByNumber", "latest", False)
            assert int(head["timestamp"], 16) <= time.time() + 1
        wait_for_receipt(url, last)
        height = int(rpc(url, "eth_blockNumber"), 16)
        times = [
            int(rpc(url, "eth_getBlockByNumber", hex(number), False)["timestamp"], 16)
            for number in range(height + 1)
        ]
        assert sorted(set(times)) == times
        assert times[-1] <= time.time() + 1


def post(url: str, **request: Any) -> httpx.Response:
    headers = {"content-type": "application/json"} | request.pop("headers", {})
    return httpx.post(url, headers=headers, timeout=30, **request)


def test_the_door_bounds_and_checks_what_comes_in(tmp_path: Path) -> None:
    with running_ledger(tmp_path) as url:
        good = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
        assert post(url, content=good).json()["result"] == "0x1e3d"
        assert post(url, content=b"[" * 1_000_000).json()["error"]["code"] == -32700
        assert post(url, content=b"x" * (2 * 1024 * 1024 + 1)).status_code == 413
        assert post(url, content=iter([b"x" * 2_000_000] * 2)).status_code == 413
        assert post(url, content=good, headers={"content-type": "text/plain"}).status_code == 415
        assert post(url, content=good, headers={"host": "rebound.example"}).status_code == 403
        assert httpx.get(url).status_code == 405
        assert post(url, content=b'{"jsonrpc":"2.0","method":"eth_chainId"}').status_code == 204
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert post(url, content=good).json()["result"] == "0x1e3d"


def test_a_deep_call_is_answered_by_the_running_process(tmp_path: Path) -> None:
    with running_ledger(tmp_path) as url:
        probe = deploy_probe(url, SENDER)
        descend = keccak(text="descend(uint256)")[:4] + encode(["uint256"], [1_023])
        call = {"to": probe, "data": "0x" + descend.hex(), "gas": hex(30_000_000)}
        answer = rpc_answer(url, "eth_call", call, "latest")
        assert "result" in answer or answer["error"]["code"] in {3, -32000}
        assert rpc(url, "eth_chainId") == "0x1e3d"
