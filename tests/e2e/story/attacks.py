"""Acts sent straight to the contracts with web3 and eth-account, past every node.

This is a second writing of the act format from docs/protocol/acts.md: it shares no code with the
project, so a mistake in either shows as a refusal that nobody expected.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from web3 import Web3

from .consortium import Consortium, hold

HEADER = (
    ("principal", "bytes32"),
    ("delegation", "bytes32"),
    ("object", "bytes32"),
    ("counter", "uint256"),
    ("expires", "uint256"),
    ("companion", "bytes32"),
)
FIELDS = {
    "Issue": (
        ("kind", "uint256"),
        ("party", "bytes32"),
        ("holder", "bytes32"),
        ("deadline", "uint256"),
        ("loading", "uint256"),
        ("discharge", "uint256"),
        ("root", "bytes32"),
    ),
    "Offer": (
        ("to", "bytes32"),
        ("capacity", "uint256"),
        ("endorsement", "uint256"),
        ("deadline", "uint256"),
        ("root", "bytes32"),
    ),
    "Accept": (("offer", "bytes32"), ("root", "bytes32")),
    "SetCondition": (("order", "bytes32"), ("met", "uint256"), ("reference", "bytes32")),
    "GateOut": (
        ("order", "bytes32"),
        ("container", "bytes32"),
        ("lane", "bytes32"),
        ("deviceCounter", "uint256"),
        ("time", "uint256"),
        ("reports", "bytes32"),
    ),
}
CODES = {"Issue": 32, "Offer": 33, "Accept": 34, "SetCondition": 65, "GateOut": 66}
SUBMIT = [
    {
        "type": "function",
        "name": "submit",
        "stateMutability": "nonpayable",
        "inputs": [{"name": "batch", "type": "bytes"}],
        "outputs": [],
    }
]


@dataclass(frozen=True)
class RawAct:
    """A signed act as it travels: the contract's name, the act's digest and its bytes."""

    contract: str
    digest: str
    wire: bytes


class Attacker:
    """Somebody with a key of a member (a dishonest clerk) and a relayer account, and no node."""

    def __init__(self, consortium: Consortium) -> None:
        self.consortium = consortium
        self.web3 = Web3(Web3.HTTPProvider(consortium.ledger_url))
        self.relayer = Account.from_key(consortium.attack["relay_key"])

    def sign(
        self,
        contract: str,
        name: str,
        key: str,
        *,
        principal: str,
        object_: str,
        counter: int,
        **fields: Any,
    ) -> RawAct:
        """Sign one act by the EIP-712 rule and lay out its wire bytes."""
        message = {
            "principal": _bytes(principal),
            "delegation": bytes(32),
            "object": _bytes(object_),
            "counter": counter,
            "expires": int(time.time()) + 3600,
            "companion": bytes(32),
        } | {key_: _bytes(value) for key_, value in fields.items()}
        types = HEADER + FIELDS[name]
        network = self.consortium.network
        signable = encode_typed_data(
            full_message={
                "domain": {
                    "name": "Lading",
                    "version": "1",
                    "chainId": network["chain_id"],
                    "verifyingContract": network["contracts"][contract]["address"],
                    "salt": _bytes(network["network_id"]),
                },
                "types": {
                    "EIP712Domain": [
                        {"name": "name", "type": "string"},
                        {"name": "version", "type": "string"},
                        {"name": "chainId", "type": "uint256"},
                        {"name": "verifyingContract", "type": "address"},
                        {"name": "salt", "type": "bytes32"},
                    ],
                    name: [{"name": n, "type": t} for n, t in types],
                },
                "primaryType": name,
                "message": message,
            }
        )
        signed = Account.sign_message(signable, key)
        # What is zero of delegation and companion is left out, and said by the second byte.
        optional = [message["delegation"], message["companion"]]
        parts = sum(1 << bit for bit, value in enumerate(optional) if any(value))
        header = bytes([CODES[name], parts]) + message["principal"] + message["object"]
        header += message["counter"].to_bytes(4, "big") + message["expires"].to_bytes(5, "big")
        header += b"".join(value for value in optional if any(value))
        own = b"".join(
            message[n] if t == "bytes32" else int(message[n]).to_bytes(32, "big")
            for n, t in FIELDS[name]
        )
        digest = "0x" + bytes(signed.message_hash).hex()
        return RawAct(contract, digest, header + own + bytes(signed.signature))

    def relay(self, act: RawAct) -> None:
        """Put the act on the ledger with web3 alone and wait for its block."""
        address = self.consortium.network["contracts"][act.contract]["address"]
        door = self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=SUBMIT)
        transaction = door.functions.submit(
            len(act.wire).to_bytes(2, "big") + act.wire
        ).build_transaction(
            {
                "from": self.relayer.address,
                "nonce": self.web3.eth.get_transaction_count(self.relayer.address),
                "gas": 3_000_000,
                "gasPrice": self.web3.eth.gas_price,
            }
        )
        raw = self.relayer.sign_transaction(transaction).raw_transaction
        receipt = self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_raw_transaction(raw), timeout=20, poll_latency=0.1
        )
        hold(receipt["status"] == 1, f"the ledger takes the relayed batch for {act.contract}")

    def relayed_wire(self, transaction_hash: str) -> bytes:
        """Read a single relayed act back from the ledger, as any onlooker can."""
        transaction = self.web3.eth.get_transaction(transaction_hash)
        call = bytes(transaction["input"])
        length = int.from_bytes(call[36:68], "big")
        return call[70 : 68 + length]


def search(directories: list[Path], needles: dict[str, bytes]) -> list[str]:
    """Say which needles occur in which files, write-ahead logs included."""
    found = []
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            content = path.read_bytes()
            found += [f"{name} in {path}" for name, needle in needles.items() if needle in content]
    return found


def random_id() -> str:
    """32 random bytes, as an id or a root that nobody knows."""
    return "0x" + os.urandom(32).hex()


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value
