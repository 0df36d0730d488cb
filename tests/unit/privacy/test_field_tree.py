"""The field tree: shape, leaves, and its vectors."""

import hmac
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.canonical import MAX_EXACT_INTEGER, MAX_JSON_BYTES
from privacy.commitments import SchemaRef, commit
from privacy.errors import (
    DocumentTooDeep,
    DocumentTooLarge,
    InexactNumber,
    InvalidPath,
    InvalidSchemaRef,
    InvalidSeed,
    InvalidShape,
    PrivacyError,
)
from privacy.fields import MAX_FIELDS, paths_below
from privacy.merkle import HashTree, root_of

PROJECT = Path(__file__).parents[3]
VECTORS = json.loads((PROJECT / "tests/data/commitments/vectors.json").read_text())
SCHEMA = SchemaRef("example-1", bytes.fromhex("11" * 32))
SEED = bytes(range(32))

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4) | st.sampled_from(
    ["0", "1", "a.b", "~", "~0", "."]
)
scalars = (
    st.none() | st.booleans() | st.integers(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER) | st.text("ab")
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)
documents = st.dictionaries(names, values, min_size=1, max_size=4)


def rfc_9162_root(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + rfc_9162_root(leaves[:k]) + rfc_9162_root(leaves[k:])).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_any_leaves_are_proved_against_the_root_of_rfc_9162(leaves, data) -> None:
    tree = HashTree(leaves)
    assert tree.root == rfc_9162_root(leaves)
    shown = sorted(data.draw(st.sets(st.integers(0, len(leaves) - 1), min_size=1)))
    proof = tree.prove(shown)
    known = {index: leaves[index] for index in shown}
    assert root_of(len(leaves), known, proof) == tree.root
    assert root_of(len(leaves), known, [*proof, bytes(32)]) is None
    if proof:
        assert root_of(len(leaves), known, proof[:-1]) is None


@given(documents)
@settings(max_examples=200)
def test_documents_that_differ_have_different_roots_and_equal_ones_the_same(document) -> None:
    root = commit(document, SCHEMA, SEED).root
    assert commit(json.loads(json.dumps(document)), SCHEMA, SEED).root == root
    assert commit({**document, "one more": 1}, SCHEMA, SEED).root != root
    assert commit(document, SchemaRef("example-2", SCHEMA.digest), SEED).root != root
    assert commit(document, SCHEMA, bytes(32)).root != root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a.b": 1}, {"a": {"b": 1}}),
        ({"a": [1]}, {"a": {"0": 1}}),
        ({"a": []}, {"a": {}}),
        ({"a": None}, {"a": "null"}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a~1b": 1}, {"a.b": 1}),
        ({"a": "", "b": 1}, {"a": {"b": 1}}),
    ],
)
def test_documents_that_look_alike_have_different_roots(one, other) -> None:
    assert commit(one, SCHEMA, SEED).root != commit(other, SCHEMA, SEED).root


def test_equal_numbers_have_one_root_however_they_are_written() -> None:
    assert commit({"kg": 12000}, SCHEMA, SEED).root == commit({"kg": 12000.0}, SCHEMA, SEED).root


@pytest.mark.parametrize("vector", VECTORS["documents"], ids=lambda v: v["root"][:8])
def test_every_byte_of_the_vectors_follows_from_the_documented_layout(vector) -> None:
    seed = bytes.fromhex(VECTORS["seed"])
    leaves = [sha256(b"\x00" + bytes(4) + vector["header"].encode()).digest()]
    assert leaves[0].hex() == vector["header_leaf"]
    for leaf in vector["leaves"]:
        path = leaf["path"].encode()
        salt = hmac.new(seed, path, "sha256").digest()
        assert salt.hex() == leaf["salt"]
        content = len(path).to_bytes(4, "big") + path + salt + leaf["canonical"].encode()
        leaves.append(sha256(b"\x00" + content).digest())
        assert leaves[-1].hex() == leaf["leaf"]
    paths = [leaf["path"].encode() for leaf in vector["leaves"]]
    digest = sha256(b"".join(len(path).to_bytes(4, "big") + path for path in paths)).hexdigest()
    header = json.loads(vector["header"])
    assert (header["paths"], header["leaves"]) == ("0x" + digest, len(leaves))
    assert paths == sorted(set(paths))
    assert rfc_9162_root(leaves).hex() == vector["root"]


def test_the_committed_vectors_are_those_of_the_code() -> None:
    tool = PROJECT / "tools/build_commitment_vectors.py"
    subprocess.run([sys.executable, tool, "--check"], check=True)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], InvalidShape),
        ({}, InvalidShape),
        ("text", InvalidShape),
        ({"": 1}, InvalidShape),
        ({"a": {"": 1}}, InvalidShape),
        ({"x" * 1025: 1}, InvalidPath),
        ({"a": 2**53}, InexactNumber),
        ({"a": [0] * (MAX_FIELDS + 1)}, DocumentTooLarge),
        ({"a": "x" * MAX_JSON_BYTES}, DocumentTooLarge),
    ],
    ids=range(9),
)
def test_what_is_no_document_is_refused(document, error: type[PrivacyError]) -> None:
    with pytest.raises(error):
        commit(document, SCHEMA, SEED)


def test_a_document_nested_too_deeply_is_refused_and_the_deepest_allowed_is_not() -> None:
    def nested(levels: int):
        return {"a": nested(levels - 1) if levels > 1 else 1}

    tree = commit(nested(64), SCHEMA, SEED)
    assert tree.disclose(tree.paths).paths == tree.paths
    with pytest.raises(DocumentTooDeep):
        commit(nested(65), SCHEMA, SEED)


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    with pytest.raises(InvalidSeed):
        commit({"a": 1}, SCHEMA, seed)


def test_a_schema_without_id_or_with_a_short_digest_is_refused() -> None:
    for reference in [("", bytes(32)), ("x", bytes(31)), ("x" * 201, bytes(32))]:
        with pytest.raises(InvalidSchemaRef):
            SchemaRef(*reference)


def test_a_prefix_covers_what_lies_below_it_and_not_what_begins_alike() -> None:
    paths = ("goods", "goods.0.kg", "goodsValue", "port")
    assert paths_below(paths, ["goods"]) == ("goods", "goods.0.kg")
    assert paths_below(paths, ["goods.0", "port", "absent"]) == ("goods.0.kg", "port")
    assert paths_below(paths, []) == ()


def test_neither_seed_nor_values_show_in_a_trees_text_form() -> None:
    text = repr(commit({"name": "secret value"}, SCHEMA, SEED))
    assert "secret value" not in text
    assert repr(SEED) not in text
