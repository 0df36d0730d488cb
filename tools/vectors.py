#!/usr/bin/env python3
"""Write the vectors of identity: tests/data/vectors/acts.json and signatures.json.

acts.json has an example of every act type with its bytes and digest; signatures.json has
statements, numbering, registration proofs, a profile's hash and the ids that contracts compute.
Run it after a change of any format; a test fails while a file is stale, and computes each value
a second way. The keys are public: never use them.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: E402

from identity.acts import objects, typed  # noqa: E402
from identity.acts.typed import Act, Domain  # noqa: E402
from identity.acts.types import ACT_TYPES, ActType  # noqa: E402
from identity.keys import kinds, secp256k1  # noqa: E402
from identity.keys.secp256k1 import SigningKey  # noqa: E402
from identity.profile.profile import Numbering, Profile  # noqa: E402
from identity.signatures import numbering, statements  # noqa: E402

DIRECTORY = ROOT / "tests/data/vectors"
KEY = SigningKey(hashlib.sha256(b"lading test vector key: public, never use").digest())
CHAIN_ID = 31337
NETWORK_ID = hashlib.sha256(b"lading test vector network").digest()
EXPIRES = 1_900_000_000


def domain_of(contract: str) -> Domain:
    """Return the example domain of a contract; its address is made from its name."""
    address = hashlib.sha256(f"lading test vector {contract}".encode()).digest()[:20]
    return Domain(CHAIN_ID, address, NETWORK_ID)


def example(act_type: ActType) -> Act:
    """Return an act of this type whose every value is different and made from its name."""
    fields: dict[str, typed.Value] = {}
    for field in act_type.fields:
        seeds = [f"{act_type.name}.{field.name}.{i}" for i in range(3)]
        items = [hashlib.sha256(seed.encode()).digest() for seed in seeds]
        if field.item == "uint256":
            # 1 to 65,536, and one beyond 2^53 in each array, to show both JSON forms.
            numbers = [1 + int.from_bytes(item[:2], "big") for item in items]
            numbers[2] = int.from_bytes(items[2], "big")
            fields[field.name] = numbers if field.is_array else numbers[0]
        else:
            items = [item[:20] for item in items] if field.item == "address" else items
            fields[field.name] = items if field.is_array else items[0]
    fields |= {"delegation": bytes(32), "companion": bytes(32), "expires": EXPIRES}
    return Act(act_type.name, fields)


def vector(act_type: ActType) -> dict[str, object]:
    """Return one act's vector."""
    act = example(act_type)
    domain = domain_of(act_type.contract)
    digest = typed.digest(domain, act)
    signature = KEY.sign(digest)
    return {
        "act": typed.act_to_json(act),
        "contract": act_type.contract,
        "verifying_contract": hex_of(domain.verifying_contract),
        "domain_separator": hex_of(domain.separator),
        "code": act_type.code,
        "type_string": act_type.type_string,
        "type_hash": hex_of(act_type.type_hash),
        "unsigned": "0x" + typed.encode_unsigned(act).hex(),
        "struct_hash": hex_of(typed.struct_hash(act)),
        "digest": hex_of(digest),
        "signature": hex_of(signature),
        "wire": "0x" + typed.encode(act, signature).hex(),
    }


def acts() -> dict[str, object]:
    """Return acts.json."""
    return {
        "chain_id": CHAIN_ID,
        "network_id": hex_of(NETWORK_ID),
        "private_key": hex_of(KEY.private),
        "address": hex_of(KEY.address),
        "vectors": [vector(act_type) for act_type in ACT_TYPES.values()],
    }


def signatures() -> dict[str, object]:
    """Return signatures.json."""
    carrier = hashlib.sha256(b"lading test vector carrier").digest()
    order = hashlib.sha256(b"lading test vector order").digest()
    container = hashlib.sha256(b"lading test vector container").digest()
    return {
        "statement": statement_vector(),
        "numbering": numbering_vector(carrier),
        "profile": profile_vector(carrier),
        "ids": {
            "address": hex_of(KEY.address),
            "key_id": hex_of(secp256k1.key_id(KEY.address)),
            "order": hex_of(order),
            "condition_kind": 2,
            "condition_id": hex_of(objects.condition_id(order, 2)),
            "container": hex_of(container),
            "right_id": hex_of(objects.right_id(order, container)),
            "port": 7,
            "role": 32,
            "assignment_id": hex_of(objects.assignment_id(7, 32)),
        },
    }


def statement_vector() -> dict[str, object]:
    """Return a signed statement."""
    body = {"height": 42, "names": ["上海", "Rotterdam"], "block_hash": "0x" + "ab" * 32}
    return {
        "kind": "anchor",
        "body": body,
        "digest": hex_of(statements.statement_digest("anchor", body)),
        "private_key": hex_of(KEY.private),
        "signature": statements.sign_statement("anchor", body, KEY),
        "address": hex_of(KEY.address),
    }


def numbering_vector(carrier: bytes) -> dict[str, object]:
    """Return a bill's number signed, and the registration proofs of the key."""
    key = numbering_key()
    signature = numbering.number(key, carrier, "HHL71800000")
    modulus = numbering.modulus_of(key)
    return {
        "carrier": hex_of(carrier),
        "bill_number": "HHL71800000",
        "modulus": hex_of(modulus),
        "key_id": hex_of(numbering.key_id(modulus)),
        "signature": hex_of(signature),
        "tag": hex_of(numbering.tag(signature)),
        "proofs": [hex_of(proof) for proof in numbering.prove(key, carrier)],
    }


def profile_vector(carrier: bytes) -> dict[str, object]:
    """Return a profile and its hash."""
    key = numbering_key()
    profile = Profile(
        member=carrier,
        name_en="Example Line",
        name_zh="示例航运",
        peers_url="https://carrier.example:7443",
        api_url="https://carrier.example:7080",
        tls_certificates=(b"\x30\x00",),
        message_keys={"m1": hashlib.sha256(b"message").digest()},
        envelope_keys={"e1": hashlib.sha256(b"envelope").digest()},
        witness_keys=(KEY.address,),
        numbering=Numbering("HHL", numbering.modulus_of(key), tuple(numbering.prove(key, carrier))),
        credit_code="91110000600037341L",
        certificate_authorities=(b"\x30\x00",),
    )
    return {"profile": profile.to_json(), "hash": hex_of(profile.hash)}


def numbering_key() -> RSAPrivateKey:
    """Return the public test key kept beside the vectors."""
    return kinds.rsa_key(bytes.fromhex((DIRECTORY / "numbering_key.hex").read_text()))


def hex_of(data: bytes) -> str:
    """Return 0x and lower-case hex."""
    return "0x" + data.hex()


def contents() -> dict[Path, str]:
    """Return every file and the text it must have."""
    files = {"acts.json": acts(), "signatures.json": signatures()}
    return {
        DIRECTORY / name: json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        for name, data in files.items()
    }


def main() -> None:
    """Write the files."""
    for path, text in contents().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
