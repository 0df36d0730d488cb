"""An act in words, for who reads the signer's audit file."""

import json
from pathlib import Path

from hypothesis import given
from test_typed_acts import acts

from identity.acts import words
from identity.acts.typed import Act
from identity.acts.types import ACT_TYPES
from identity.acts.wording import describe, describe_zh

ZERO: dict = {"uint256": 0, "bytes32": bytes(32), "address": bytes(20)}
HEADER = {
    "principal": b"\x01" * 32,
    "delegation": bytes(32),
    "object": b"\x02" * 32,
    "counter": 0,
    "expires": 1_900_000_000,
    "companion": bytes(32),
}


def test_numbers_are_said_as_words_and_times_in_utc() -> None:
    fields = {"port": 7, "role": 48, "member": b"\x03" * 32, "assigned": 1}
    said = describe(Act("AssignAuthority", {**HEADER, **fields}))
    assert "role terminal and customs" in said
    assert "expires 2030-03-17T17:46:40Z" in said
    assert "delegation 0;" in said


def test_a_delegation_says_its_verbs_and_a_fact_is_said_as_one() -> None:
    offer, surrender = (1 << ACT_TYPES[name].code for name in ("Offer", "Surrender"))
    fields = {"delegate": b"\x03" * 32, "title": bytes(32), "until": 1_900_000_000}
    said = describe(Act("Delegate", {**HEADER, **fields, "verbs": offer | surrender | 1 << 255}))
    assert "verbs Offer and Surrender and 255 (no such verb)" in said
    assert "until 2030-03-17T17:46:40Z" in said
    terms = {"port": 7, "order": bytes(32), "to": b"\x03" * 32, "endsLien": 1}
    assert "endsLien yes" in describe(Act("ProposeTransfer", {**HEADER, **terms}))
    rules = {"rulebook": bytes(32), "enforcementSeconds": 60, "transferSeconds": 90}
    assert "transferSeconds 90 s" in describe(Act("ChangeRulebook", {**HEADER, **rules}))


@given(acts)
def test_every_act_can_be_said(act: Act) -> None:
    said = describe(act)
    assert all(f"{field.name} " in said for field in act.type.fields)
    assert "\n" not in said


def test_every_field_that_words_are_given_for_exists() -> None:
    data = json.loads((Path(words.__file__).parent / "words.json").read_bytes())
    for enumeration in data["enumerations"]:
        for field in enumeration.get("fields", []):
            act, _, name = field.partition(".")
            assert name in ACT_TYPES[act].names


def test_every_act_that_people_approve_is_said_in_chinese_too() -> None:
    for name, act_type in ACT_TYPES.items():
        if act_type.signer in ("member", "authority"):
            zero = {
                field.name: [] if field.is_array else ZERO[field.type] for field in act_type.fields
            }
            said = describe_zh(Act(name, zero))
            assert act_type.says not in said
            assert not any(f"{field.name}：" in said for field in act_type.fields)
