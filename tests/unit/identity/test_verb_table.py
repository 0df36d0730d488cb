"""The verb table and the acts tell one story."""

from identity.acts.types import ACT_TYPES
from identity.acts.verb_table import CAPACITIES, VERB_ROWS, verbs_for
from identity.acts.words import TitleKind, TitleState
from identity.policy.decide import RULES

TITLE_ACTS = {name: t for name, t in ACT_TYPES.items() if t.contract == "Titles"}
# How the policy calls the capacity: who controls is holder, pledgee or, before the first
# hand-over, carrier.
CONTROL = {"holder", "offerer", "carrier", "pledgee"}
POLICY = {
    "controller": CONTROL,
    "holder": {"holder"},
    "counterparty": {"offeree"},
    "offerer": {"offerer"},
    "pledgee": {"pledgee"},
    "carrier": {"carrier"},
    "answering": {"answering"},
    "authority": {"authority"},
    "ordering_authority": {"authority"},
    "second_authority": {"authority"},
}


def test_every_act_on_a_title_stands_in_the_table_and_no_other() -> None:
    assert {row.verb for row in VERB_ROWS} == set(TITLE_ACTS)


def test_every_capacity_is_explained_and_used() -> None:
    assert {row.capacity for row in VERB_ROWS} == set(CAPACITIES)


def test_acts_of_authority_are_signed_by_authorities_and_no_other_acts_are() -> None:
    for row in VERB_ROWS:
        by_authority = row.capacity == "authority"
        assert by_authority == (ACT_TYPES[row.verb].signer == "authority")


def test_the_policy_asks_for_the_capacity_that_the_table_names() -> None:
    for row in VERB_ROWS:
        allowed = [POLICY[capacity] for capacity in RULES[row.verb].capacities] or [{"issuer"}]
        assert row.capacity in set().union(*allowed)


def test_only_order_titles_know_pledges() -> None:
    for row in VERB_ROWS:
        if row.capacity == "pledgee":
            assert row.kinds == {TitleKind.ORDER}


def test_nothing_is_done_with_a_void_title() -> None:
    assert not any(TitleState.VOID in row.states for row in VERB_ROWS)


def test_a_holder_of_a_live_order_title_may_offer_and_surrender() -> None:
    assert verbs_for(TitleKind.ORDER, TitleState.LIVE, "holder") == ["Offer", "Surrender"]
    assert verbs_for(TitleKind.ORDER, TitleState.LIVE, "pledgee") == [
        "Offer",
        "ReleasePledge",
        "Surrender",
        "RecordDefault",
        "ConsentAmendment",
    ]
    assert verbs_for(TitleKind.ORDER, TitleState.SURRENDERED, "holder") == []
    assert verbs_for(TitleKind.STRAIGHT, TitleState.NONE, "issuer") == ["Issue"]
