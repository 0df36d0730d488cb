"""JSON as it is hashed: parsed strictly, written by RFC 8785, bounded in size and depth.

Refuses what two readers could understand differently: a key twice, NaN, text that is not
Unicode, and a number whose written value is not the value that a double gives back.
"""

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeAlias

import rfc8785

from privacy.errors import (
    DocumentTooDeep,
    DocumentTooLarge,
    DuplicateKey,
    InexactNumber,
    InvalidShape,
    InvalidText,
    NotJson,
)

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_JSON_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_VALUES = 400_000
MAX_MEMBERS = 10_000
MAX_EXACT_INTEGER = 2**53 - 1
_MAX_NUMBER_CHARACTERS = 40
# Strings and brackets: a field has two strings, and a value two brackets.
_MAX_MARKS = 4 * MAX_VALUES + 4

# A string, an opening or a closing bracket; possessive, so that no input makes it backtrack.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
_SEPARATORS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([\[{,])', re.DOTALL)


def parse_json(data: bytes, *, max_bytes: int = MAX_JSON_BYTES) -> JsonValue:
    """Read one JSON value from UTF-8 ``data``, strictly.

    At most 400,000 values, and ten thousand fields an object.

    Raises: DocumentTooLarge, DocumentTooDeep, NotJson, DuplicateKey, InexactNumber, InvalidText.

    Source: RFC 8259, with the restrictions of RFC 7493 (I-JSON) sections 2.1 to 2.3.
    """
    if len(data) > max_bytes:
        raise DocumentTooLarge(
            f"The document has {len(data)} bytes; {max_bytes} are allowed.", limit=max_bytes
        )
    _check_values(data)
    _check_brackets(data)
    try:
        value: JsonValue = json.loads(
            data.decode("utf-8", errors="strict"),
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise NotJson("The document is not UTF-8.", position=error.start) from error
    except json.JSONDecodeError as error:
        raise NotJson("The document is not JSON.", position=error.pos) from error
    check_json(value)
    return value


def canonical_json(value: JsonValue) -> bytes:
    """Write ``value`` by RFC 8785 (JSON Canonicalization Scheme), UTF-8.

    Raises: DocumentTooDeep, InexactNumber, InvalidText, InvalidShape (not a JSON type).
    """
    check_json(value)
    return rfc8785.dumps(value)


def check_json(value: JsonValue, *, depth: int = 1) -> None:
    """Refuse a value in memory that RFC 8785 cannot write or JSON cannot carry exactly.

    Raises: DocumentTooDeep, InexactNumber, InvalidText, InvalidShape (not a JSON type).
    """
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, int | float):
        # Also true of NaN, which compares false with everything.
        if not abs(value) <= MAX_EXACT_INTEGER:
            raise InexactNumber("A number lies beyond the integers that a double holds exactly.")
    elif isinstance(value, dict):
        _check_depth(depth)
        for name, member in value.items():
            if not isinstance(name, str):
                raise InvalidShape("A field's name is not text.")
            check_text(name)
            check_json(member, depth=depth + 1)
    elif isinstance(value, list):
        _check_depth(depth)
        for element in value:
            check_json(element, depth=depth + 1)
    else:
        raise InvalidShape("A value is of no JSON type.", type=type(value).__name__)


def check_text(text: str) -> None:
    """Refuse text with a lone surrogate, which has no UTF-8.

    Raises: InvalidText.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidText("A text holds a lone surrogate.", position=error.start) from error


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise DocumentTooDeep(
            f"The document is nested deeper than {MAX_DEPTH} levels.", limit=MAX_DEPTH
        )


def _check_brackets(data: bytes) -> None:
    """Bound the depth before the recursive parser sees the bytes.

    What cannot be JSON ends it early: it would take seconds to look at millions of closing
    brackets, or of strings with nothing between them.
    """
    depth = 0
    for number, match in enumerate(_BRACKETS.finditer(data)):
        if match.lastindex == 1:
            depth += 1
            _check_depth(depth)
        elif match.lastindex == 2:
            depth -= 1
        if depth < 0 or number > _MAX_MARKS:
            raise NotJson("The document is not JSON.", position=match.start())


def _check_values(data: bytes) -> None:
    """Bound the values: each takes fifty times the two bytes that it can be written with."""
    if data.count(b",") + data.count(b"[") + data.count(b"{") <= MAX_VALUES:
        return  # as nearly always; else those inside of text are left out
    # Each value but the first of an object or array has a comma before it.
    values = 0
    for match in _SEPARATORS.finditer(data):
        values += match.lastindex is not None
        if values > MAX_VALUES:
            raise DocumentTooLarge(
                f"The document has more than {MAX_VALUES} values.", limit_values=MAX_VALUES
            )


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    if len(pairs) > MAX_MEMBERS:  # each that a schema does not know is a fault of its own
        raise DocumentTooLarge(
            f"An object has more than {MAX_MEMBERS} fields.", limit_fields=MAX_MEMBERS
        )
    members: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in members:
            raise DuplicateKey("A field is named twice in one object.")
        members[key] = value
    return members


def _int(text: str) -> int:
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise InexactNumber("A number has more digits than a double holds.")
    return int(text)


def _float(text: str) -> float:
    """Read a number with a point or an exponent; a whole one is an integer, as RFC 8785 has it."""
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise InexactNumber("A number has more digits than a double holds.")
    value = float(text)
    try:
        exact = math.isfinite(value) and Decimal(text) == Decimal(repr(value))
    except InvalidOperation:
        exact = False  # an exponent beyond Decimal's, so far beyond a double's
    if not exact:
        raise InexactNumber(f"A double does not hold {text} as it is written.", number=text)
    return int(value) if value.is_integer() else value


def _constant(text: str) -> NoReturn:
    raise NotJson(f"{text} is not a JSON value.")
