"""Deploys the contracts of a new network from one founding account, and nothing else.

The account's first six transactions are the contracts, Network first with the others' predicted
addresses; so whatever is missing after a kill can be told from the addresses alone.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import rlp
from eth_abi.abi import encode
from eth_hash.auto import keccak

from identity.keys.secp256k1 import SigningKey
from node.chain import artifacts
from node.chain.errors import FoundingRefused, RpcRefused
from node.chain.network import Seat, WaitingTimes
from node.chain.profile import Profile
from node.chain.relaying import sign_transaction
from node.chain.rpc import Ledger, data, quantity, read_bytes

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.05


def predicted_addresses(founder: bytes) -> dict[str, bytes]:
    """Return where the founding account's first transactions put the contracts, by name."""
    return {
        name: keccak(rlp.encode([founder, nonce]))[-20:]
        for nonce, name in enumerate(artifacts.CONTRACTS)
    }


def deploy(
    ledger: Ledger,
    founder: SigningKey,
    chain_id: int,
    network_id: str,
    seats: Sequence[Seat],
    threshold: int,
    rulebook: str,
    waiting: WaitingTimes,
    engine: Profile,
) -> int:
    """Deploy what is not deployed yet, and return Network's block height once all is final.

    Args:
        founder: an account that has sent nothing but this network's contracts; it stays the
            founding relayer.

    Raises:
        FoundingRefused: the account has another history, or a contract refuses its inputs.
        RpcRefused, LedgerUnavailable: run it again.
    """
    addresses = predicted_addresses(founder.address)
    arguments = {
        **_plain_arguments(addresses, network_id),
        "Membership": _membership_arguments(
            addresses["Network"], founder.address, seats, threshold, rulebook, waiting
        ),
    }
    sent = int(ledger.call("eth_getTransactionCount", data(founder.address), "latest"), 16)
    transactions = []
    for nonce, (name, address) in enumerate(addresses.items()):
        code = artifacts.load(name).bytecode + arguments[name]
        unsent = (founder, chain_id, nonce, b"", code, _gas(code, seats))
        if is_deployed(ledger, name, address):
            transaction = sign_transaction(*unsent, engine.fee_per_gas_wei)[1]
            if ledger.call("eth_getTransactionReceipt", transaction) is None:
                raise FoundingRefused("The founding account has founded another network.")
            transactions.append(transaction)
            continue
        if sent > nonce:
            raise FoundingRefused(
                f"Transaction {nonce} of the founding account did not deploy {name}.",
                contract=name,
                nonce=nonce,
            )
        transactions.append(send(ledger, *unsent, engine))
    receipts = [wait_final(ledger, transaction, engine) for transaction in transactions]
    for name, address in addresses.items():
        if not is_deployed(ledger, name, address):
            raise FoundingRefused(f"{name} was refused by its constructor.", contract=name)
    return int(receipts[0]["blockNumber"], 16)


def is_deployed(ledger: Ledger, name: str, address: bytes) -> bool:
    """Whether the code at ``address`` is this release's contract ``name``."""
    code = read_bytes(ledger.call("eth_getCode", data(address), "latest"))
    return bool(code) and artifacts.load(name).is_code(code)


def send(
    ledger: Ledger,
    key: SigningKey,
    chain_id: int,
    nonce: int,
    to: bytes,
    calldata: bytes,
    gas: int,
    engine: Profile,
    value: int = 0,
) -> str:
    """Send a transaction and return its hash; sending the same again is no error."""
    fee = engine.fee_per_gas_wei
    raw, transaction = sign_transaction(key, chain_id, nonce, to, calldata, gas, fee, value)
    try:
        ledger.call("eth_sendRawTransaction", data(raw))
    except RpcRefused as error:
        if "already known" not in error.message and "nonce too low" not in error.message:
            raise
    return transaction


def wait_final(ledger: Ledger, transaction: str, engine: Profile) -> Mapping[str, Any]:
    """Return the receipt of ``transaction`` once its block is final.

    Raises:
        FoundingRefused: it is final and failed, or not final after ``WAIT_SECONDS``.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        receipt, final = ledger.batch(
            [
                ("eth_getTransactionReceipt", [transaction]),
                ("eth_getBlockByNumber", [engine.final, False]),
            ]
        )
        if isinstance(receipt, RpcRefused) or isinstance(final, RpcRefused):
            raise receipt if isinstance(receipt, RpcRefused) else final
        if receipt and final and int(receipt["blockNumber"], 16) <= int(final["number"], 16):
            if receipt["status"] != quantity(1):
                raise FoundingRefused("A founding transaction failed.", transaction=transaction)
            return dict(receipt)
        time.sleep(POLL_SECONDS)
    raise FoundingRefused(
        f"A founding transaction was not final after {WAIT_SECONDS:.0f} s.", transaction=transaction
    )


def _plain_arguments(addresses: Mapping[str, bytes], network_id: str) -> dict[str, bytes]:
    """Return the arguments of every constructor but Membership's."""
    named = [name for name in artifacts.CONTRACTS if name != "Network"]
    network = encode(["address"], [addresses["Network"]])
    return {
        "Network": encode(
            ["bytes32", "bytes32[]", "address[]"],
            [
                read_bytes(network_id),
                [keccak(name.encode()) for name in named],
                [addresses[name] for name in named],
            ],
        ),
        "Devices": network,
        "Titles": encode(["address", "address"], [addresses["Network"], bytes(20)]),
        "Releases": network,
        "Attestations": network,
    }


def _membership_arguments(
    network: bytes,
    founder: bytes,
    seats: Sequence[Seat],
    threshold: int,
    rulebook: str,
    waiting: WaitingTimes,
) -> bytes:
    """Return the arguments of Membership's constructor."""
    return encode(
        ["address", "bytes32[]", "address[]", "uint256", "address", "bytes32"] + ["uint256"] * 2,
        [
            network,
            [read_bytes(seat.member) for seat in seats],
            [read_bytes(seat.key) for seat in seats],
            threshold,
            founder,
            read_bytes(rulebook),
            waiting.enforcement_seconds,
            waiting.transfer_seconds,
        ],
    )


def _gas(code: bytes, seats: Sequence[Seat]) -> int:
    """Return ample gas: 200 a byte stored, 16 a byte sent, and what the constructors write."""
    return 1_000_000 + 230 * len(code) + 100_000 * len(seats)
