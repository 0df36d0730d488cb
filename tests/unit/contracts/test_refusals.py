"""Every refusal of a contract has a code, a sentence in English and Chinese, and advice."""

import json
import re
from importlib.resources import files

import pytest

from identity.acts.verb_table import CAPACITIES, CONDITIONS
from node.chain import artifacts

REFUSALS: dict[str, dict[str, str]] = json.loads(
    (files("identity.acts") / "refusals.json").read_bytes()
)
ERRORS = {
    str(entry["name"])
    for contract in artifacts.CONTRACTS
    for entry in artifacts.load(contract).abi
    if entry["type"] == "error"
}
HAN = re.compile("[一-鿿]")


def test_every_error_of_a_contract_has_an_entry_and_every_entry_an_error() -> None:
    assert set(REFUSALS) == ERRORS


@pytest.mark.parametrize("error", sorted(REFUSALS))
def test_an_entry_says_what_it_means_and_what_to_do(error: str) -> None:
    entry = REFUSALS[error]
    assert set(entry) == {"code", "en", "zh", "do"}
    assert entry["code"] == re.sub(r"(?<!^)(?=[A-Z])", "_", error).upper()
    assert all(entry.values())
    assert HAN.search(entry["zh"])


def test_the_verb_table_names_errors_that_there_are() -> None:
    terms = CAPACITIES | CONDITIONS
    assert {term.refused_as for term in terms.values()} <= ERRORS
