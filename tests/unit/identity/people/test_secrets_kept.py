"""Passwords, codes, sealed values, delays and the bounds of sessions, on plain numbers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.people import codes, passwords
from identity.people.errors import NotAccepted, PasswordUnfit
from identity.people.pacing import (
    FREE,
    LONGEST_DELAY_SECONDS,
    Count,
    Guard,
    after_failure,
    is_forgotten,
    wait_of,
)
from identity.people.sealing import Box
from identity.sessions.life import digest_of, is_fresh, is_live, new_secret

NOW = 1_800_000_000
GOOD = "correct horse battery"
HASH = passwords.hash_password(GOOD)


def test_a_password_is_kept_by_argon2id_at_owasps_parameters() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(HASH, GOOD)
    assert not passwords.matches(HASH, GOOD + "!")
    assert not passwords.matches(HASH, "x" * 10_000)
    assert not passwords.matches(None, GOOD)
    assert not passwords.matches("not a hash", GOOD)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    composed, apart = "Zürich am Morgen", "Zürich am Morgen"
    assert passwords.matches(passwords.hash_password(composed), apart)


def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    def seconds(stored: str | None) -> float:
        took = []
        for _ in range(7):
            begun = time.thread_time()  # of this thread alone: others' work does not count
            passwords.matches(stored, "wrong")
            took.append(time.thread_time() - begun)
        return min(took)

    assert 0.5 < seconds(None) / seconds(HASH) < 2


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 129, "aaaaaaaaaaaaa", "abcdefghijklmnop", "210987654321098", "ada.lovelace1",
     "Lading-Lading-1", "ababababababab"],
)  # fmt: skip
def test_a_password_that_is_guessed_is_not_taken(password: str) -> None:
    with pytest.raises(PasswordUnfit):
        passwords.require_fit(password, "ada", "lovelace", "Lading")


def test_a_sentence_is_taken_without_rules_on_kinds_of_characters() -> None:
    passwords.require_fit("a ship that sails at dawn", "ada", "Lading")
    passwords.require_fit("风向是东北偏北稍后转为正南方向", "ada")


def test_codes_are_those_of_rfc_6238() -> None:
    secret = b"12345678901234567890"
    for at, code in ((59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"),
                     (2_000_000_000, "279037"), (20_000_000_000, "353130")):  # fmt: skip
        assert codes.accepted_step(secret, code, at, -1) == at // 30


def test_a_code_is_taken_half_a_minute_off_and_never_again() -> None:
    secret, at = b"12345678901234567890", 1_111_111_109
    step = at // 30
    for offset, found in ((-60, None), (-30, step), (0, step), (30, step), (60, None)):
        assert codes.accepted_step(secret, "081804", at + offset, -1) == found
    assert codes.accepted_step(secret, "081804", at, step) is None


@given(st.text(max_size=12))
def test_no_text_for_a_code_crashes(code: str) -> None:
    if not code.isdecimal():
        assert codes.accepted_step(b"x" * 20, code, NOW, -1) is None


def test_what_is_sealed_opens_for_its_purpose_and_time_alone() -> None:
    box = Box(b"k" * 32)
    sealed = box.seal("a", b"value", NOW + 10)
    assert box.open("a", sealed, NOW) == b"value"
    for purpose, other, now in (
        ("b", sealed, NOW), ("a", sealed, NOW + 10), ("a", sealed[:-1], NOW),
        ("a", b"", NOW), ("a", sealed[:12] + b"x" + sealed[13:], NOW),
    ):  # fmt: skip
        with pytest.raises(NotAccepted):
            box.open(purpose, other, now)
    with pytest.raises(NotAccepted):
        Box(b"j" * 32).open("a", sealed, NOW)


@pytest.mark.parametrize("guard", list(Guard))
def test_delays_double_after_the_free_attempts_up_to_a_bound(guard: Guard) -> None:
    count, waits = Count(), []
    for _ in range(FREE[guard] + 14):
        count = after_failure(guard, count, NOW)
        waits.append(wait_of(count, NOW))
    assert waits[: FREE[guard]] == [0] * FREE[guard]
    assert waits[FREE[guard] : FREE[guard] + 3] == [2, 4, 8]
    assert waits[-1] == LONGEST_DELAY_SECONDS


def test_failures_are_forgotten_after_an_hour() -> None:
    count = Count(40, NOW, NOW + 900)
    assert not is_forgotten(count, NOW + 3_599)
    assert after_failure(Guard.PAIR, count, NOW + 3_600).failures == 1


def test_a_session_lives_between_its_bounds() -> None:
    assert is_live(NOW, NOW, NOW)
    assert is_live(NOW, NOW + 7 * 3_600, NOW + 7 * 3_600 + 1_799)
    assert not is_live(NOW, NOW, NOW + 1_800)
    assert not is_live(NOW, NOW + 8 * 3_600, NOW + 8 * 3_600)
    assert is_fresh(NOW, NOW + 899)
    assert not is_fresh(NOW, NOW + 900)


def test_a_sessions_secret_is_32_random_bytes_of_which_the_hash_is_kept() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {43}
    assert len(digest_of(secrets.pop())) == 64
