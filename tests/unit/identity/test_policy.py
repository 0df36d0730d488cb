"""Whatever the data does not allow is refused, to everybody."""

import json
from dataclasses import fields
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from identity.acts.types import ACT_TYPES
from identity.policy import decide as policy
from identity.policy.decide import ROLES, RULES, Actor, Facts, decide

MEMBER, OTHER = "0x" + "0a" * 32, "0x" + "0b" * 32
CAPACITIES = [field.name for field in fields(Facts) if field.name not in ("node", "terms")]
EVERY_CAPACITY = Facts(MEMBER, *[MEMBER] * len(CAPACITIES))

roles = st.frozensets(st.sampled_from(sorted(ROLES)) | st.text(max_size=8))
actors = st.builds(Actor, st.sampled_from([MEMBER, OTHER]), st.text(max_size=8), roles)
somebody = st.sampled_from([None, MEMBER, OTHER])
facts = st.builds(Facts, st.just(MEMBER), *[somebody] * len(CAPACITIES))


@given(actors, st.text(max_size=30), facts)
def test_an_unknown_verb_is_refused_for_everybody(actor: Actor, verb: str, given: Facts) -> None:
    if verb not in RULES:
        assert decide(actor, verb, given).code == "VERB_UNKNOWN"


@given(actors, st.sampled_from(sorted(RULES)), facts)
def test_nothing_is_allowed_but_by_member_role_and_capacity(
    actor: Actor, verb: str, given: Facts
) -> None:
    decision = decide(actor, verb, given)
    rule = RULES[verb]
    right = (
        actor.member == given.node
        and bool(rule.roles & actor.roles)
        and (not rule.capacities or any(getattr(given, c) == actor.member for c in rule.capacities))
    )
    assert decision.allowed is right
    assert (decision.code == "ALLOWED") is right
    assert decision.message.endswith(".")


@given(st.sampled_from(sorted(RULES)))
def test_another_members_people_are_refused_every_verb(verb: str) -> None:
    stranger = Actor(OTHER, "s", ROLES)
    assert decide(stranger, verb, EVERY_CAPACITY).code == "NOT_THIS_MEMBER"


@given(st.sampled_from(sorted(RULES)))
def test_no_role_is_no_right(verb: str) -> None:
    assert decide(Actor(MEMBER, "s", frozenset()), verb, EVERY_CAPACITY).code == "ROLE_NOT_ALLOWED"


def test_a_pledgor_is_told_it_is_not_the_controller() -> None:
    pledged = Facts(MEMBER, controller=OTHER, pledgee=OTHER, carrier=MEMBER)
    clerk = Actor(MEMBER, "clerk", frozenset({"clerk"}))
    assert decide(clerk, "Offer", pledged).code == "NOT_THE_CONTROLLER"
    assert decide(clerk, "Offer", Facts(MEMBER)).code == "NOT_THE_CONTROLLER"


def test_every_act_of_a_members_key_has_a_rule_and_no_other_act_has() -> None:
    signed = {name for name, t in ACT_TYPES.items() if t.signer in ("member", "authority")}
    assert signed == {verb for verb in RULES if verb in ACT_TYPES}


def test_every_verb_of_a_title_needs_a_capacity_once_the_title_is_there() -> None:
    titles = {n for n, t in ACT_TYPES.items() if t.contract == "Titles" and n in RULES}
    assert {verb for verb in titles if not RULES[verb].capacities} == {"Issue"}


def test_the_data_names_only_roles_and_capacities_that_exist() -> None:
    data = json.loads((Path(policy.__file__).parent / "roles.json").read_bytes())
    verbs = [row["verb"] for row in data["verbs"]]
    assert len(set(verbs)) == len(verbs)
    assert set().union(*(rule.roles for rule in RULES.values())) == ROLES
    named = {capacity for rule in RULES.values() for capacity in rule.capacities}
    assert named == set(data["capacities"]) == set(CAPACITIES)


def test_a_holder_of_a_pledged_title_may_still_ask_for_an_amendment() -> None:
    pledged = Facts(MEMBER, controller=OTHER, pledgee=OTHER, holder=MEMBER)
    clerk = Actor(MEMBER, "clerk", frozenset({"clerk"}))
    assert decide(clerk, "Surrender", pledged).allowed


def test_who_proposed_a_transfer_does_not_confirm_it() -> None:
    officer = Actor(MEMBER, "officer", frozenset({"officer"}))
    proposer = Facts(MEMBER, authority=MEMBER, ordering_authority=MEMBER)
    assert decide(officer, "ConfirmTransfer", proposer).code == "SECOND_AUTHORITY_NEEDED"
    assert decide(officer, "ProposeTransfer", proposer).allowed


def test_an_auditor_changes_nothing() -> None:
    auditor = Actor(MEMBER, "auditor", frozenset({"auditor"}))
    allowed = {verb for verb in RULES if decide(auditor, verb, EVERY_CAPACITY).allowed}
    assert not allowed & (set(ACT_TYPES) | {"SubmitLaneAct"})
    assert "ExportEvidence" in allowed


def test_a_capacitys_refusal_has_the_code_of_the_contracts() -> None:
    data = json.loads((Path(policy.__file__).parent / "roles.json").read_bytes())
    acts = Path(policy.__file__).parents[1] / "acts"
    codes = {r["code"] for r in json.loads((acts / "refusals.json").read_bytes()).values()}
    assert {capacity["code"] for capacity in data["capacities"].values()} <= codes
