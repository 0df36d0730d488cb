"""The contracts against the verb table, act by act, on a ledger."""

from collections.abc import Iterator

import pytest
from model.capacities import CAPACITY_TERMS
from model.conditions import CONDITION_TERMS
from model.ledger import Network
from model.runs import run
from support.lengths import tries

from identity.acts.verb_table import CAPACITIES, CONDITIONS

ACTS = tries(800, 4_000)
CASES = tries(24, 120)
SEED = 20_261_122


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """A network of its own."""
    founded = Network()
    yield founded
    founded.close()


def test_model_and_chain_agree_after_each_act(network: Network) -> None:
    count = run(network, CASES, SEED)
    while count["acts"] < ACTS:
        count += run(network, 5, SEED + count["acts"])
    verbs = {said.split()[1] for said in count if said.startswith("done: ")}
    assert {"Issue", "Offer", "Accept", "Surrender", "Amend", "Freeze"} <= verbs


def test_every_term_of_the_table_is_in_the_model() -> None:
    assert (set(CAPACITY_TERMS), set(CONDITION_TERMS)) == (set(CAPACITIES), set(CONDITIONS))
