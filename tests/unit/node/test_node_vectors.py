"""The committed vectors are what the script writes, and what other libraries compute."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_keys.datatypes import Signature
from eth_utils import keccak
from hexbytes import HexBytes

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "tests/data/vectors/node.json"
VECTORS: dict[str, Any] = json.loads(FILE.read_bytes())
ACTS: dict[str, Any] = json.loads((ROOT / "tests/data/vectors/acts.json").read_bytes())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def canonical(value: object) -> bytes:
    """RFC 8785 for values without floats and with names in ASCII: sorted, without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_committed_file_is_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("vectors", ROOT / "tools/build_node_vectors.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert FILE.read_text(encoding="utf-8") == script.contents()


def test_the_network_id_is_a_hash_of_the_founding_inputs() -> None:
    inputs = dict(VECTORS["network"])
    expected = inputs.pop("network_id")
    digest = hashlib.sha256(b"lading/network-id/1\x00" + canonical(inputs)).hexdigest()
    assert "0x" + digest == expected


def test_rulebook_and_schemas_are_hashed_as_canonical_json() -> None:
    folder = ROOT / "node/documents"
    given = {folder / "rulebook-1.json": VECTORS["rulebook"]}
    given |= {folder / f"schemas/{id_}.json": hash_ for id_, hash_ in VECTORS["schemas"].items()}
    for path, expected in given.items():
        content = canonical(json.loads(path.read_bytes()))
        assert "0x" + hashlib.sha256(content).hexdigest() == expected, path.name


def test_a_receipt_is_signed_over_its_statement() -> None:
    vector = VECTORS["receipt"]
    receipt = vector["receipt"]
    digest = hashlib.sha256(b"lading/receipt/1\x00" + canonical(receipt["statement"])).digest()
    assert digest == raw(vector["digest"])
    key = Ed25519PublicKey.from_public_bytes(raw(vector["ed25519"]))
    key.verify(raw(receipt["signature"]), digest)


def test_an_envelopes_context_says_what_it_is_for() -> None:
    given = VECTORS["contexts"]
    root, sender, receiver = (raw(given[name]) for name in ("root", "sender", "receiver"))
    ids = sender + receiver + root
    assert bytes.fromhex(given["document_sent"]) == b"lading peer 1 document " + ids
    assert bytes.fromhex(given["disclosure_sent"]) == b"lading peer 1 disclosure " + ids
    assert bytes.fromhex(given["document_kept"]) == b"lading document 1 " + root
    assert bytes.fromhex(given["disclosure_kept"]) == b"lading disclosure 1 " + root + sender


@pytest.mark.parametrize("vector", VECTORS["witness"], ids=lambda vector: vector["kind"])
def test_a_witness_signs_a_statement_of_its_kind(vector: dict[str, Any]) -> None:
    start = f"lading/{vector['kind']}/1".encode() + b"\x00"
    digest = hashlib.sha256(start + canonical(vector["body"])).digest()
    assert digest == raw(vector["digest"])
    signature = raw(vector["signature"])
    theirs = Signature(signature[:64] + bytes([signature[64] - 27]))
    assert theirs.recover_public_key_from_msg_hash(digest).to_address() == vector["address"]


def test_a_relay_transaction_is_what_eth_account_reads_and_signs() -> None:
    vector = VECTORS["transaction"]
    assert Account.recover_transaction(vector["raw"]).lower() == vector["relayer"]
    assert "0x" + keccak(raw(vector["raw"])).hex() == vector["hash"]
    read = TypedTransaction.from_bytes(HexBytes(vector["raw"])).as_dict()
    fields = (read["chainId"], read["nonce"], read["gas"], read["to"], read["value"])
    assert fields == (7741, 9, 3_000_000, raw(vector["contract"]), 0)
    assert (read["maxFeePerGas"], read["maxPriorityFeePerGas"]) == (0, 0)
    assert read["data"] == raw(vector["calldata"])
    calldata = raw(vector["calldata"])
    assert calldata[:4] == keccak(b"submit(bytes)")[:4]
    wires = [raw(act["wire"]) for act in ACTS["vectors"] if act["act"]["name"] in vector["acts"]]
    batch = b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires)
    assert calldata[36:68] == len(batch).to_bytes(32, "big")
    assert calldata[68:] == batch + bytes(-len(batch) % 32)
