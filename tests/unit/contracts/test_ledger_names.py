"""No error, event or act has a field that could carry what a document says.

Every field is named in tests/data/contracts/ledger_names.json with its meaning. Among the meanings
there is no amount, quantity, number or name of a document, and no free text; whoever adds a field
says there what it is.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from identity.acts.types import ACT_TYPES
from node.chain import artifacts

_DATA = json.loads(
    (Path(__file__).parents[2] / "data" / "contracts" / "ledger_names.json").read_bytes()
)
MEANINGS: dict[str, dict[str, Any]] = _DATA["meanings"]
NAMES: dict[str, str] = _DATA["names"]


def test_every_field_of_an_act_has_a_meaning_and_its_type() -> None:
    for act_type in ACT_TYPES.values():
        for field in act_type.fields:
            assert _fits(field.name, field.type), f"{act_type.name}.{field.name}: {field.type}"


def test_every_argument_of_an_error_or_event_has_a_meaning_and_its_type() -> None:
    for contract, entry, argument in _arguments():
        what = f"{contract}.{entry['name']}.{argument['name']}: {argument['type']}"
        assert _fits(argument["name"], argument["type"]), what


def test_a_name_is_listed_only_while_it_is_used() -> None:
    used = {f.name for act_type in ACT_TYPES.values() for f in act_type.fields}
    used |= {argument["name"] for _, _, argument in _arguments()}
    assert {name.partition(" ")[0] for name in NAMES} <= used


def test_text_fits_no_meaning() -> None:
    for meaning in MEANINGS.values():
        assert set(meaning["types"]) <= {"bytes32", "uint256", "address", "bytes"}


def _fits(name: str, kind: str) -> bool:
    item = kind.removesuffix("[]")
    meaning = NAMES.get(name) or NAMES.get(f"{name} {item}")
    return meaning in MEANINGS and item in MEANINGS[meaning]["types"]


def _arguments() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for contract in artifacts.CONTRACTS:
        for entry in artifacts.load(contract).abi:
            if entry["type"] in ("error", "event"):
                inputs: Any = entry["inputs"]
                for argument in inputs:
                    yield contract, dict(entry), argument
