"""The committed vectors are what the script writes, and what eth_account and eth_keys compute."""

import importlib.util
import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from identity.acts import typed
from identity.acts.types import ACT_TYPES
from identity.keys import secp256k1

ROOT = Path(__file__).resolve().parents[3]
DATA = json.loads((ROOT / "tests/data/vectors/acts.json").read_bytes())
VECTORS = {vector["act"]["name"]: vector for vector in DATA["vectors"]}


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_the_committed_file_is_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("vectors", ROOT / "tools/vectors.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.FILE.read_text() == script.content()


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
def test_the_wire_is_code_words_and_signature(name: str) -> None:
    vector = VECTORS[name]
    wire = raw(vector["wire"])
    assert wire == bytes([vector["code"]]) + raw(vector["words"]) + raw(vector["signature"])
    act, signature = typed.decode(wire)
    assert typed.act_to_json(act) == vector["act"]
    assert secp256k1.recover(raw(vector["digest"]), signature) == raw(DATA["address"])
