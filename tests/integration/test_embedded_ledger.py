"""web3.py as the client of a real embedded ledger process."""

from collections.abc import Iterator
from typing import Any

import pytest
from ledger_process import (
    CHAIN_ID,
    PROBE,
    account,
    connect,
    deploy_probe,
    running_ledger,
)
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError, ContractLogicError

SENDER = account(11)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ledger(tmp_path_factory.mktemp("web3")) as running:
        yield running


@pytest.fixture(scope="module")
def web3(url: str) -> Web3:
    return connect(url)


@pytest.fixture(scope="module")
def probe(url: str, web3: Web3) -> Contract:
    return web3.eth.contract(address=deploy_probe(url, SENDER), abi=PROBE["abi"])


def send(web3: Web3, function: Any, **fields: Any) -> Any:
    transaction = function.build_transaction({"from": SENDER.address, **fields})
    transaction["nonce"] = web3.eth.get_transaction_count(SENDER.address, "pending")
    signed = SENDER.sign_transaction(transaction)
    return web3.eth.wait_for_transaction_receipt(
        web3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.02
    )


def test_web3_deploys_estimates_sends_waits_and_reads(web3: Web3, probe: Contract) -> None:
    receipt = send(web3, probe.functions.store(1, 42))
    assert receipt["status"] == 1
    assert probe.functions.values(1).call() == 42
    (event,) = probe.events.Stored.get_logs(from_block=receipt["blockNumber"])
    assert (event["args"]["key"], event["args"]["value"]) == (1, 42)
    assert web3.eth.chain_id == CHAIN_ID
    assert web3.eth.get_code(probe.address) != b""


def test_a_custom_error_reaches_the_caller_with_its_data(probe: Contract) -> None:
    with pytest.raises(ContractCustomError) as raised:
        probe.functions.refuse(7).call()
    assert (
        raised.value.data == Web3.keccak(text="NotThisValue(uint256)")[:4].to_0x_hex() + f"{7:064x}"
    )


def test_an_estimate_of_a_call_that_reverts_reports_the_reason(probe: Contract) -> None:
    with pytest.raises(ContractLogicError, match="not today"):
        probe.functions.refuseInWords().estimate_gas({"from": SENDER.address})
