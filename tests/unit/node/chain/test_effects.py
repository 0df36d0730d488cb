"""Each verb that the contracts execute has an effect on the tables, and no other has."""

import pytest
from synthetic_ledger import SyntheticLedger

from identity.acts.types import ACT_TYPES
from identity.acts.words import Outcome
from node.chain.effects import EFFECTS
from node.chain.errors import LogMalformed
from node.chain.follower import Follower
from node.store.database import Database


def test_every_verb_has_an_effect() -> None:
    assert set(EFFECTS) == set(ACT_TYPES)


def test_an_outcome_that_a_verb_cannot_have_is_refused(store: Database) -> None:
    ledger = SyntheticLedger()
    fields = {"principal": bytes(32), "object": bytes(32), "profile": bytes(32)}
    log = ledger.acted("UpdateProfile", 1, outcome=Outcome.RECORDED_REFUSAL, **fields)
    ledger.add_block([log])
    with pytest.raises(LogMalformed):
        Follower(ledger, store, ledger.network).step()
