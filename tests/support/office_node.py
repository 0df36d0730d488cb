"""What a member's node needs to be opened without a ledger: a network.json and tokens."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from identity.keys.secp256k1 import SigningKey
from node.chain.network import (
    CONTRACT_NAMES,
    DeployedContract,
    Network,
    Seat,
    network_id,
)
from node.documents.rulebook import default_rulebook, rulebook_hash
from node.member import write_json
from node.node import Node

PASSPHRASE = "a passphrase of a test"
ROLES = ("issuer", "clerk", "finance", "gate", "officer", "auditor", "admin")
GENESIS = "0x" + "11" * 32
OTHER = "0x" + "0b" * 32
CLOSED = "http://127.0.0.1:9"  # the discard port: nothing listens


@dataclass(frozen=True)
class Office:
    """One member's node with a token for each role."""

    node: Node
    directory: Path
    tokens: dict[str, str]

    @property
    def id(self) -> str:
        return self.node.settings.member

    def bearer(self, role: str = "clerk") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


def found_network(genesis: str = GENESIS, code: str | None = None) -> Network:
    """A network.json that its council signed, of contracts that stand nowhere.

    Args:
        code: the hash of every contract's code.
    """
    keys = {"0x" + f"{n:02x}" * 32: SigningKey.generate() for n in (1, 2)}
    seats = tuple(Seat(member, "0x" + key.address.hex()) for member, key in keys.items())
    nonce = "0x" + secrets.token_hex(32)
    network = Network(
        chain_id=5151,
        network_id=network_id(seats, 2, genesis, 5151, nonce),
        nonce=nonce,
        genesis=genesis,
        engine="embedded",
        operator=None,
        deployed_height=1,
        contracts={
            name: DeployedContract("0x" + f"{n:02x}" * 20, code or "0x" + f"{n:02x}" * 32)
            for n, name in enumerate(CONTRACT_NAMES, 1)
        },
        threshold=2,
        seats=seats,
        rulebook="0x" + rulebook_hash(default_rulebook()).hex(),
        waiting=default_rulebook().waiting,
        witnesses=(),
    )
    for member, key in keys.items():
        network = network.signed_by(member, key)
    return network


def give_tokens(directory: Path) -> dict[str, str]:
    tokens = {role: secrets.token_urlsafe(32) for role in ROLES}
    write_json(
        directory / "tokens.json",
        [
            {
                "subject": f"{role}@{directory.name}",
                "roles": [role],
                "sha256": hashlib.sha256(token.encode()).hexdigest(),
            }
            for role, token in tokens.items()
        ],
    )
    return tokens
