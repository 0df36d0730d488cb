"""What a witness signs: anchors of blocks and statuses of objects; and how they are checked.

A witness is a member's node that saw a block final; its witness key signs anchors, statuses and
its own exports. Each is signed apart, so no part of a file rests on one hash over all of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from identity.errors import SignatureInvalid, StatementMalformed
from identity.keys.secp256k1 import SigningKey
from identity.signatures.statements import recover_statement, sign_statement
from node.chain.network import Network
from node.evidence.errors import (
    EvidenceMalformed,
    WitnessesNotIndependent,
    WitnessesTooFew,
    WitnessNotTrusted,
)

ANCHOR = "anchor"
STATUS = "status"
EXPORT = "export"
DEFAULT_WITNESSES = 2

Body = dict[str, Any]


@dataclass(frozen=True)
class Signed:
    """A statement's body and its signatures: member id → ``0x`` and 130 hex digits."""

    body: Body
    signatures: Mapping[str, str]

    def to_json(self) -> Body:
        """Return the statement as it stands in an evidence file."""
        signatures = [{"member": m, "signature": s} for m, s in sorted(self.signatures.items())]
        return {"body": self.body, "signatures": signatures}

    @staticmethod
    def from_json(data: Body) -> "Signed":
        """Read a statement whose shape the file's schema has checked; raises EvidenceMalformed."""
        signatures = {s["member"]: s["signature"] for s in data["signatures"]}
        if len(signatures) != len(data["signatures"]):
            raise EvidenceMalformed("A member signs a statement twice.")
        return Signed(data["body"], signatures)


def anchor_body(network: Network, block: Mapping[str, Any]) -> Body:
    """Return the anchor of a final block, from its JSON-RPC form; time in UTC seconds."""
    return {
        "chain_id": network.chain_id,
        "genesis": network.genesis,
        "height": int(block["number"], 16),
        "block_hash": block["hash"],
        "receipts_root": block["receiptsRoot"],
        "time": int(block["timestamp"], 16),
    }


@dataclass(frozen=True)
class ObjectStatus:
    """How an object stands after a block: its kind's words are those of identity/acts."""

    object: str
    kind: str
    counter: int
    status: int
    controller: str


def status_body(network: Network, status: ObjectStatus, height: int, block_hash: str) -> Body:
    """Return the status statement of one object as of one final block."""
    return {
        "chain_id": network.chain_id,
        "genesis": network.genesis,
        "object": status.object,
        "kind": status.kind,
        "counter": status.counter,
        "status": status.status,
        "controller": status.controller,
        "height": height,
        "block_hash": block_hash,
    }


def sign(kind: str, body: Body, key: SigningKey) -> str:
    """Sign an anchor, a status or an export with a witness key."""
    return sign_statement(kind, body, key)


def witnesses_at(network: Network, height: int, ended: Mapping[str, int]) -> dict[str, str]:
    """Return witness key → member for the keys that count at ``height``.

    Args:
        ended: heights at which keys were revoked: network.json may be older than a revocation.
    """
    listed = network.witnesses_at(height)
    return {key: member for key, member in listed.items() if ended.get(key, height + 1) > height}


def check_witnessed(
    kind: str,
    statement: Signed,
    network: Network,
    needed: int,
    interested: Iterable[str],
    ended: Mapping[str, int],
) -> frozenset[str]:
    """Return the members whose witness keys signed ``statement``, if they are enough.

    Args:
        network: whose list of witness keys counts.
        interested: the exporter, and who benefits.
        ended: as in ``witnesses_at``.

    Steps: (1) each signature recovers to the key that the trust file lists for that member and
    the statement's height; (2) one signer is not ``interested``; (3) ``needed`` members signed.

    Raises:
        WitnessNotTrusted, WitnessesNotIndependent, WitnessesTooFew: step 1, 2, 3 fails.
    """
    height = int(statement.body["height"])
    valid = witnesses_at(network, height, ended)
    for member, signature in statement.signatures.items():
        if valid.get(_signer(kind, statement.body, signature)) != member:
            raise WitnessNotTrusted(
                f"A {kind} at height {height} is signed by a key that the trust file does not"
                " list for that member and height.",
                member=member,
                height=height,
            )
    signers = frozenset(statement.signatures)
    if signers and signers <= frozenset(interested):
        raise WitnessesNotIndependent(
            f"The {kind} at height {height} is signed only by the exporter or who benefits.",
            height=height,
        )
    if len(signers) < needed:
        raise WitnessesTooFew(
            f"The {kind} at height {height} is signed by {len(signers)} members; {needed} are"
            " needed.",
            height=height,
            needed=needed,
        )
    return signers


def _signer(kind: str, body: Body, signature: str) -> str:
    try:
        return "0x" + recover_statement(kind, body, signature).hex()
    except (SignatureInvalid, StatementMalformed):
        return ""
