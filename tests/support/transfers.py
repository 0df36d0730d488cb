"""Plain transfers on a ledger with fees, for tests of the engine itself."""

import time

from identity.keys.secp256k1 import SigningKey
from node.chain.profile import profile
from node.chain.relaying import PLAIN_GAS, sign_transaction
from node.chain.rpc import Ledger, Rpc, data

FINAL_SECONDS = 60.0


def send_transfers(url: str, sender: SigningKey, count: int) -> list[str]:
    """Send ``count`` transfers of nothing, and return their hashes once all have receipts."""
    ledger = Rpc(url)
    try:
        hashes = [start_transfer(ledger, sender, nonce) for nonce in range(count)]
        for transaction in hashes:
            _wait(ledger, transaction)
    finally:
        ledger.close()
    return hashes


def start_transfer(ledger: Ledger, sender: SigningKey, nonce: int) -> str:
    """Send one transfer and return its hash; raises RpcRefused as the ledger does."""
    chain_id = int(ledger.call("eth_chainId"), 16)
    fee = profile("avalanche").fee_per_gas_wei
    raw, _ = sign_transaction(sender, chain_id, nonce, sender.address, b"", PLAIN_GAS, fee)
    return str(ledger.call("eth_sendRawTransaction", data(raw)))


def height_and_hash(ledger: Ledger) -> tuple[str, str]:
    """Return number and hash of the last final block."""
    block = ledger.call("eth_getBlockByNumber", "finalized", False)
    return str(block["number"]), str(block["hash"])


def _wait(ledger: Ledger, transaction: str) -> None:
    deadline = time.monotonic() + FINAL_SECONDS
    while ledger.call("eth_getTransactionReceipt", transaction) is None:
        assert time.monotonic() < deadline, f"{transaction} is in no block"
        time.sleep(0.1)
