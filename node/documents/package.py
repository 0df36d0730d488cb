"""What goes from member to member as one document, before it is sealed.

``{"package": 1, "schema", "document", "seed", "title", "numbering"}``: schema id, the document,
the seed of its field tree (0x hex), the title's id, and for a transport document the carrier's
numbering ``{"carrier", "bill_number", "signature"}``. Who has a package can show every field.
"""

import re
from dataclasses import dataclass, field
from typing import Any, cast

from node.documents.errors import PackageMalformed
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.envelopes import MAX_CONTENT_BYTES

PACKAGE_FORMAT = 1
_MEMBERS = {"package", "schema", "document", "seed", "title", "numbering"}
_NUMBERING = {"carrier", "bill_number", "signature"}
_ID = re.compile(r"0x[0-9a-f]{64}")
_SIGNATURE = re.compile(r"0x[0-9a-f]{768}")


@dataclass(frozen=True)
class Numbering:
    """A carrier's one signature over carrier id and bill number.

    Attributes:
        carrier: member id, 0x hex.
        bill_number: as the document has it.
        signature: 384 bytes; SHA-256 of it is the title's id.
    """

    carrier: str
    bill_number: str
    signature: bytes = field(repr=False)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the JSON form."""
        return {
            "carrier": self.carrier,
            "bill_number": self.bill_number,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, value: object) -> "Numbering":
        """Read the JSON form strictly; raises PackageMalformed."""
        if not isinstance(value, dict) or value.keys() != _NUMBERING:
            raise PackageMalformed("A numbering has carrier, bill_number and signature.")
        number = value["bill_number"]
        if not isinstance(number, str):
            raise PackageMalformed("A bill number is text.")
        signature = _matching(_SIGNATURE, value["signature"], "A numbering signature")
        return cls(
            _matching(_ID, value["carrier"], "A carrier"), number, bytes.fromhex(signature[2:])
        )


@dataclass(frozen=True)
class Package:
    """One document with what a receiver needs to check it."""

    schema_id: str
    document: dict[str, JsonValue] = field(repr=False)
    seed: bytes = field(repr=False)
    title: str | None
    numbering: Numbering | None

    def to_bytes(self) -> bytes:
        """Return the canonical JSON (RFC 8785)."""
        return canonical_json(
            {
                "package": PACKAGE_FORMAT,
                "schema": self.schema_id,
                "document": self.document,
                "seed": "0x" + self.seed.hex(),
                "title": self.title,
                "numbering": self.numbering.to_json() if self.numbering else None,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Package":
        """Read a package strictly; nothing in it is checked yet.

        Raises: PackageMalformed, and what ``privacy.canonical.parse_json`` raises.
        """
        value = cast(Any, parse_json(data, max_bytes=MAX_CONTENT_BYTES))
        if not isinstance(value, dict) or value.keys() != _MEMBERS:
            raise PackageMalformed("A package has " + ", ".join(sorted(_MEMBERS)) + ".")
        if value["package"] != PACKAGE_FORMAT or value["package"] is True:
            raise PackageMalformed("The package is of another format.")
        if not isinstance(value["schema"], str) or not isinstance(value["document"], dict):
            raise PackageMalformed("A package names its schema and holds one document.")
        seed = _matching(_ID, value["seed"], "A seed")
        title, numbering = value["title"], value["numbering"]
        return cls(
            schema_id=value["schema"],
            document=value["document"],
            seed=bytes.fromhex(seed[2:]),
            title=None if title is None else _matching(_ID, title, "A title"),
            numbering=None if numbering is None else Numbering.from_json(numbering),
        )


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise PackageMalformed(f"{what} is 0x and lower-case hexadecimal digits.")
    return value
