"""The verbs that can be asked for are those that members sign, each with its rule."""

import re
from pathlib import Path

import pytest

import node.node
from identity.acts.types import ACT_TYPES
from identity.policy.decide import RULES
from node.commands.bodies import DEFAULT_DEADLINE_SECONDS, read_body
from node.commands.refusals import refusal_named
from node.commands.verbs import VERBS
from node.errors import BodyInvalid
from node.titles.hand_over import OfferBody

ID = "0x" + "ab" * 32


def test_every_act_can_be_asked_for_and_nothing_else() -> None:
    assert set(VERBS) == set(ACT_TYPES)


def test_the_policy_has_a_rule_for_every_verb() -> None:
    assert {verb.policy for verb in VERBS.values()} <= set(RULES)


def test_a_verb_whose_rule_needs_a_capacity_gives_the_policy_its_facts() -> None:
    for name, verb in VERBS.items():
        if RULES[verb.policy].capacities:
            assert verb.facts.__name__ != "_no_facts", name


def test_a_body_has_defaults_and_reads_exact_types() -> None:
    body = read_body(OfferBody, {"title": ID, "to": ID})
    assert (body.capacity, body.endorsement) == ("holder", "none")
    assert body.deadline_seconds == DEFAULT_DEADLINE_SECONDS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", ID.upper()),
        ("title", ID + "\n"),
        ("title", 5),
        ("to", None),
        ("capacity", "owner"),
        ("deadline_seconds", "60"),
        ("deadline_seconds", 59),
        ("deadline_seconds", 90 * 86_400),
        ("deadline_seconds", True),
        ("memo", "for your eyes only"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(name: str, value: object) -> None:
    with pytest.raises(BodyInvalid) as refused:
        read_body(OfferBody, {"title": ID, "to": ID, name: value})
    assert [fault["field"] for fault in refused.value.facts["fields"]] == [name]  # type: ignore[attr-defined]
    assert str(value) not in str(refused.value.facts)


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(BodyInvalid):
        read_body(OfferBody, body)


def test_a_contracts_refusal_has_code_sentence_advice_and_facts() -> None:
    refusal = refusal_named("NotTheController", title=ID, principal=ID, controller=ID)
    assert refusal.code == "NOT_THE_CONTROLLER"
    assert refusal.message
    assert refusal.what_to_do
    assert refusal.facts["controller"] == ID


def test_every_refusal_that_the_node_says_early_is_in_the_table() -> None:
    sources = Path(node.node.__file__).parent.rglob("*.py")
    named = {
        error
        for source in sources
        for error in re.findall(r'refusal_named\(\s*"(\w+)"', source.read_text())
    }
    assert len(named) > 50
    assert {error for error in named if refusal_named(error).code == "CONTRACT_REFUSED"} == set()


def test_a_refusal_that_the_table_does_not_have_is_named() -> None:
    refusal = refusal_named("TomorrowsError", data="0x00")
    assert (refusal.code, refusal.facts["error"]) == ("CONTRACT_REFUSED", "TomorrowsError")
