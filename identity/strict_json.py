"""JSON from outside, read without surprises: no deep nesting, no name twice, no NaN.

The depth is bounded before the parser sees the bytes: it recurses, and a library that raises
Python's recursion limit (py-ecc does) would let a line of brackets end the process.
"""

import json
import re
from typing import Any

MAX_DEPTH = 16

# A string, an opening or a closing bracket; possessive, so that no input makes it backtrack.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)


def read_json(data: bytes) -> Any:
    """Return the one JSON value that ``data`` is; the caller has bounded its length.

    Raises:
        ValueError: not JSON in UTF-8, nested deeper than 16 levels, a name twice in an object,
            or NaN or Infinity, which are no JSON.
    """
    depth = 0
    for match in _BRACKETS.finditer(data):
        depth += {1: 1, 2: -1}.get(match.lastindex or 0, 0)
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    text = data.decode("utf-8", errors="strict")
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
