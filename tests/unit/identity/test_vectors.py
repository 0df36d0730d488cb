"""The committed vectors are what the script writes, and what eth_account and eth_keys compute."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.datatypes import Signature
from eth_utils import keccak

from identity.acts import typed
from identity.acts.types import ACT_TYPES
from identity.keys import secp256k1

ROOT = Path(__file__).resolve().parents[3]
DATA = json.loads((ROOT / "tests/data/vectors/acts.json").read_bytes())
SIGNATURES = json.loads((ROOT / "tests/data/vectors/signatures.json").read_bytes())
VECTORS = {vector["act"]["name"]: vector for vector in DATA["vectors"]}


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_the_committed_files_are_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("vectors", ROOT / "tools/vectors.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path, text in script.contents().items():
        assert path.read_text() == text


def test_every_act_has_a_vector() -> None:
    assert set(VECTORS) == set(ACT_TYPES)


@pytest.mark.parametrize("name", sorted(ACT_TYPES))
def test_eth_account_signs_the_same_digest_with_the_same_bytes(name: str) -> None:
    vector = VECTORS[name]
    fields = ACT_TYPES[name].fields
    act = typed.act_from_json(vector["act"])
    domain_types = [("name", "string"), ("version", "string"), ("chainId", "uint256")]
    domain_types += [("verifyingContract", "address"), ("salt", "bytes32")]
    message = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [{"name": n, "type": t} for n, t in domain_types],
                name: [{"name": field.name, "type": field.type} for field in fields],
            },
            "primaryType": name,
            "domain": {
                "name": "Lading",
                "version": "1",
                "chainId": DATA["chain_id"],
                "verifyingContract": vector["verifying_contract"],
                "salt": raw(DATA["network_id"]),
            },
            "message": act.fields,
        }
    )
    assert message.header == raw(vector["domain_separator"])
    assert message.body == raw(vector["struct_hash"])
    digest = keccak(b"\x19\x01" + message.header + message.body)
    assert digest == raw(vector["digest"])
    signed = Account.sign_message(message, DATA["private_key"])
    assert bytes(signed.signature) == raw(vector["signature"])
    assert vector["type_hash"] == "0x" + keccak(text=vector["type_string"]).hex()


@pytest.mark.parametrize("name", sorted(ACT_TYPES))
def test_the_wire_is_the_act_and_its_signature(name: str) -> None:
    vector = VECTORS[name]
    wire = raw(vector["wire"])
    assert wire == raw(vector["unsigned"]) + raw(vector["signature"])
    assert wire[0] == vector["code"]
    act, signature, _ = typed.decode(wire)
    assert typed.act_to_json(act) == vector["act"]
    assert secp256k1.recover(raw(vector["digest"]), signature) == raw(DATA["address"])


def test_the_statement_is_over_kind_and_canonical_body() -> None:
    vector = SIGNATURES["statement"]
    body = f'{{"block_hash":"0x{"ab" * 32}","height":42,"names":["上海","Rotterdam"]}}'
    digest = hashlib.sha256(b"lading/anchor/1\x00" + body.encode()).digest()
    assert vector["digest"] == "0x" + digest.hex()
    signature = raw(vector["signature"])
    theirs = Signature(signature[:64] + bytes([signature[64] - 27]))
    key = theirs.recover_public_key_from_msg_hash(digest)
    assert key.to_address() == vector["address"]


def rsa_opens(signature: str, modulus: str) -> bytes:
    n = int(modulus, 16)
    return pow(int(signature, 16), 65537, n).to_bytes(384, "big")


def pkcs1_sha256(message: bytes) -> bytes:
    """EMSA-PKCS1-v1_5, RFC 8017 section 9.2."""
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    info += hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (384 - 3 - len(info)) + b"\x00" + info


def test_numbering_and_its_proofs_are_plain_pkcs1() -> None:
    vector = SIGNATURES["numbering"]
    carrier, modulus = raw(vector["carrier"]), raw(vector["modulus"])
    message = b"lading/number/1\x00" + carrier + vector["bill_number"].encode()
    assert rsa_opens(vector["signature"], vector["modulus"]) == pkcs1_sha256(message)
    assert raw(vector["tag"]) == hashlib.sha256(raw(vector["signature"])).digest()
    assert raw(vector["key_id"]) == hashlib.sha256(modulus).digest()
    assert len(vector["proofs"]) == 8
    for i, proof in enumerate(vector["proofs"]):
        message = b"lading/numbering-key/1\x00" + carrier + modulus + bytes([i])
        assert rsa_opens(proof, vector["modulus"]) == pkcs1_sha256(message)


def test_the_profiles_hash_is_over_its_sorted_compact_json() -> None:
    vector = SIGNATURES["profile"]
    # Every string in it is of one plane, so sorting by code points is RFC 8785's order.
    canonical = json.dumps(
        vector["profile"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert raw(vector["hash"]) == hashlib.sha256(canonical.encode()).digest()


def test_ids_are_what_the_contracts_compute() -> None:
    ids = SIGNATURES["ids"]
    order = raw(ids["order"])
    kind = ids["condition_kind"].to_bytes(32, "big")
    assert raw(ids["condition_id"]) == keccak(order + kind)
    assert raw(ids["right_id"]) == keccak(order + raw(ids["container"]))
    port, role = (ids[name].to_bytes(32, "big") for name in ("port", "role"))
    assert raw(ids["assignment_id"]) == keccak(port + role)
    assert raw(ids["key_id"]) == bytes(12) + raw(ids["address"])
