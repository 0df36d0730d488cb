"""JSON from outside is read without surprises, whatever the recursion limit."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.strict_json import MAX_DEPTH, read_json

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(values, st.booleans())
def test_what_json_writes_is_read(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate is no UTF-8
        return
    assert read_json(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 2}',
        b"[NaN]",
        b"-Infinity",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"9" * 5000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 99_000,
        b"[" * 99_000,
        b'"' + b"\\" * 99_999,
    ],
)
def test_what_is_not_strict_json_is_refused_under_any_recursion_limit(data: bytes) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(ValueError):  # noqa: PT011 (each input has a sentence of its own)
            read_json(data)
    finally:
        sys.setrecursionlimit(limit)


def test_brackets_in_a_string_are_no_nesting() -> None:
    assert read_json(b'["' + b"[" * 99 + b'\\"{"]') == ["[" * 99 + '"{']
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
