"""Commit to a document field by field, so that some fields can be shown without the others.

The commitment is the root of an RFC 9162 hash tree. Leaf 0 is the header: the schema, the number
of leaves, the digest of all paths and the length of every list. The other leaves are the fields,
sorted by path, each with its own salt. Exact bytes: docs/protocol/commitments.md.

A disclosure shows the paths of the fields that it leaves out, and nothing of their values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from privacy.canonical import MAX_JSON_BYTES, JsonValue, canonical_json
from privacy.disclosures import DisclosedField, Disclosure, check_disclosure
from privacy.errors import DocumentTooLarge, UnknownPath
from privacy.fields import paths_below, split_fields
from privacy.leaves import (
    SEED_BYTES,
    Header,
    SchemaRef,
    digest_of_paths,
    field_leaf,
    field_salt,
    header_leaf,
)
from privacy.merkle import HashTree

__all__ = [
    "SEED_BYTES",
    "DisclosedField",
    "Disclosure",
    "FieldTree",
    "SchemaRef",
    "check_disclosure",
    "commit",
    "paths_below",
]


@dataclass(frozen=True)
class FieldTree:
    """A document's commitment with all that is needed to show any of its fields.

    Whoever has this object, or document and seed, can show everything: it stays with its owner.
    """

    header: Header
    fields: Mapping[str, JsonValue] = field(repr=False)
    seed: bytes = field(repr=False)
    tree: HashTree = field(repr=False)

    @property
    def root(self) -> bytes:
        """The commitment: 32 bytes."""
        return self.tree.root

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all fields, sorted by their UTF-8 bytes."""
        return tuple(self.fields)

    def disclose(self, paths: Iterable[str]) -> Disclosure:
        """Show the fields at ``paths``, each named exactly; see ``paths_below`` for whole parts.

        Raises: UnknownPath.
        """
        wanted = frozenset(paths)
        if unknown := wanted - self.fields.keys():
            raise UnknownPath("The document has no such field.", path=min(unknown)[:100])
        shown = [(index, path) for index, path in enumerate(self.fields, start=1) if path in wanted]
        return Disclosure(
            header=self.header,
            paths=self.paths,
            fields=tuple(
                DisclosedField(path, self.fields[path], field_salt(self.seed, path))
                for _, path in shown
            ),
            proof=self.tree.prove([0, *(index for index, _ in shown)]),
        )


def commit(document: JsonValue, schema: SchemaRef, seed: bytes) -> FieldTree:
    """Commit to every field of ``document``, a JSON object.

    Args:
        schema: the schema that the caller has checked the document against.
        seed: ``SEED_BYTES`` random bytes, made for this document alone. All salts come from it:
            schema, document and seed give the same root again.

    Raises: InvalidShape, InvalidPath, InvalidText, InexactNumber, DocumentTooDeep,
        DocumentTooLarge (fields longer than ``MAX_JSON_BYTES`` in all, or too many), InvalidSeed.
    """
    size = len(canonical_json(document))
    fields, lengths = split_fields(document)
    if max(size, sum(map(len, fields))) > MAX_JSON_BYTES:
        raise DocumentTooLarge("The document is too large.", limit=MAX_JSON_BYTES)
    header = Header(schema, len(fields) + 1, digest_of_paths(fields), lengths)
    leaves = [field_leaf(path, value, field_salt(seed, path)) for path, value in fields.items()]
    return FieldTree(header, fields, seed, HashTree([header_leaf(header), *leaves]))
