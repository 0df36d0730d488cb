"""An act's companion: what counts, and what a receiver refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from support.authorities import DAY, NOW, OTHER_MEMBER
from support.cosigned import DOMAIN, acts_path, cosigned, offer
from support.paths import Path

from identity.acts.typed import Act, Domain, digest
from identity.certificates.assembling import Revoked
from identity.certificates.errors import RevocationUnknown
from identity.certificates.purposes import Kind, Purpose
from identity.companions.companion import Companion, check_companion
from identity.companions.errors import CompanionMalformed, CompanionRefused
from identity.errors import Refused
from identity.signatures import sm2

PATH = acts_path()
ACT, COMPANION = cosigned(PATH, offer())


def refused(act: Act, companion: Companion, path: Path = PATH, at: int = NOW) -> str:
    with pytest.raises(CompanionRefused) as error:
        check_companion(companion, act, DOMAIN, path.trust([]), at)
    assert error.value.facts == {}
    assert isinstance(error.value, Refused)
    return error.value.reason


def test_a_co_signature_counts_and_says_until_when() -> None:
    checked = check_companion(COMPANION, ACT, DOMAIN, PATH.trust([]), NOW)
    assert checked.certificate == COMPANION.certificate
    assert checked.valid_until == NOW + 30 * DAY


def test_the_sm2_key_signs_the_digest_with_companion_0() -> None:
    bare = Act(ACT.name, {**ACT.fields, "companion": bytes(32)})
    sm2.verify(PATH.end.public.public, digest(DOMAIN, bare), COMPANION.signature)
    assert ACT.fields["companion"] == COMPANION.hash
    assert digest(DOMAIN, ACT) != digest(DOMAIN, bare)


def test_it_is_read_back_as_it_was_written_and_lists_do_not_change_its_hash() -> None:
    assert Companion.from_json(COMPANION.to_json()) == COMPANION
    assert COMPANION.with_lists([]).hash == COMPANION.hash


def test_another_acts_companion_is_refused() -> None:
    other, _ = cosigned(PATH, offer(to=b"\x0c" * 32))
    assert "another companion" in refused(other, COMPANION)
    assert "another companion" in refused(offer(), COMPANION)
    forged = Act(other.name, {**other.fields, "companion": COMPANION.hash})
    assert "not of this act" in refused(forged, COMPANION)


def test_the_same_act_of_another_network_is_refused() -> None:
    elsewhere = Domain(31337, DOMAIN.verifying_contract, b"\x23" * 32)
    with pytest.raises(CompanionRefused):
        check_companion(COMPANION, ACT, elsewhere, PATH.trust([]), NOW)


def test_another_user_id_is_refused() -> None:
    companion = replace(COMPANION, user_id="another")
    act = Act(ACT.name, {**ACT.fields, "companion": companion.hash})
    assert "not of this act" in refused(act, companion)


def test_another_members_certificate_is_refused() -> None:
    act, companion = cosigned(PATH, offer(OTHER_MEMBER))
    assert refused(act, companion) == "certificate: another name"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: setattr(p, "end_draft", replace(p.end_draft, valid_until=NOW - 1)), "expired"),
        (
            lambda p: setattr(p, "end_draft", replace(p.end_draft, valid_from=NOW + 9)),
            "not yet valid",
        ),
        (
            lambda p: p.revoked.update(
                {p.end_draft.serial: Revoked(NOW - 1, x509.ReasonFlags.key_compromise)}
            ),
            "revoked",
        ),
    ],
)
def test_a_certificate_that_does_not_count_is_refused(
    change: Callable[[Path], object], reason: str
) -> None:
    path = acts_path()
    change(path)
    assert refused(*cosigned(path, offer()), path) == f"certificate: {reason}"


def test_a_certificate_for_encryption_co_signs_nothing() -> None:
    path = Path("sm2", Kind.ENCRYPTION, Purpose.ENCRYPTION)
    assert refused(*cosigned(path, offer()), path) == "certificate: wrong usage"


def test_without_revocation_lists_it_does_not_count() -> None:
    act, companion = cosigned(PATH, offer(), lists=False)
    with pytest.raises(RevocationUnknown):
        check_companion(companion, act, DOMAIN, PATH.trust([]), NOW)
    check_companion(companion, act, DOMAIN, PATH.trust([]), NOW, PATH.lists())


def test_a_path_that_has_fallen_apart_is_refused() -> None:
    assert "no trusted root" in refused(ACT, replace(COMPANION, issuers=()))
    assert refused(ACT, replace(COMPANION, issuers=(b"junk",))) == "certificate or list malformed"
    assert refused(ACT, replace(COMPANION, lists=(b"junk",))) == "certificate or list malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"companion": 2},
        {"more": 1},
        {"user_id": ""},
        {"user_id": "王"},
        {"user_id": 7},
        {"signature": "0x00"},
        {"signature": None},
        {"signature": "0X" + COMPANION.signature.hex()},
        {"certificate": "!"},
        {"certificate": None},
        {"certificate": "MIIB\n"},
        {"issuers": ["AAAA"] * 4},
        {"issuers": {}},
        {"lists": ["AAAA"] * 5},
        {"lists": ["A"]},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CompanionMalformed):
        Companion.from_json({**COMPANION.to_json(), **change})


@pytest.mark.parametrize("data", [None, [], "x", {}, 7])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(CompanionMalformed):
        Companion.from_json(data)
