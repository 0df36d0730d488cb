"""A document as fields: the path of each, and which lists of paths can be one document's.

A path is the names from the document's top to a value, joined by dots:
``consignmentItems.0.HSCodes.0``. In a name ``~`` is written ``~0`` and ``.`` is written ``~1``
(the escapes of RFC 6901 section 3, with the dot in the slash's place). A field is a text, a
number, a truth value, null, an empty list or an empty object; everything else is its fields.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from privacy.canonical import MAX_DEPTH, JsonValue, check_text
from privacy.errors import (
    ArrayIncomplete,
    DocumentTooLarge,
    InvalidPath,
    InvalidShape,
    PathsConflict,
    PathTwice,
)

MAX_FIELDS = 100_000
MAX_PATH_BYTES = 1024


def split_fields(document: JsonValue) -> tuple[dict[str, JsonValue], dict[str, int]]:
    """Split ``document`` (checked JSON) into fields by path, sorted, and lengths of lists by path.

    Paths sort by their UTF-8 bytes.

    Raises: InvalidShape (no object, no field, a field without a name), InvalidPath (too long),
        DocumentTooLarge (more than ``MAX_FIELDS`` fields).
    """
    if not isinstance(document, dict) or not document:
        raise InvalidShape("The document is not an object with fields.")
    fields: dict[str, JsonValue] = {}
    lengths: dict[str, int] = {}
    for path, value in _walk(document, ""):
        if isinstance(value, list):
            lengths[path] = len(value)
        if not isinstance(value, list | dict) or not value:
            fields[path] = value
        if len(fields) > MAX_FIELDS:
            raise DocumentTooLarge(f"More than {MAX_FIELDS} fields.", limit=MAX_FIELDS)
    return dict(sorted(fields.items())), dict(sorted(lengths.items()))


def _walk(container: JsonValue, above: str) -> Iterator[tuple[str, JsonValue]]:
    """Yield every value below ``container`` with its path, containers before their content."""
    if isinstance(container, dict):
        items: Iterable[tuple[str, JsonValue]] = container.items()
    elif isinstance(container, list):
        items = ((str(index), value) for index, value in enumerate(container))
    else:
        return
    for name, value in items:
        if not name:
            raise InvalidShape("A field has an empty name.", above=above)
        path = path_to(above, name)
        if len(path.encode()) > MAX_PATH_BYTES:
            raise InvalidPath("A field's path is too long.", limit=MAX_PATH_BYTES)
        yield path, value
        yield from _walk(value, path)


def path_to(above: str, name: str | int) -> str:
    """Return the path of the member or element ``name`` of what stands at ``above`` (top: "")."""
    segment = str(name).replace("~", "~0").replace(".", "~1")
    return f"{above}.{segment}" if above else segment


def paths_below(paths: Iterable[str], prefixes: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``paths`` that are one of ``prefixes`` or lie below one, in their order.

    ``goods`` covers ``goods`` and ``goods.0.weight``, not ``goodsValue``. A prefix that covers
    nothing is no error: a field that the schema allows may be absent.
    """
    wanted = frozenset(prefixes)
    return tuple(path for path in paths if path in wanted or any(p in wanted for p in _above(path)))


def check_path(path: str) -> None:
    """Refuse text that is no field's path.

    Raises: InvalidPath, InvalidText.
    """
    check_text(path)
    segments = path.split(".")
    escapes_hold = "~" not in path.replace("~0", "").replace("~1", "")
    # The document's own object is the first of MAX_DEPTH levels, a field's value may be the last.
    if not all(segments) or not escapes_hold or len(segments) > MAX_DEPTH:
        raise InvalidPath("A text is no field's path.", path=path[:100])
    if len(path.encode()) > MAX_PATH_BYTES:
        raise InvalidPath("A field's path is too long.", limit=MAX_PATH_BYTES)


def check_paths(paths: Sequence[str], lengths: Mapping[str, int]) -> None:
    """Refuse a list of paths and lengths of lists that no document has.

    Raises: InvalidPath, InvalidText, PathTwice, PathsConflict, ArrayIncomplete.
    """
    for path in paths:
        check_path(path)
    for earlier, later in pairwise(paths):
        if earlier == later:
            raise PathTwice("A field stands twice in the list of fields.", path=later)
        if earlier > later:
            raise PathsConflict("The list of fields is not sorted.", path=later)
    children = _children(paths)
    for path in paths:
        if path in children:
            raise PathsConflict("A field also holds other fields.", path=path)
    leaves = frozenset(paths)
    for path, length in lengths.items():
        found = children.get(path, set())
        if length == 0:
            complete = path in leaves
        else:
            complete = len(found) == length and all(str(i) in found for i in range(length))
        if not complete:
            raise ArrayIncomplete(
                "The elements of a list are not those that were committed.",
                path=path,
                committed=length,
                found=len(found),
            )


def _children(paths: Iterable[str]) -> dict[str, set[str]]:
    """Return, for each object or list that has fields below it, the names directly below it."""
    children: dict[str, set[str]] = {}
    for path in paths:
        child = path
        for above in _above(path):
            known = children.setdefault(above, set())
            name = child[len(above) + 1 :]
            if name in known:
                break
            known.add(name)
            child = above
    return children


def _above(path: str) -> Iterator[str]:
    """Yield the paths above ``path``, nearest first."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path
