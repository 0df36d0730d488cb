"""The words on the ledger stand in Python as they stand in words.json."""

import json
from enum import IntEnum, IntFlag
from pathlib import Path

from identity.acts import words


def test_every_enumeration_is_the_one_in_the_data() -> None:
    data = json.loads((Path(words.__file__).parent / "words.json").read_bytes())
    for enumeration in data["enumerations"]:
        kind = getattr(words, enumeration["name"])
        assert issubclass(kind, IntFlag if enumeration["flags"] else IntEnum)
        assert {item.name.lower(): item.value for item in kind} == enumeration["values"]
        assert kind.__doc__ == enumeration["says"]
    kinds = [name for name, kind in vars(words).items() if isinstance(kind, type)]
    assert {e["name"] for e in data["enumerations"]} == set(kinds) - {"IntEnum", "IntFlag"}
