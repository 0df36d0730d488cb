"""web3.py as the client of a real embedded ledger process."""

from collections.abc import Iterator
from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from ledger_process import (
    CHAIN_ID,
    PROBE,
    account,
    connect,
    deploy_probe,
    rpc,
    rpc_answer,
    running_ledger,
    sign,
    wait_for_receipt,
)
from trie.hexary import HexaryTrie
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError

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


def test_a_refused_transaction_is_mined_as_failed_and_reads_as_such(
    web3: Web3, probe: Contract
) -> None:
    receipt = send(web3, probe.functions.refuse(1), gas=100_000)
    assert receipt["status"] == 0
    assert receipt["logs"] == []
    assert 21_000 < receipt["gasUsed"] < 100_000


def test_blocks_carry_what_their_hash_is_made_of(url: str, web3: Web3, probe: Contract) -> None:
    receipt = send(web3, probe.functions.store(2, 3))
    block = rpc(url, "eth_getBlockByNumber", hex(receipt["blockNumber"]), True)
    fields = [
        *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
        *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
        *("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
        "parentBeaconBlockRoot",
    ]
    quantities = {
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
        *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
    }
    items = [
        big_endian(int(block[name], 16)) if name in quantities else bytes.fromhex(block[name][2:])
        for name in fields
    ]
    assert "0x" + keccak(rlp.encode(items)).hex() == block["hash"]
    assert block["transactions"][0]["hash"] == receipt["transactionHash"].to_0x_hex()
    by_hash = rpc(url, "eth_getBlockByHash", block["hash"], False)
    assert by_hash["transactions"] == [each["hash"] for each in block["transactions"]]
    for tag in ("latest", "safe", "finalized"):
        assert web3.eth.get_block(tag)["number"] == web3.eth.block_number  # type: ignore[arg-type]


def big_endian(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def test_the_receipts_of_a_block_hash_to_its_receipts_root(
    url: str, web3: Web3, probe: Contract
) -> None:
    last = send(web3, probe.functions.storeMany(50, 4))
    block = rpc(url, "eth_getBlockByNumber", hex(last["blockNumber"]), False)
    receipts = rpc(url, "eth_getBlockReceipts", hex(last["blockNumber"]))
    assert receipts == rpc(url, "eth_getBlockReceipts", block["hash"])
    trie = HexaryTrie({})
    for position, receipt in enumerate(receipts):
        logs = [
            [
                bytes.fromhex(log["address"][2:]),
                [bytes.fromhex(topic[2:]) for topic in log["topics"]],
                bytes.fromhex(log["data"][2:]),
            ]
            for log in receipt["logs"]
        ]
        body = [
            big_endian(int(receipt["status"], 16)),
            big_endian(int(receipt["cumulativeGasUsed"], 16)),
            bytes.fromhex(receipt["logsBloom"][2:]),
            logs,
        ]
        trie[rlp.encode(position)] = bytes([int(receipt["type"], 16)]) + rlp.encode(body)
    assert "0x" + trie.root_hash.hex() == block["receiptsRoot"]


def test_logs_are_found_by_block_hash_range_address_and_topic_choices(
    url: str, web3: Web3, probe: Contract
) -> None:
    receipt = send(web3, probe.functions.storeMany(700, 3))
    keys = ["0x" + number.to_bytes(32, "big").hex() for number in (700, 702, 9)]
    stored = Web3.keccak(text="Stored(uint256,address,uint256)").to_0x_hex()
    wanted = {"address": probe.address, "topics": [stored, keys]}
    by_range = rpc(url, "eth_getLogs", wanted | {"fromBlock": "earliest", "toBlock": "latest"})
    by_hash = rpc(url, "eth_getLogs", wanted | {"blockHash": receipt["blockHash"].to_0x_hex()})
    assert by_range == by_hash
    assert [log["topics"][1] for log in by_range] == keys[:2]
    assert [log["logIndex"] for log in by_range] == ["0x0", "0x2"]
    assert rpc(url, "eth_getLogs", {"address": "0x" + "00" * 20, "fromBlock": "0x0"}) == []


def test_a_log_range_that_is_too_wide_or_backwards_is_refused(url: str) -> None:
    wide = rpc_answer(url, "eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x2710"})
    assert wide["error"]["code"] == -32005
    assert "10000" in wide["error"]["message"]
    back = rpc_answer(url, "eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})
    assert back["error"]["code"] == -32602
    unknown = rpc_answer(url, "eth_getLogs", {"blockHash": "0x" + "11" * 32})
    assert unknown["error"]["code"] == -32000


def test_state_is_read_at_past_heights(web3: Web3, probe: Contract) -> None:
    first = send(web3, probe.functions.store(3, 30))["blockNumber"]
    second = send(web3, probe.functions.store(3, 31))["blockNumber"]
    assert probe.functions.values(3).call(block_identifier=first) == 30
    assert probe.functions.values(3).call(block_identifier=second) == 31
    slot = int(Web3.keccak((3).to_bytes(32) + (0).to_bytes(32)).hex(), 16)
    assert int(web3.eth.get_storage_at(probe.address, slot, first).hex(), 16) == 30
    assert web3.eth.get_code(probe.address, 0) == b""
    nonce = web3.eth.get_transaction_count
    assert nonce(SENDER.address, second) - nonce(SENDER.address, first) == 1


def test_fees_are_zero_and_so_is_every_balance(web3: Web3, probe: Contract) -> None:
    assert web3.eth.gas_price == 0
    assert web3.eth.max_priority_fee == 0
    assert web3.eth.get_balance(SENDER.address) == 0
    history = web3.eth.fee_history(3, "latest", [10.0, 90.0])
    assert set(history["baseFeePerGas"]) == {0}
    assert history["reward"][0] == [0, 0]
    assert web3.eth.syncing is False
    assert web3.net.version == str(CHAIN_ID)
    assert web3.client_version.startswith("lading-ledger/")


def test_what_is_not_there_is_null_and_what_is_malformed_is_refused(url: str) -> None:
    unknown = "0x" + "22" * 32
    for method in (
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_getBlockByHash",
        "eth_getBlockReceipts",
    ):
        assert rpc(url, method, unknown) is None
    assert rpc(url, "eth_getBlockByNumber", "0xffffff", False) is None
    balance = rpc_answer(url, "eth_getBalance", SENDER.address, "0xffffff")
    assert balance["error"] == {"code": -32000, "message": "header not found"}
    assert rpc_answer(url, "eth_getBalance")["error"]["code"] == -32602
    assert rpc_answer(url, "eth_getBalance", "0x1", "latest")["error"]["code"] == -32602
    assert rpc_answer(url, "eth_chainId", 1)["error"]["code"] == -32602
    assert rpc_answer(url, "eth_sign")["error"]["code"] == -32601


def test_a_refused_send_says_why(web3: Web3, url: str) -> None:
    raw = sign(account(12), 5, SENDER.address, "0x", gas=50_000)
    with pytest.raises(Web3RPCError, match="nonce too high"):
        web3.eth.send_raw_transaction(bytes.fromhex(raw[2:]))
    good = sign(account(12), 0, SENDER.address, "0x", gas=50_000)
    sent = rpc(url, "eth_sendRawTransaction", good)
    assert wait_for_receipt(url, sent)["status"] == "0x1"
    again = rpc_answer(url, "eth_sendRawTransaction", good)["error"]
    assert again["code"] == -32000
    assert again["message"].startswith(("nonce too low", "already known"))
