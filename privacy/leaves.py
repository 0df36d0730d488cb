"""The bytes of a field tree's leaves: the header, and one field.

Exact layout with vectors: docs/protocol/commitments.md.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from privacy.canonical import JsonValue, canonical_json
from privacy.errors import InvalidSalt, InvalidSchemaRef, InvalidSeed
from privacy.merkle import HASH_BYTES, leaf_hash

SALT_BYTES = 32
SEED_BYTES = 32
_MAX_SCHEMA_ID_CHARACTERS = 200


@dataclass(frozen=True)
class SchemaRef:
    """A schema by its id and ``digest``, the 32 bytes of SHA-256 over its canonical JSON.

    Raises: InvalidSchemaRef.
    """

    id: str
    digest: bytes

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= _MAX_SCHEMA_ID_CHARACTERS or len(self.digest) != HASH_BYTES:
            raise InvalidSchemaRef("A schema's id or digest has the wrong length.")


@dataclass(frozen=True)
class Header:
    """Leaf 0: what holds for all fields together.

    Attributes:
        schema: the schema that the document was checked against.
        leaves: number of leaves, this one included.
        paths_digest: ``digest_of_paths`` over the sorted paths of all fields.
        lengths: number of elements of every list, by the list's path.
    """

    schema: SchemaRef
    leaves: int
    paths_digest: bytes
    lengths: Mapping[str, int]

    def to_json(self) -> dict[str, JsonValue]:
        """Return the object whose canonical JSON is hashed."""
        return {
            "schema": {"id": self.schema.id, "digest": "0x" + self.schema.digest.hex()},
            "leaves": self.leaves,
            "paths": "0x" + self.paths_digest.hex(),
            "arrays": dict(self.lengths),
        }


def header_leaf(header: Header) -> bytes:
    """Return SHA-256(0x00 ‖ 00000000 ‖ canonical header): 32 bytes.

    The four zero bytes stand where a field has the length of its path, which is never zero. There
    is no salt: every disclosure shows the header.
    """
    return leaf_hash(bytes(4) + canonical_json(header.to_json()))


def field_leaf(path: str, value: JsonValue, salt: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ path's length ‖ path ‖ salt ‖ canonical value): 32 bytes.

    Args:
        path: the field's path, at least one character; hashed as UTF-8 with its length in bytes
            before it as four bytes, big endian.
        value: a text, number, truth value, null, empty list or empty object.
        salt: ``SALT_BYTES`` bytes that nobody can guess; without it a short value could be.

    Raises: InvalidSalt (wrong length); what ``canonical_json`` raises.

    Source: leaf prefix from RFC 9162 section 2.1.1, value by RFC 8785.
    """
    if len(salt) != SALT_BYTES:
        raise InvalidSalt(f"A field's salt has {SALT_BYTES} bytes.", path=path)
    return leaf_hash(_with_length(path) + salt + canonical_json(value))


def field_salt(seed: bytes, path: str) -> bytes:
    """Return HMAC-SHA256(``seed``, ``path`` as UTF-8): 32 bytes that tell nothing of others.

    Raises: InvalidSeed (not ``SEED_BYTES`` bytes).
    """
    if len(seed) != SEED_BYTES:
        raise InvalidSeed(f"A document's seed has {SEED_BYTES} bytes.")
    return hmac.digest(seed, path.encode(), "sha256")


def digest_of_paths(paths: Iterable[str]) -> bytes:
    """Return SHA-256 over each path as UTF-8 with its length in four bytes before it."""
    return sha256(b"".join(_with_length(path) for path in paths)).digest()


def _with_length(path: str) -> bytes:
    encoded = path.encode()
    return len(encoded).to_bytes(4, "big") + encoded
