"""Some fields of a committed document, with what proves that they are its fields.

A disclosure carries the header, the paths of all fields, the fields that are shown, and the
hashes that lead from their leaves to the root. Since the header is leaf 0 of the same tree, a
field cannot stand twice, an element of a list cannot vanish, and no laxer schema can be named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from privacy.canonical import JsonValue
from privacy.errors import (
    HeaderChanged,
    InvalidSchemaRef,
    MalformedDisclosure,
    OtherSchema,
    PathTwice,
    RootMismatch,
    UnknownPath,
)
from privacy.fields import MAX_FIELDS, check_paths
from privacy.leaves import Header, SchemaRef, digest_of_paths, field_leaf, header_leaf
from privacy.merkle import root_of

DISCLOSURE_FORMAT = 1
_BYTES_32 = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True)
class DisclosedField:
    """One field that is shown, with the salt that its leaf was made with."""

    path: str
    value: JsonValue
    salt: bytes = field(repr=False)


@dataclass(frozen=True)
class Disclosure:
    """Fields of a document for one reader; nothing is checked until ``check_disclosure``.

    Attributes:
        header: leaf 0 of the document's tree.
        paths: the paths of all fields, sorted by their UTF-8 bytes.
        fields: those that are shown, in the same order.
        proof: the tree's hashes that the shown leaves lack, from left to right.
    """

    header: Header
    paths: tuple[str, ...]
    fields: tuple[DisclosedField, ...]
    proof: tuple[bytes, ...]

    def to_json(self) -> dict[str, JsonValue]:
        """Return the disclosure as a JSON object; bytes are 0x and lower-case hexadecimal."""
        return {
            "disclosure": DISCLOSURE_FORMAT,
            "header": self.header.to_json(),
            "paths": list(self.paths),
            "fields": [
                {"path": shown.path, "value": shown.value, "salt": "0x" + shown.salt.hex()}
                for shown in self.fields
            ],
            "proof": ["0x" + digest.hex() for digest in self.proof],
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> Disclosure:
        """Read what ``to_json`` wrote, strictly: unknown and missing members are refused.

        Raises: MalformedDisclosure.
        """
        members = _members(value, "disclosure", "header", "paths", "fields", "proof")
        if members["disclosure"] != DISCLOSURE_FORMAT or members["disclosure"] is True:
            raise MalformedDisclosure("The disclosure is of another format.")
        shown = [_members(entry, "path", "value", "salt") for entry in _list(members["fields"])]
        return cls(
            header=_header(members["header"]),
            paths=tuple(_text(path) for path in _list(members["paths"])),
            fields=tuple(
                DisclosedField(_text(entry["path"]), entry["value"], _bytes_32(entry["salt"]))
                for entry in shown
            ),
            proof=tuple(_bytes_32(digest) for digest in _list(members["proof"])),
        )


def check_disclosure(
    disclosure: Disclosure, root: bytes, *, schema: SchemaRef | None = None
) -> dict[str, JsonValue]:
    """Check ``disclosure`` against the 32 bytes of ``root``; return the shown fields by path.

    Args:
        schema: where given, the only schema that is accepted. Without it the caller must compare
            ``disclosure.header.schema`` itself: the root only proves which schema was committed.

    Raises: OtherSchema, PathTwice, PathsConflict, ArrayIncomplete, InvalidPath, HeaderChanged,
        UnknownPath, InvalidSalt, RootMismatch, and what ``canonical_json`` raises.
    """
    header, paths = disclosure.header, disclosure.paths
    # 1. The schema is the expected one.
    if schema is not None and header.schema != schema:
        raise OtherSchema("The document was committed under another schema.", id=header.schema.id)
    # 2. The paths are those of one document, with every element of every list.
    check_paths(paths, header.lengths)
    # 3. The header speaks of these paths.
    if header.leaves != len(paths) + 1 or header.paths_digest != digest_of_paths(paths):
        raise HeaderChanged("The header names other fields than the list of fields.")
    # 4. What is shown are fields of the document, each once, and values that a field can have.
    position = {path: index for index, path in enumerate(paths, start=1)}
    leaves = {0: header_leaf(header)}
    for shown in disclosure.fields:
        _check_shown(shown, position, header.lengths)
        if position[shown.path] in leaves:
            raise PathTwice("A field is shown twice.", path=shown.path)
        leaves[position[shown.path]] = field_leaf(shown.path, shown.value, shown.salt)
    # 5. Header and fields together lead to the root. The tree's size is the header's, which is
    #    safe: another header would be another leaf 0.
    if root_of(header.leaves, leaves, disclosure.proof) != root:
        raise RootMismatch("The fields do not lead to the document's root.")
    return {shown.path: shown.value for shown in disclosure.fields}


def _check_shown(
    shown: DisclosedField, position: Mapping[str, int], lengths: Mapping[str, int]
) -> None:
    if shown.path not in position:
        raise UnknownPath("A shown field is not in the list of fields.", path=shown.path[:100])
    if isinstance(shown.value, dict | list) and shown.value:
        raise MalformedDisclosure("A shown field holds other fields.", path=shown.path)
    if isinstance(shown.value, list) != (lengths.get(shown.path) == 0):
        raise MalformedDisclosure(
            "The header and a shown field disagree about a list.", path=shown.path
        )


def _header(value: JsonValue) -> Header:
    members = _members(value, "schema", "leaves", "paths", "arrays")
    schema = _members(members["schema"], "id", "digest")
    arrays = members["arrays"]
    if not isinstance(arrays, dict):
        raise MalformedDisclosure("The lengths of lists are not an object.")
    try:
        reference = SchemaRef(_text(schema["id"]), _bytes_32(schema["digest"]))
    except InvalidSchemaRef as error:
        raise MalformedDisclosure("The schema's id has the wrong length.") from error
    return Header(
        schema=reference,
        leaves=_count(members["leaves"]),
        paths_digest=_bytes_32(members["paths"]),
        lengths={path: _count(length) for path, length in arrays.items()},
    )


def _members(value: JsonValue, *names: str) -> dict[str, JsonValue]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise MalformedDisclosure(f"An object with exactly {', '.join(names)} is expected.")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list) or len(value) > MAX_FIELDS:
        raise MalformedDisclosure("A list is expected, or it is too long.", limit=MAX_FIELDS)
    return value


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise MalformedDisclosure("A text is expected.")
    return value


def _count(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_FIELDS + 1:
        raise MalformedDisclosure("A count is expected.", limit=MAX_FIELDS + 1)
    return value


def _bytes_32(value: JsonValue) -> bytes:
    if not isinstance(value, str) or not _BYTES_32.fullmatch(value):
        raise MalformedDisclosure("0x and 64 lower-case hexadecimal digits are expected.")
    return bytes.fromhex(value[2:])
