"""Reads what of the engine's configuration must be the same at every member.

Which files that is, the settings say; they are public among members and hold no key. Each value
travels under its file's name and its place in it, so that two members' can be compared one by one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

MAX_FILE_BYTES = 64 * 1024
MAX_VALUES = 100
MAX_CHARACTERS = 200
UNREADABLE = "unreadable"


def read_configuration(paths: Iterable[Path]) -> dict[str, str]:
    """Return the values of JSON files: ``file: a.b`` → the value as JSON, at most 100 of them."""
    found: dict[str, str] = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                given = json.loads(file.read(MAX_FILE_BYTES))
        except (OSError, ValueError, RecursionError):
            found[path.name] = UNREADABLE
            continue
        for place, value in _values(given, ""):
            if len(found) < MAX_VALUES:
                found[f"{path.name}: {place}"[:MAX_CHARACTERS]] = value[:MAX_CHARACTERS]
    return found


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Return the places at which two configurations differ, each with both values."""
    return [
        f"{place} is {theirs.get(place, 'absent')} there, {ours.get(place, 'absent')} here"
        for place in sorted(ours.keys() | theirs.keys())
        if ours.get(place) != theirs.get(place)
    ]


def _values(given: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(given, dict) and given:
        for name, value in given.items():
            yield from _values(value, f"{place}.{name}" if place else str(name))
    else:
        yield place, json.dumps(given, sort_keys=True)
