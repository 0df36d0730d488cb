#!/usr/bin/env python3
"""Write the vectors of what nodes sign and hash: tests/data/vectors/node.json.

Network id, rulebook and schema digests, a receipt, the contexts of envelopes, the statements of
witnesses, a relay transaction. Run it after a change of any of these formats; a
test fails while the file is stale, and computes each value a second way. The keys are public:
never use them.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402

from identity.keys.secp256k1 import SigningKey  # noqa: E402
from identity.signatures.statements import sign_statement, statement_digest  # noqa: E402
from node.chain.network import Seat, network_id  # noqa: E402
from node.chain.relaying import sign_transaction, submit_calldata  # noqa: E402
from node.documents import service, statutory  # noqa: E402
from node.documents.registry import SCHEMA_IDS, schema_ref  # noqa: E402
from node.documents.rulebook import default_rulebook, rulebook_hash  # noqa: E402
from node.evidence.statements import ANCHOR, EXPORT, STATUS  # noqa: E402
from node.exchange import sealed  # noqa: E402
from node.exchange.receipts import give_receipt  # noqa: E402

TARGET = ROOT / "tests/data/vectors/node.json"
SECRET = sha256(b"lading test vector of a node: public, never use").digest()
AT = 1_900_000_000


def word(name: str) -> str:
    """Return 32 bytes made from a name, 0x hex."""
    return "0x" + sha256(f"lading test vector {name}".encode()).hexdigest()


def network_vector() -> dict[str, Any]:
    """Return a network id with its inputs."""
    seats = [Seat("0x" + f"{i:02x}" * 32, "0x" + f"{i}{i}" * 20) for i in (1, 2, 3)]
    genesis, nonce = "0x" + "aa" * 32, "0x" + "bb" * 32
    return {
        "chain_id": 7741,
        "council": {"threshold": 2, "seats": [vars(seat) for seat in seats]},
        "genesis": genesis,
        "nonce": nonce,
        "network_id": network_id(seats, 2, genesis, 7741, nonce),
    }


def receipt_vector() -> dict[str, Any]:
    """Return a receipt for a document."""
    key = Ed25519PrivateKey.from_private_bytes(SECRET)
    receipt = give_receipt(
        "document", word("root"), word("receiver"), word("sender"), AT, "message", key
    )
    digest = statement_digest("receipt", receipt["statement"])
    return {"receipt": receipt, "digest": "0x" + digest.hex(), **public_of(key)}


def contexts() -> dict[str, Any]:
    """Return the contexts that envelopes on the way and in the vault are bound to."""
    root, sender, receiver = word("root"), word("sender"), word("receiver")
    return {
        "root": root,
        "sender": sender,
        "receiver": receiver,
        "document_sent": sealed._context("document", root, sender, receiver).hex(),
        "disclosure_sent": sealed._context("disclosure", root, sender, receiver).hex(),
        "document_kept": service._context(root).hex(),
        "disclosure_kept": statutory._context(root, sender).hex(),
    }


def witness_vectors() -> list[dict[str, Any]]:
    """Return an anchor, a status and an export, signed by one witness key."""
    block = {"height": 42, "block_hash": word("block")}
    chain = {"chain_id": 7741, "genesis": word("genesis")}
    status = {"kind": "title", "counter": 7, "status": 3, "controller": word("carrier")}
    export = {"title": word("title"), "order": None, "container": "MAEU6543213", "at": AT}
    bodies = {
        ANCHOR: {**chain, **block, "receipts_root": word("receipts"), "time": AT},
        STATUS: {**chain, **block, "object": word("title"), **status},
        EXPORT: {**block, "exporter": word("exporter"), **export},
    }
    key = SigningKey(SECRET)
    return [
        {
            "kind": kind,
            "body": body,
            "digest": "0x" + statement_digest(kind, body).hex(),
            "signature": sign_statement(kind, body, key),
            "address": "0x" + key.address.hex(),
        }
        for kind, body in bodies.items()
    ]


def transaction_vector() -> dict[str, Any]:
    """Return a relay transaction of two acts."""
    acts = json.loads((ROOT / "tests/data/vectors/acts.json").read_bytes())["vectors"]
    wires = [bytes.fromhex(act["wire"][2:]) for act in acts[:2]]
    calldata = submit_calldata(wires)
    key = SigningKey(SECRET)
    raw, transaction_hash = sign_transaction(key, 7741, 9, b"\x77" * 20, calldata, 3_000_000, 0)
    return {
        "chain_id": 7741,
        "nonce": 9,
        "contract": "0x" + "77" * 20,
        "gas": 3_000_000,
        "acts": [act["act"]["name"] for act in acts[:2]],
        "calldata": "0x" + calldata.hex(),
        "raw": "0x" + raw.hex(),
        "hash": transaction_hash,
        "relayer": "0x" + key.address.hex(),
    }


def public_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """Return the public half as a vector names it."""
    return {"ed25519": "0x" + key.public_key().public_bytes_raw().hex()}


def contents() -> str:
    """Return the file's text."""
    vectors = {
        "private_key": "0x" + SECRET.hex(),
        "network": network_vector(),
        "rulebook": "0x" + rulebook_hash(default_rulebook()).hex(),
        "schemas": {id_: "0x" + schema_ref(id_).digest.hex() for id_ in SCHEMA_IDS},
        "receipt": receipt_vector(),
        "contexts": contexts(),
        "witness": witness_vectors(),
        "transaction": transaction_vector(),
    }
    return json.dumps(vectors, indent=1) + "\n"


def main() -> None:
    """Write the file."""
    TARGET.write_text(contents(), encoding="utf-8")


if __name__ == "__main__":
    main()
