"""Nobody acts but by a file that enough administrators signed, the newest one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.mandates import MEMBER, Administrators, certificate_key, p256_key, subject

from identity.authority.file import parse, read
from identity.authority.loader import Authority
from identity.authority.signing import check_follows, check_signed, digest_of, fingerprint
from identity.errors import (
    AuthorityFileMalformed,
    AuthorityFileRefused,
    AuthorityFileUnavailable,
    IdentityError,
)
from identity.policy.mandate import Money
from identity.signatures.statements import statement_digest

ADMINISTRATORS = Administrators()
FULL: dict[str, Any] = {
    "subjects": [
        subject(
            "li",
            "clerk",
            limits=[
                {
                    "verbs": ["Offer", "Pledge"],
                    "ports": ["CNSHA"],
                    "max_value": {"amount": "5000.50", "currency": "USD"},
                    "until": 2_000_000_000,
                }
            ],
            approval_keys=[certificate_key(p256_key(), until=2_000_000_000)],
        ),
        subject("gate-1", "gate", kind="device"),
    ],
    "rules": [{"verbs": ["Pledge"], "approvals": 1}],
    "separation": [["issuer", "finance"], ["OpenOrder", "SetCondition"]],
}


def put(path: Path, content: dict[str, Any]) -> Path:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content))
    new.replace(path)
    return path


def test_a_subject_has_the_roles_limits_and_keys_that_the_file_says() -> None:
    file = ADMINISTRATORS.file(**FULL)
    actor = file.actor("li")
    assert (actor.member, actor.roles) == (MEMBER, {"clerk"})
    (limit,) = actor.mandate.limits["Pledge"]
    assert limit.max_value == Money.of("5000.50", "USD")
    assert limit.ports == {"CNSHA"}
    assert actor.mandate.rules["Pledge"][0].approvals == 1
    assert actor.mandate.apart["SetCondition"] == {"OpenOrder"}
    assert file.subjects["li"].approval_keys[0].algorithm == "P-256"


def test_what_is_signed_is_the_statement_digest_of_the_file() -> None:
    names = [subject(f"p-{n}\x7e", "clerk", suspended=bool(n % 2)) for n in range(9)]
    file = ADMINISTRATORS.file(**(FULL | {"subjects": [*FULL["subjects"], *names]}))
    assert digest_of(file) == statement_digest("authority", dict(file.content))


def test_a_subject_that_the_file_does_not_name_has_no_role() -> None:
    assert ADMINISTRATORS.file(**FULL).actor("stranger").roles == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        {"authority": 2},
        {"member": "0x0A"},
        {"number": -1},
        {"number": True},
        {"threshold": 0},
        {"threshold": 3},
        {"extra": 1},
        {"administrators": [*ADMINISTRATORS.rows(), ADMINISTRATORS.rows()[0]]},
        {"subjects": [subject("li", "clerk"), subject("li", "clerk")]},
        {"subjects": [subject("li", "king")]},
        {"subjects": [subject("li", "clerk", limit=[])]},
        {"subjects": [subject("li", "clerk", limits=[{"verbs": ["Offers"]}])]},
        {"subjects": [subject("li", "clerk", limits=[{"verbs": ["Offer"], "ports": ["x"]}])]},
        {"subjects": [subject("l i", "clerk")]},
        {"subjects": [subject("li", "clerk", suspended="no")]},
        {"subjects": [subject("li", "issuer", "finance")], "separation": [["issuer", "finance"]]},
        {"separation": [["issuer", "Offer"]]},
        {"rules": [{"verbs": ["GateOut"], "approvals": 1}]},
        {"rules": [{"verbs": ["TakePledge"], "approvals": 1}]},
        {"rules": [{"verbs": ["Offer"], "approvals": 0}]},
        {"subjects": [subject("li", "clerk", approval_keys=[{"kind": "pin"}])]},
    ],
)
def test_what_is_not_in_its_format_is_refused_whole(change: dict[str, Any]) -> None:
    with pytest.raises(AuthorityFileMalformed):
        read(ADMINISTRATORS.draft(**change))


def test_a_file_counts_only_with_enough_signatures_over_these_very_words() -> None:
    one, _ = ADMINISTRATORS.keys
    draft = ADMINISTRATORS.draft(**FULL)
    check_signed(read(ADMINISTRATORS.signed(draft)))
    for signed in (
        draft,
        ADMINISTRATORS.signed(draft, [one]),
        ADMINISTRATORS.signed(draft, [one, one]),
        ADMINISTRATORS.signed(draft, [one, p256_key()]),
        {**ADMINISTRATORS.signed(draft), "number": 2},
    ):
        with pytest.raises(AuthorityFileRefused):
            check_signed(read(signed))


def test_the_next_file_is_signed_by_the_administrators_before_it_too() -> None:
    successors = Administrators()
    first = ADMINISTRATORS.file(1)
    draft = {**ADMINISTRATORS.draft(2), "administrators": successors.rows()}
    both = [*ADMINISTRATORS.keys, *successors.keys]
    check_follows(read(ADMINISTRATORS.signed(draft, both)), first)
    for keys in (ADMINISTRATORS.keys, successors.keys):
        with pytest.raises(AuthorityFileRefused):
            check_follows(read(ADMINISTRATORS.signed(draft, keys)), first)


def test_a_change_counts_at_the_next_question_and_never_backwards(tmp_path: Path) -> None:
    path = put(tmp_path / "authority.json", ADMINISTRATORS.signed(ADMINISTRATORS.draft(3, **FULL)))
    authority = Authority(path, MEMBER)
    assert authority.actor("li", frozenset({"admin"})).roles == {"clerk"}
    put(path, ADMINISTRATORS.signed(ADMINISTRATORS.draft(4)))
    assert authority.actor("li", frozenset({"admin"})).roles == frozenset()
    put(path, ADMINISTRATORS.signed(ADMINISTRATORS.draft(3, **FULL)))
    with pytest.raises(AuthorityFileUnavailable):
        authority.actor("li", frozenset())


def test_a_file_that_was_taken_away_or_damaged_lets_nobody_through(tmp_path: Path) -> None:
    path = put(tmp_path / "authority.json", ADMINISTRATORS.signed(ADMINISTRATORS.draft(**FULL)))
    authority = Authority(path, MEMBER)
    authority.current()
    good = path.read_bytes()
    path.unlink()
    with pytest.raises(AuthorityFileUnavailable):
        authority.actor("li", frozenset({"clerk"}))
    path.write_bytes(b"{")
    with pytest.raises(AuthorityFileUnavailable):
        authority.actor("li", frozenset({"clerk"}))
    path.write_bytes(good)
    os.utime(path, ns=(1, 1))
    assert authority.actor("li", frozenset()).roles == {"clerk"}


def test_without_a_file_the_roles_given_stand_unless_one_is_demanded(tmp_path: Path) -> None:
    nowhere = tmp_path / "authority.json"
    assert Authority(nowhere, MEMBER).actor("li", frozenset({"clerk"})).mandate is None
    with pytest.raises(AuthorityFileUnavailable):
        Authority(nowhere, MEMBER, "0x" + "00" * 32).actor("li", frozenset({"clerk"}))


def test_a_first_file_of_other_administrators_than_those_trusted_is_refused(tmp_path: Path) -> None:
    file = ADMINISTRATORS.file()
    intruders = Administrators()
    path = put(tmp_path / "authority.json", intruders.signed(intruders.draft()))
    with pytest.raises(AuthorityFileUnavailable) as caught:
        Authority(path, MEMBER, fingerprint(file)).current()
    assert caught.value.facts["reason"] == "AUTHORITY_FILE_REFUSED"
    with pytest.raises(AuthorityFileUnavailable):
        Authority(path, "0x" + "0b" * 32).current()


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"\xff", b'{"authority": 1}', b"[" * 1000])
def test_rubbish_is_refused_with_a_code(data: bytes) -> None:
    with pytest.raises(IdentityError):
        parse(data)
