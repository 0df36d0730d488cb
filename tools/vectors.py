#!/usr/bin/env python3
"""Write tests/data/vectors/acts.json: for every act type an example, its bytes and its digest.

Run it from the project's root after a change of acts.json; a test fails while the file is stale,
and compares each digest with the one eth_account computes. The key is public: never use it.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from identity.acts import typed  # noqa: E402
from identity.acts.typed import Act, Domain  # noqa: E402
from identity.acts.types import ACT_TYPES, ActType  # noqa: E402
from identity.keys.secp256k1 import SigningKey  # noqa: E402

FILE = ROOT / "tests/data/vectors/acts.json"
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
        "verifying_contract": "0x" + domain.verifying_contract.hex(),
        "domain_separator": "0x" + domain.separator.hex(),
        "code": act_type.code,
        "type_string": act_type.type_string,
        "type_hash": "0x" + act_type.type_hash.hex(),
        "words": "0x" + typed.encode_words(act).hex(),
        "struct_hash": "0x" + typed.struct_hash(act).hex(),
        "digest": "0x" + digest.hex(),
        "signature": "0x" + signature.hex(),
        "wire": "0x" + typed.encode(act, signature).hex(),
    }


def content() -> str:
    """Return the file's text."""
    data = {
        "chain_id": CHAIN_ID,
        "network_id": "0x" + NETWORK_ID.hex(),
        "private_key": "0x" + KEY.private.hex(),
        "address": "0x" + KEY.address.hex(),
        "vectors": [vector(act_type) for act_type in ACT_TYPES.values()],
    }
    return json.dumps(data, indent=1) + "\n"


def main() -> None:
    """Write the file."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(content())


if __name__ == "__main__":
    main()
