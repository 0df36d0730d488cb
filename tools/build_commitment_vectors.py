"""Write the test vectors of docs/protocol/commitments.md to tests/data/commitments/vectors.json.

Usage: python tools/build_commitment_vectors.py [--check]
With --check nothing is written; the exit code is 1 when the committed file is stale.
"""

import json
from pathlib import Path

from committed import write_or_compare

from privacy.canonical import JsonValue, canonical_json
from privacy.commitments import SchemaRef, commit
from privacy.containers import container_tag
from privacy.leaves import field_leaf, field_salt, header_leaf

TARGET = Path(__file__).parents[1] / "tests/data/commitments/vectors.json"
SEED = bytes(range(32))
SCHEMA = SchemaRef("example-1", bytes.fromhex("11" * 32))
DOCUMENTS: list[JsonValue] = [
    {"number": "B1"},
    {"goods": [{"hs": "640510", "kg": 12.5}, {}], "marks": [], "note": None, "toOrder": True},
    {"a.b": 1, "a": {"b": 2, "~": 3}, "列": ["箱", "\U0001f6a2"]},
    {"rows": list(range(11))},
]


def vector(document: JsonValue) -> dict[str, JsonValue]:
    """Return one document's leaves, root, and a disclosure of its first and last field."""
    tree = commit(document, SCHEMA, SEED)
    leaves: list[JsonValue] = []
    for path, value in tree.fields.items():
        salt = field_salt(SEED, path)
        leaves.append(
            {
                "path": path,
                "canonical": canonical_json(value).decode(),
                "salt": salt.hex(),
                "leaf": field_leaf(path, value, salt).hex(),
            }
        )
    return {
        "document": document,
        "header": canonical_json(tree.header.to_json()).decode(),
        "header_leaf": header_leaf(tree.header).hex(),
        "leaves": leaves,
        "root": tree.root.hex(),
        "disclosure": tree.disclose({tree.paths[0], tree.paths[-1]}).to_json(),
    }


def build() -> str:
    """Return the file's text."""
    salt = bytes(range(32, 64))
    vectors = {
        "seed": SEED.hex(),
        "schema": {"id": SCHEMA.id, "digest": SCHEMA.digest.hex()},
        "documents": [vector(document) for document in DOCUMENTS],
        "container": {
            "number": "MAEU6543213",
            "salt": salt.hex(),
            "tag": container_tag("MAEU6543213", salt).hex(),
        },
    }
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(write_or_compare(TARGET, build))
