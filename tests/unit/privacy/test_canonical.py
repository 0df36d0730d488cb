"""Strict parsing and canonical writing of JSON."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.canonical import (
    MAX_DEPTH,
    MAX_EXACT_INTEGER,
    MAX_JSON_BYTES,
    MAX_MEMBERS,
    MAX_VALUES,
    canonical_json,
    parse_json,
)
from privacy.errors import (
    DocumentTooDeep,
    DocumentTooLarge,
    DuplicateKey,
    InexactNumber,
    InvalidShape,
    InvalidText,
    NotJson,
)

numbers = st.integers(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER) | st.floats(
    -MAX_EXACT_INTEGER, MAX_EXACT_INTEGER
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_what_is_written_canonically_reads_back_and_is_written_the_same_again(value) -> None:
    written = canonical_json(value)
    assert canonical_json(parse_json(written)) == written


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"a":1,"a":1}', DuplicateKey),
        (b'{"a":1,"\\u0061":2}', DuplicateKey),
        (b"NaN", NotJson),
        (b"-Infinity", NotJson),
        (b"[1,]", NotJson),
        (b"", NotJson),
        (b"\xef\xbb\xbf{}", NotJson),
        (b'"\xff"', NotJson),
        (b'"\xed\xa0\x80"', NotJson),
        (b'"\\ud800"', InvalidText),
        (b'{"\\udc00":1}', InvalidText),
        (b"9007199254740992", InexactNumber),
        (b"-9007199254740992", InexactNumber),
        (b"1e16", InexactNumber),
        (b"1e400", InexactNumber),
        (b"1e-400", InexactNumber),
        (b"1e-99999999999999999999999", InexactNumber),
        (b"0.1000000000000000055511151231257827", InexactNumber),
        (b"1" * 5000, InexactNumber),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), DocumentTooDeep),
        (b"[" * 100_000, DocumentTooDeep),
        (b'{"a":' * 100_000, DocumentTooDeep),
    ],
)
def test_ambiguous_or_unbounded_json_is_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_json(data)


def test_numbers_that_a_double_holds_as_written_are_read() -> None:
    assert parse_json(b"[0.1, 1e2, -0, 9007199254740991, 12000.00]") == [
        0.1,
        100.0,
        0,
        MAX_EXACT_INTEGER,
        12000.0,
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"]" * MAX_JSON_BYTES, NotJson),
        (b"[" + b"]" * (MAX_JSON_BYTES - 1), NotJson),
        (b'""' * (MAX_JSON_BYTES // 2), NotJson),
        (b"[" + b"[]," * 3_000_000 + b"[]]", DocumentTooLarge),
    ],
    ids=["closing brackets", "more closing than opening", "strings side by side", "empty arrays"],
)
def test_what_cannot_be_a_document_is_refused_without_reading_it_all(
    data: bytes, error: type[Exception]
) -> None:
    began = time.process_time()
    with pytest.raises(error):
        parse_json(data)
    assert time.process_time() - began < 2  # reading it all took up to five seconds


def test_brackets_inside_a_text_do_not_count_as_depth() -> None:
    assert parse_json(b'"' + b'[\\"' * 200 + b'"') == '["' * 200


def test_the_deepest_allowed_document_is_read() -> None:
    parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_bytes_beyond_the_bound_are_refused_before_parsing() -> None:
    with pytest.raises(DocumentTooLarge):
        parse_json(b"{" * 11, max_bytes=10)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, 1e300])
def test_numbers_in_memory_beyond_the_exact_range_are_refused(value: float) -> None:
    with pytest.raises(InexactNumber):
        canonical_json({"value": value})


@pytest.mark.parametrize("value", [(1, 2), b"x", {1: 2}])
def test_values_of_no_json_type_are_refused(value) -> None:
    with pytest.raises(InvalidShape):
        canonical_json({"value": value})


def test_a_lone_surrogate_in_memory_is_refused_as_value_and_as_name() -> None:
    with pytest.raises(InvalidText):
        canonical_json(["\ud800"])
    with pytest.raises(InvalidText):
        canonical_json({"\ud800": 1})


def test_members_sort_by_utf_16_code_units() -> None:
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


def test_a_document_of_too_many_values_or_fields_is_refused_before_it_fills_the_memory() -> None:
    for data in (
        b"[" + b"0," * MAX_VALUES + b"0]",
        b"[" + b"[]," * (MAX_VALUES // 2) + b"[]]",
        b"{%b}" % b",".join(b'"%d":0' % n for n in range(MAX_MEMBERS + 1)),
    ):
        with pytest.raises(DocumentTooLarge):
            parse_json(data)
    commas = b'["%b"]' % (b"," * (MAX_VALUES + 1))
    assert parse_json(commas) == ["," * (MAX_VALUES + 1)]


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    for written in (b"2098.0", b"2.098e3", b"2098"):
        value = parse_json(written)
        assert (value, type(value)) == (2098, int)
        assert canonical_json(value) == b"2098"
