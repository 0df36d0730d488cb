"""JSON from outside, read without surprises: no deep nesting, no name twice, no NaN.

The depth is bounded before the parser sees the bytes: it recurses, and a library that raises
Python's recursion limit (py-ecc does) would let a line of brackets end the process.
"""

import json
import re
from typing import Any

MAX_DEPTH = 16

# A string; possessive, so that no input makes it backtrack.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read_json(data: bytes) -> Any:
    """Return the one JSON value that ``data`` is; the caller has bounded its length.

    Raises:
        ValueError: not JSON in UTF-8, nested deeper than 16 levels, a name twice in an object,
            or NaN or Infinity, which are no JSON.
    """
    bare = _without_strings(data)
    depth = 0
    for bracket in bare.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    value = json.loads(data.decode("utf-8", errors="strict"), parse_constant=_no_constant)
    # Each name has its colon; one that stood twice was read over by the second.
    if _names_in(value) != bare.count(b":"):
        raise ValueError("a name stands twice")
    return value


def _without_strings(data: bytes) -> bytes:
    if b"\\" in data:
        return _STRING.sub(b"", data)
    return b"".join(data.split(b'"')[::2])


def _names_in(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_names_in, value.values()))
    return sum(map(_names_in, value)) if isinstance(value, list) else 0


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
