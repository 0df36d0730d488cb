"""Limits let pass what they name and nothing they do not know; approvals are asked in doubt."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.policy.decide import Actor, Facts, decide, decide_approval
from identity.policy.mandate import ApprovalRule, Limit, Mandate, Money, Terms

MEMBER = "0x" + "0a" * 32
LIVE = {"controller": MEMBER, "counterparty": MEMBER}


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def clerk(mandate: Mandate, subject: str = "li") -> Actor:
    return Actor(MEMBER, subject, frozenset({"clerk", "finance"}), mandate)


def limited(**limit: object) -> Mandate:
    return Mandate(limits={"Offer": (Limit(frozenset({"Offer"}), **limit),)})


def code(mandate: Mandate, **terms: object) -> str:
    facts = Facts(MEMBER, **LIVE, terms=Terms("Offer", **terms))
    return decide(clerk(mandate), "Offer", facts).code


def test_an_operation_without_a_limit_has_none_but_its_roles() -> None:
    assert code(Mandate()) == "ALLOWED"
    assert code(Mandate(limits={"Pledge": (Limit(frozenset({"Pledge"}), until=0),)})) == "ALLOWED"


def test_a_port_is_allowed_where_the_object_names_one_of_them() -> None:
    mandate = limited(ports=frozenset({"CNSHA", "CNNGB"}))
    assert code(mandate, ports=frozenset({"CNSHA", "USLAX"})) == "ALLOWED"
    assert code(mandate, ports=frozenset({"USLAX"})) == "LIMIT_PORT"
    assert code(mandate, ports=frozenset()) == "LIMIT_FACT_MISSING"
    assert code(mandate) == "LIMIT_FACT_MISSING"


def test_a_value_is_allowed_up_to_the_limit_and_only_in_its_currency() -> None:
    mandate = limited(max_value=usd("1000000.00"))
    assert code(mandate, value=usd("1000000")) == "ALLOWED"
    assert code(mandate, value=usd("1000000.01")) == "LIMIT_VALUE"
    assert code(mandate, value=Money.of("1", "JPY")) == "LIMIT_VALUE"
    assert code(mandate) == "LIMIT_FACT_MISSING"


def test_a_value_that_only_the_asker_states_counts_with_an_approval_alone() -> None:
    mandate = limited(max_value=usd("1000"))
    assert code(mandate, stated=usd("1")) == "LIMIT_FACT_MISSING"
    with_rule = Mandate(limits=mandate.limits, rules={"Offer": (ApprovalRule(1),)})
    assert code(with_rule, stated=usd("1")) == "ALLOWED"
    assert code(with_rule, stated=usd("1001")) == "LIMIT_VALUE"
    assert code(with_rule, stated=usd("1"), value=usd("1001")) == "LIMIT_VALUE"


def test_a_limit_ends() -> None:
    assert code(limited(until=100), at=100) == "ALLOWED"
    assert code(limited(until=100), at=101) == "LIMIT_ENDED"


def test_one_of_several_limits_is_enough() -> None:
    limits = (
        Limit(frozenset({"Offer"}), frozenset({"CNSHA"}), usd("5")),
        Limit(frozenset({"Offer"}), frozenset({"CNNGB"}), usd("50")),
    )
    mandate = Mandate(limits={"Offer": limits})
    assert code(mandate, ports=frozenset({"CNNGB"}), value=usd("50")) == "ALLOWED"
    assert code(mandate, ports=frozenset({"CNSHA"}), value=usd("50")) == "LIMIT_VALUE"


@pytest.mark.parametrize(
    ("terms", "needed"),
    [
        ({"value": usd("99")}, 0),
        ({"value": usd("100")}, 2),
        ({}, 2),
        ({"value": Money.of("1", "EUR")}, 2),
        ({"value": usd("99"), "stated": usd("100")}, 2),
    ],
)
def test_an_approval_from_a_value_on_is_needed_in_doubt(terms: dict, needed: int) -> None:
    mandate = Mandate(rules={"Offer": (ApprovalRule(2, usd("100")),)})
    decision = decide(clerk(mandate), "Offer", Facts(MEMBER, **LIVE, terms=Terms("Offer", **terms)))
    assert (decision.allowed, decision.approvals) == (True, needed)


def test_who_did_one_of_two_duties_that_are_apart_does_not_do_the_other() -> None:
    mandate = Mandate(apart={"Offer": frozenset({"Accept"})})
    assert code(mandate, done=frozenset({"Accept"})) == "DUTIES_APART"
    assert code(mandate, done=frozenset({"Decline"})) == "ALLOWED"


def test_a_suspended_subject_is_refused_everything() -> None:
    for verb in ("Offer", "ReadTitle"):
        actor = clerk(Mandate(suspended=True))
        assert decide(actor, verb, Facts(MEMBER, **LIVE)).code == "SUBJECT_SUSPENDED"


def test_an_approver_is_another_subject_with_the_role_and_the_limit() -> None:
    terms = Terms("Offer", stated=usd("10"))
    boss = clerk(limited(max_value=usd("10")), "wang")
    assert decide_approval(boss, "Offer", terms, asker="li").allowed
    assert decide_approval(boss, "Offer", terms, asker="wang").code == "OWN_REQUEST"
    small = clerk(limited(max_value=usd("9")), "wang")
    assert decide_approval(small, "Offer", terms, asker="li").code == "LIMIT_VALUE"
    gate = Actor(MEMBER, "wang", frozenset({"gate"}), Mandate())
    assert decide_approval(gate, "Offer", terms, asker="li").code == "ROLE_NOT_ALLOWED"
    nobody = Actor(MEMBER, "wang", frozenset({"clerk"}))
    assert decide_approval(nobody, "Offer", terms, asker="li").code == "AUTHORITY_FILE_MISSING"


@given(st.decimals(0, 10**12, places=4), st.decimals(0, 10**12, places=4))
def test_amounts_are_compared_exactly(one: Decimal, other: Decimal) -> None:
    assert Money(one, "USD").within(Money(other, "USD")) is (one <= other)


@pytest.mark.parametrize("amount", ["-1", "1e3", "01", "", "1.00001", "NaN", "１"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money.of(amount, "USD")
