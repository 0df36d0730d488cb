"""The committed vectors of a reading and its lane act, computed a second way."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_account import Account
from eth_account.messages import encode_typed_data

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    text = (PROJECT / "tests/data/readings/vectors.json").read_text()
    return dict(json.loads(text))


def test_the_committed_vectors_are_those_of_the_script() -> None:
    script = PROJECT / "tools/build_reading_vectors.py"
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0


def plain(value: Any) -> bytes:
    """RFC 8785 of texts in ASCII: sorted names, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def test_the_sensors_signature_and_the_hashes_are_of_sorted_json(vectors: dict[str, Any]) -> None:
    reading = vectors["reading"]
    body = {name: value for name, value in reading.items() if name != "signature"}
    assert plain(body).decode() == vectors["signed_bytes"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(vectors["sensor_public_key"]))
    key.verify(bytes.fromhex(reading["signature"][2:]), plain(body))
    assert sha256(plain(reading)).hexdigest() == vectors["reading_hash"]
    assert sha256(plain([reading])).hexdigest() == vectors["reports_hash"]


def test_the_containers_tag_is_salted(vectors: dict[str, Any]) -> None:
    salted = b"\x43" + bytes.fromhex(vectors["salt"]) + vectors["reading"]["container"].encode()
    assert sha256(salted).hexdigest() == vectors["container_tag"]


def test_the_lane_act_is_signed_as_eip712_says(vectors: dict[str, Any]) -> None:
    given, domain = vectors["act"]["fields"], vectors["domain"]
    numbers = ("counter", "expires", "deviceCounter", "time")
    types = [{"name": n, "type": "uint256" if n in numbers else "bytes32"} for n in given]
    message = {n: v if n in numbers else bytes.fromhex(v[2:]) for n, v in given.items()}
    signable = encode_typed_data(
        full_message={
            "domain": {
                "name": "Lading",
                "version": "1",
                "chainId": domain["chain_id"],
                "verifyingContract": "0x" + domain["verifying_contract"],
                "salt": bytes.fromhex(domain["network_id"]),
            },
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                    {"name": "salt", "type": "bytes32"},
                ],
                "GateOut": types,
            },
            "primaryType": "GateOut",
            "message": message,
        }
    )
    signed = Account.sign_message(signable, vectors["lane_private_key"])
    assert bytes(signed.message_hash).hex() == vectors["digest"]
    assert vectors["wire"].endswith(bytes(signed.signature).hex())
    assert given["reports"] == "0x" + vectors["reports_hash"]
