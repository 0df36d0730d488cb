"""Disclosures, and every way that we know to forge one."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.canonical import parse_json
from privacy.commitments import (
    DisclosedField,
    Disclosure,
    FieldTree,
    SchemaRef,
    check_disclosure,
    commit,
    paths_below,
)
from privacy.errors import (
    ArrayIncomplete,
    HeaderChanged,
    InvalidSalt,
    MalformedDisclosure,
    OtherSchema,
    PathsConflict,
    PathTwice,
    PrivacyError,
    RootMismatch,
    UnknownPath,
)
from privacy.leaves import Header, digest_of_paths, field_leaf, field_salt, header_leaf
from privacy.merkle import HashTree

SCHEMA = SchemaRef("bill-1", bytes.fromhex("22" * 32))
LAX = SchemaRef("anything-1", bytes.fromhex("33" * 32))
SEED = bytes(range(32))
BILL = {
    "number": "B1",
    "goods": [{"hs": "640510", "kg": 12000}, {"hs": "151521", "kg": 5000}, {"hs": "1", "kg": 0}],
    "marks": [],
    "note": None,
    "empty": {},
}


@pytest.fixture
def tree() -> FieldTree:
    return commit(BILL, SCHEMA, SEED)


@given(st.data())
def test_any_subset_of_fields_checks_and_shows_exactly_these(data) -> None:
    tree = commit(BILL, SCHEMA, SEED)
    wanted = data.draw(st.sets(st.sampled_from(tree.paths)))
    disclosure = Disclosure.from_json(
        parse_json(json.dumps(tree.disclose(wanted).to_json()).encode())
    )
    shown = check_disclosure(disclosure, tree.root, schema=SCHEMA)
    assert shown == {path: tree.fields[path] for path in tree.paths if path in wanted}


@given(st.data())
def test_no_changed_byte_of_a_disclosure_is_accepted_with_other_content(data) -> None:
    tree = commit(BILL, SCHEMA, SEED)
    honest = tree.disclose(paths_below(tree.paths, ["goods.1", "note"]))
    text = json.dumps(honest.to_json())
    position = data.draw(st.integers(0, len(text) - 1))
    changed = (
        text[:position]
        + data.draw(st.sampled_from("0123456789abZ.\"'{}[],: "))
        + text[position + 1 :]
    )
    try:
        disclosure = Disclosure.from_json(parse_json(changed.encode()))
        shown = check_disclosure(disclosure, tree.root)
    except PrivacyError:
        return
    assert disclosure == honest
    assert shown == check_disclosure(honest, tree.root)


def test_a_disclosure_holds_no_value_or_salt_of_what_it_leaves_out(tree: FieldTree) -> None:
    text = json.dumps(tree.disclose(["number"]).to_json())
    for path in tree.paths:
        if path != "number":
            assert field_salt(SEED, path).hex() not in text
    for value in ["640510", "12000", "151521"]:
        assert value not in text
    assert SEED.hex() not in text


def test_an_unknown_field_cannot_be_disclosed(tree: FieldTree) -> None:
    with pytest.raises(UnknownPath):
        tree.disclose(["goods"])


def test_a_changed_value_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["goods.0.kg"])
    forged = replace(honest, fields=(replace(honest.fields[0], value=1),))
    with pytest.raises(RootMismatch):
        check_disclosure(forged, tree.root)


def test_a_changed_value_with_the_whole_tree_recomputed_is_refused(tree: FieldTree) -> None:
    forged = commit({**BILL, "number": "B2"}, SCHEMA, SEED)
    with pytest.raises(RootMismatch):
        check_disclosure(forged.disclose(forged.paths), tree.root)


def test_a_value_under_another_fields_path_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["goods.1.kg"])
    forged = replace(honest, fields=(replace(honest.fields[0], path="goods.0.kg"),))
    with pytest.raises(RootMismatch):
        check_disclosure(forged, tree.root)


def test_a_dropped_element_of_a_list_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    paths = tuple(path for path in honest.paths if not path.startswith("goods.2"))
    with pytest.raises(ArrayIncomplete):
        check_disclosure(replace(honest, paths=paths), tree.root)


def test_a_dropped_element_with_the_header_made_to_fit_is_refused(tree: FieldTree) -> None:
    shorter = commit({**BILL, "goods": BILL["goods"][:2]}, SCHEMA, SEED)
    forged = replace(tree.disclose(["number"]), header=shorter.header, paths=shorter.paths)
    with pytest.raises(RootMismatch):
        check_disclosure(forged, tree.root)


def test_a_dropped_field_outside_lists_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    paths = tuple(path for path in honest.paths if path != "note")
    with pytest.raises(HeaderChanged):
        check_disclosure(replace(honest, paths=paths), tree.root)


def test_a_path_that_stands_twice_in_the_list_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    with pytest.raises(PathTwice):
        check_disclosure(replace(honest, paths=(*honest.paths, honest.paths[-1])), tree.root)


def test_a_field_shown_twice_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    other = DisclosedField("number", "B2", honest.fields[0].salt)
    for fields in [honest.fields * 2, (*honest.fields, other)]:
        with pytest.raises(PathTwice):
            check_disclosure(replace(honest, fields=fields), tree.root)


def test_another_schema_than_the_expected_is_refused() -> None:
    lax = commit(BILL, LAX, SEED)
    with pytest.raises(OtherSchema):
        check_disclosure(lax.disclose(["number"]), lax.root, schema=SCHEMA)


def test_a_schema_exchanged_in_the_header_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    for schema in [LAX, replace(SCHEMA, id="bill-0"), replace(SCHEMA, digest=bytes(32))]:
        with pytest.raises(RootMismatch):
            check_disclosure(
                replace(honest, header=replace(honest.header, schema=schema)), tree.root
            )


def test_a_header_that_counts_wrongly_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    for change in [{"leaves": 1}, {"leaves": 99}, {"paths_digest": bytes(32)}]:
        with pytest.raises(HeaderChanged):
            check_disclosure(replace(honest, header=replace(honest.header, **change)), tree.root)


def test_a_header_that_forgets_a_list_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    lengths = {path: n for path, n in honest.header.lengths.items() if path != "goods"}
    with pytest.raises(RootMismatch):
        check_disclosure(replace(honest, header=replace(honest.header, lengths=lengths)), tree.root)


def test_a_field_that_is_not_in_the_list_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    forged = replace(honest, fields=(replace(honest.fields[0], path="price"),))
    with pytest.raises(UnknownPath):
        check_disclosure(forged, tree.root)


def test_a_changed_salt_and_one_of_another_length_are_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    for salt, error in [(bytes(32), RootMismatch), (bytes(31), InvalidSalt)]:
        forged = replace(honest, fields=(replace(honest.fields[0], salt=salt),))
        with pytest.raises(error):
            check_disclosure(forged, tree.root)


def test_a_changed_long_or_short_proof_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["number"])
    proof = honest.proof
    for forged in [proof[:-1], (*proof, bytes(32)), (bytes(32), *proof[1:]), proof[::-1], ()]:
        with pytest.raises(RootMismatch):
            check_disclosure(replace(honest, proof=forged), tree.root)


def test_a_field_that_shows_a_whole_object_is_refused(tree: FieldTree) -> None:
    honest = tree.disclose(["note"])
    for value in [{"a": 1}, [1]]:
        forged = replace(honest, fields=(replace(honest.fields[0], value=value),))
        with pytest.raises(MalformedDisclosure):
            check_disclosure(forged, tree.root)


def dishonest_tree(
    leaves: list[tuple[str, object]], lengths: dict[str, int]
) -> tuple[Disclosure, bytes]:
    """What an issuer of ill will could commit to: any leaves under any header."""
    paths = tuple(path for path, _ in leaves)
    header = Header(SCHEMA, len(leaves) + 1, digest_of_paths(paths), lengths)
    fields = tuple(DisclosedField(path, value, field_salt(SEED, path)) for path, value in leaves)
    hashes = [field_leaf(shown.path, shown.value, shown.salt) for shown in fields]
    tree = HashTree([header_leaf(header), *hashes])
    shown = range(len(leaves) + 1)
    return Disclosure(header, paths, fields, tree.prove(shown)), tree.root


@pytest.mark.parametrize(
    ("leaves", "lengths", "error"),
    [
        ([("a", 1), ("a", 2)], {}, PathTwice),
        ([("b", 1), ("a", 2)], {}, PathsConflict),
        ([("a", 1), ("a.b", 2)], {}, PathsConflict),
        ([("a", []), ("a.0", 2)], {"a": 1}, PathsConflict),
        ([("a.0", 1), ("a.2", 2)], {"a": 2}, ArrayIncomplete),
        ([("a.0", 1), ("a.1", 2)], {"a": 3}, ArrayIncomplete),
        ([("a.0", 1), ("a.1", 2)], {"a": 1}, ArrayIncomplete),
        ([("a.0", 1), ("a.00", 2)], {"a": 2}, ArrayIncomplete),
        ([("a.0", 1)], {"a": 0}, ArrayIncomplete),
        ([("a", 1)], {"b": 0}, ArrayIncomplete),
        ([("a", 1)], {"": 1}, ArrayIncomplete),
        ([("a", [])], {}, MalformedDisclosure),
        ([("a", 1)], {"a": 0}, MalformedDisclosure),
        ([("a", {"b": 1})], {}, MalformedDisclosure),
    ],
    ids=str,
)
def test_a_tree_that_no_document_has_is_refused_though_its_root_is_right(
    leaves, lengths, error: type[PrivacyError]
) -> None:
    disclosure, root = dishonest_tree(leaves, lengths)
    with pytest.raises(error):
        check_disclosure(disclosure, root)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("proof"),
        lambda d: d.update(more=1),
        lambda d: d.update(disclosure=2),
        lambda d: d.update(disclosure=True),
        lambda d: d.update(paths="number"),
        lambda d: d.update(paths=[1]),
        lambda d: d["header"].update(leaves=True),
        lambda d: d["header"].update(leaves=-1),
        lambda d: d["header"].update(leaves=10**9),
        lambda d: d["header"].update(arrays=[]),
        lambda d: d["header"].update(arrays={"goods": 1.5}),
        lambda d: d["header"]["schema"].update(id=""),
        lambda d: d["header"]["schema"].update(digest="0x00"),
        lambda d: d["fields"][0].pop("salt"),
        lambda d: d["fields"][0].update(salt="0x" + "AA" * 32),
        lambda d: d.update(fields=[1]),
        lambda d: d.update(proof=["00"]),
    ],
    ids=range(17),
)
def test_a_malformed_disclosure_is_refused_when_read(tree: FieldTree, change) -> None:
    value = tree.disclose(["number"]).to_json()
    change(value)
    with pytest.raises(MalformedDisclosure):
        Disclosure.from_json(value)


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_what_is_no_disclosure_at_all_is_refused(value) -> None:
    with pytest.raises(MalformedDisclosure):
        Disclosure.from_json(value)
