"""Who may write to the chain: the allow lists of senders and of deployers, and a relayer's money.

The lists keep strangers' transactions out; who may act, Membership decides. An operator's account
is Manager of both lists: it enables and disables, and can make no other Manager. Nobody is Admin.

Source: subnet-evm's precompiles TxAllowList and ContractDeployerAllowList.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.profile import profile
from node.chain.relaying import sign_transaction
from node.chain.rpc import Ledger, data, quantity, read_bytes, read_call
from node.engine.errors import EngineRefused, EngineSilent
from node.oversight import allow_lists
from node.oversight.allow_lists import READ_SELECTOR, Role

TRANSACTIONS, DEPLOYERS = (
    read_bytes(allow_lists.LISTS[name])
    for name in (allow_lists.TRANSACTIONS, allow_lists.DEPLOYERS)
)
ENABLE, DISABLE = (
    keccak(signature)[:4] for signature in (b"setEnabled(address)", b"setNone(address)")
)
CHANGE_GAS, TRANSFER_GAS = 100_000, 21_000
ENGINE = "avalanche"
# Thirty thousand full transactions of a relayer; it is filled up again below a third.
FUNDS_WEI = 10**12
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1


def role(ledger: Ledger, allow_list: bytes, account: bytes) -> Role:
    """Return the account's role on a list; raises LedgerUnavailable."""
    answer = read_call(ledger, allow_list, READ_SELECTOR + account.rjust(32, b"\0"))
    return Role(int.from_bytes(answer, "big"))


def allow(
    ledger: Ledger, operator: SigningKey, accounts: Sequence[bytes], deployer: bool = False
) -> list[str]:
    """Let accounts send transactions, with money for their fees; return the transactions' hashes.

    What an account has already is left as it is. ``deployer`` lets them make contracts too.

    Raises:
        EngineRefused: the operator may not, or has no money.
        EngineSilent: the transactions are in no block in time.
    """
    lists = [TRANSACTIONS, *([DEPLOYERS] if deployer else [])]
    wanted: list[Sent] = []
    for account in accounts:
        for allow_list in lists:
            if role(ledger, allow_list, account) is Role.NONE:
                wanted.append(change(allow_list, ENABLE, account))
        if _balance(ledger, account) < FUNDS_WEI // 3:
            wanted.append(Sent(account, FUNDS_WEI, b"", TRANSFER_GAS))
    return send_all(ledger, operator, wanted)


def disallow(ledger: Ledger, operator: SigningKey, accounts: Iterable[bytes]) -> list[str]:
    """Take accounts off both lists; return the transactions' hashes.

    Raises: EngineRefused, for an operator's own account too; EngineSilent.
    """
    wanted = [
        change(allow_list, DISABLE, account)
        for account in accounts
        for allow_list in (TRANSACTIONS, DEPLOYERS)
        if role(ledger, allow_list, account) is not Role.NONE
    ]
    return send_all(ledger, operator, wanted)


@dataclass(frozen=True)
class Sent:
    """One transaction of the operator, without its nonce."""

    to: bytes
    value: int
    calldata: bytes
    gas: int


def change(allow_list: bytes, selector: bytes, account: bytes) -> Sent:
    """Return the call that changes an account's place on a list."""
    return Sent(allow_list, 0, selector + account.rjust(32, b"\0"), CHANGE_GAS)


def _balance(ledger: Ledger, account: bytes) -> int:
    return int(ledger.call("eth_getBalance", data(account), "latest"), 16)


def send_all(ledger: Ledger, operator: SigningKey, wanted: Sequence[Sent]) -> list[str]:
    """Send the operator's transactions and return their hashes once all have taken effect.

    Raises: EngineRefused, EngineSilent.
    """
    chain_id, fee = int(ledger.call("eth_chainId"), 16), profile(ENGINE).fee_per_gas_wei
    nonce = int(ledger.call("eth_getTransactionCount", data(operator.address), "pending"), 16)
    hashes = []
    for place, sent in enumerate(wanted):
        raw, _ = sign_transaction(
            operator, chain_id, nonce + place, sent.to, sent.calldata, sent.gas, fee, sent.value
        )
        try:
            hashes.append(str(ledger.call("eth_sendRawTransaction", data(raw))))
        except RpcRefused as error:
            raise EngineRefused(
                f"The operator's transaction is refused: {error.message}"
            ) from error
    for transaction in hashes:
        _wait(ledger, transaction)
    return hashes


def _wait(ledger: Ledger, transaction: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while (receipt := ledger.call("eth_getTransactionReceipt", transaction)) is None:
        if time.monotonic() > deadline:
            raise EngineSilent(f"{transaction} is in no block after {WAIT_SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)
    if receipt["status"] != quantity(1):
        raise EngineRefused(f"{transaction} failed: the operator may not.", transaction=transaction)
