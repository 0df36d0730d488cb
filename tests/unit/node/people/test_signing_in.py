"""Sign-ins: what is proved lets in, whatever is wrong does not, and all of it is recorded."""

import json
from typing import Any

import pytest
from support.authenticators import PRESENT, Authenticator, encoded
from support.sign_in_desk import PARTY, Desk

from identity.people.errors import CodeWrong, LastMeans, NotAccepted, PasskeyUnknown
from identity.people.passkeys import RelyingParty
from identity.people.passwords import hash_password
from node.people import accounts, credentials, sessions, signing_in
from node.people.visits import Outcome

HASH = hash_password("a sentence that nobody guesses")


def refused(outcome: Outcome, reason: str) -> bool:
    return (outcome.secret, outcome.reason) == (None, reason)


def test_a_passkey_lets_its_account_in_and_is_recorded(desk: Desk) -> None:
    ada = desk.account("ada")
    key = desk.passkey(ada)
    outcome = desk.by_passkey(key.get(PARTY, desk.options()))
    assert outcome.secret is not None
    with desk.db.read() as session:
        row = sessions.find(session, outcome.secret, desk.now)
        assert row is not None
        assert (row.subject, row.method, row.kind) == ("ada", "passkey", "full")
        assert outcome.secret not in vars(row).values()
        assert desk.audit(session)[-2:] == [
            ("AddPasskey", "final", None),
            ("SignIn", "final", None),
        ]


def test_an_assertion_is_taken_once(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    answer = key.get(PARTY, desk.options())
    assert desk.by_passkey(answer).secret is not None
    assert refused(desk.by_passkey(answer), "CHALLENGE_USED")


def test_a_challenge_is_used_up_by_a_wrong_answer_too(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    options = desk.options()
    assert refused(desk.by_passkey(key.get(PARTY, options, signature=b"0")), "PASSKEY_ASSERTION")
    assert refused(desk.by_passkey(key.get(PARTY, options)), "CHALLENGE_USED")


def test_a_copied_authenticator_is_noticed_by_its_count(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"), count=7)
    assert desk.by_passkey(key.get(PARTY, desk.options())).secret is not None
    key.count = 6
    assert refused(desk.by_passkey(key.get(PARTY, desk.options())), "PASSKEY_ASSERTION")


def test_a_challenge_ends_with_its_time_and_is_none_of_another_member(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    options = desk.options()
    desk.later(signing_in.CHALLENGE_SECONDS)
    assert refused(desk.by_passkey(key.get(PARTY, options)), "SEAL_EXPIRED")
    invented = json.dumps({"challenge": encoded(b"c" * 48)})
    assert refused(desk.by_passkey(key.get(PARTY, invented)), "SEAL_BROKEN")


def test_a_challenge_for_making_a_passkey_signs_nobody_in(desk: Desk) -> None:
    ada = desk.account("ada")
    key = desk.passkey(ada)
    with desk.db.read() as session:
        options = credentials.creation_options(session, desk.people, PARTY, ada, desk.now)
    assert refused(desk.by_passkey(key.get(PARTY, options)), "SEAL_BROKEN")


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://lading.example.attacker.example"},
        {"origin": "http://lading.example"},
        {"origin": "https://lading.example:8443"},
        {"type": "webauthn.create"},
        {"flags": PRESENT},
        {"flags": 0},
        {"signature": b""},
        {"challenge": 7},
    ],
    ids=lambda wrong: str(wrong)[1:40],
)
def test_an_assertion_made_elsewhere_or_unverified_is_refused(
    desk: Desk, wrong: dict[str, Any]
) -> None:
    key = desk.passkey(desk.account("ada"))
    assert desk.by_passkey(key.get(PARTY, desk.options(), **wrong)).secret is None


def test_a_passkey_of_another_relying_party_is_refused(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    other = RelyingParty("attacker.example", PARTY.origin, "Lading")
    assert refused(desk.by_passkey(key.get(other, desk.options())), "PASSKEY_ASSERTION")


def test_one_accounts_passkey_never_opens_another(desk: Desk) -> None:
    ada, eve = desk.account("ada"), desk.account("eve")
    desk.passkey(ada)
    hers = desk.passkey(eve)
    answer = hers.get(PARTY, desk.options(), handle=ada.handle)
    assert refused(desk.by_passkey(answer), "PASSKEY_OTHER_ACCOUNT")
    unknown = Authenticator(ada.handle)
    assert refused(desk.by_passkey(unknown.get(PARTY, desk.options())), "PASSKEY_UNKNOWN")


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", "null", "0", '{"response":{}}', '{"response":{"clientDataJSON":"!!"}}',
     '{"id":1,"response":{"clientDataJSON":"e30"}}', "x" * 20_000, "[" * 10_000],
    ids=range(10),
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(desk: Desk, answer: str) -> None:
    assert refused(desk.by_passkey(answer), "PASSKEY_MALFORMED")


def test_a_disabled_account_is_out_at_once_and_its_sessions_with_it(desk: Desk) -> None:
    ada = desk.account("ada")
    key = desk.passkey(ada)
    secret = desk.by_passkey(key.get(PARTY, desk.options())).secret
    assert secret is not None
    with desk.db.begin() as session:
        accounts.set_enabled(session, "ada", False, desk.now)
    with desk.db.read() as session:
        assert sessions.find(session, secret, desk.now) is None
    assert refused(desk.by_passkey(key.get(PARTY, desk.options())), "ACCOUNT_DISABLED")


def test_a_passkey_is_made_for_the_account_that_asked_and_once(desk: Desk) -> None:
    ada, eve = desk.account("ada"), desk.account("eve")
    with desk.db.read() as session:
        options = credentials.creation_options(session, desk.people, PARTY, ada, desk.now)
    made = Authenticator(eve.handle)
    answer = made.create(PARTY, options)
    for account, reason in ((eve, "SEAL_BROKEN"), (ada, None), (ada, "CHALLENGE_USED")):
        with desk.db.begin() as session:
            if reason is None:
                credentials.add_passkey(session, desk.people, PARTY, account, answer, "", desk.now)
                continue
            with pytest.raises(NotAccepted) as error:
                credentials.add_passkey(session, desk.people, PARTY, account, answer, "", desk.now)
            assert error.value.reason == reason
    with desk.db.read() as session:
        assert [key.id for key in accounts.passkeys_of(session, "ada")] == [made.id]
        assert accounts.passkeys_of(session, "eve") == []


def test_a_passkey_is_taken_away_by_its_owner_and_never_the_last_one(desk: Desk) -> None:
    ada, eve = desk.account("ada"), desk.account("eve")
    first, _, hers = desk.passkey(ada), desk.passkey(ada), desk.passkey(eve)
    with desk.db.begin() as session:
        with pytest.raises(PasskeyUnknown):
            credentials.remove_passkey(session, ada, encoded(hers.id))
        with pytest.raises(LastMeans):
            credentials.remove_passkey(session, eve, encoded(hers.id))
        credentials.remove_passkey(session, ada, encoded(first.id))
    assert refused(desk.by_passkey(first.get(PARTY, desk.options())), "PASSKEY_UNKNOWN")


def test_a_password_needs_its_second_factor_and_a_code_is_good_once(desk: Desk) -> None:
    secret = desk.password(desk.account("ada"), HASH)
    right = desk.code(secret)
    assert refused(desk.by_password("ada", True, "000000"), "SECOND_FACTOR_WRONG")
    assert refused(desk.by_password("ada", False, right), "PASSWORD_WRONG")
    assert desk.by_password("ada", True, right).secret is not None
    assert refused(desk.by_password("ada", True, right), "SECOND_FACTOR_WRONG")
    desk.later(30)
    assert desk.by_password("ada", True, desk.code(secret)).secret is not None


def test_whatever_is_wrong_with_a_password_is_answered_alike(desk: Desk) -> None:
    desk.account("bare")
    secret = desk.password(desk.account("ada"), HASH)
    code = desk.code(secret)
    outcomes = [
        desk.by_password("nobody", True, code),
        desk.by_password("bare", True, code),
        desk.by_password("ada", False, code),
        desk.by_password("ada", True, "0"),
        desk.by_password("ada", True, "１２３４５６"),
    ]
    assert {(outcome.secret, outcome.wait_seconds) for outcome in outcomes[:4]} == {(None, 0)}
    assert [outcome.reason for outcome in outcomes] == [
        "ACCOUNT_UNKNOWN", "PASSWORD_NONE", "PASSWORD_WRONG",
        "SECOND_FACTOR_WRONG", "SECOND_FACTOR_WRONG",
    ]  # fmt: skip
    with desk.db.read() as session:
        assert [row[1] for row in desk.audit(session)].count("refused") == 5


def test_failures_make_the_next_attempt_wait_whether_the_name_exists_or_not(desk: Desk) -> None:
    desk.password(desk.account("ada"), HASH)
    for name in ("ada", "nobody"):
        waits = [desk.by_password(name, False, "0").wait_seconds for _ in range(5)]
        assert waits == [0, 0, 0, 0, 2], name
        assert refused(desk.by_password(name, True, "0"), signing_in.ATTEMPTS)
    desk.later(2)
    assert desk.by_password("ada", False, "0").wait_seconds == 4


def test_a_stranger_who_fails_on_purpose_does_not_keep_a_person_out(desk: Desk) -> None:
    ada = desk.account("ada")
    secret, key = desk.password(ada, HASH), desk.passkey(ada)
    assert desk.by_password("ada", True, desk.code(secret)).secret is not None
    for number in range(60):
        desk.comes_from(f"198.51.100.{number}")
        desk.by_password("ada", False, "0")
    desk.comes_from("203.0.113.9")
    assert refused(desk.by_password("ada", True, desk.code(secret)), signing_in.ATTEMPTS)
    assert desk.by_passkey(key.get(PARTY, desk.options())).secret is not None
    desk.later(31)
    desk.comes_from("192.0.2.7")
    assert desk.by_password("ada", True, desk.code(secret)).secret is not None


def test_an_operator_ends_the_waiting(desk: Desk) -> None:
    secret = desk.password(desk.account("ada"), HASH)
    for _ in range(8):
        desk.by_password("ada", False, "0")
    with desk.db.begin() as session:
        accounts.unlock(session, "ada")
    assert desk.by_password("ada", True, desk.code(secret)).secret is not None


def test_an_enrolment_code_opens_an_account_once(desk: Desk) -> None:
    with desk.db.begin() as session:
        code = accounts.add(session, "ada", "Ada", ["clerk"], desk.now)
    with desk.db.begin() as session:
        opened = signing_in.by_code(session, f" {code.lower()} ", desk.visit)
    assert opened.secret is not None
    with desk.db.begin() as session:
        row = sessions.find(session, opened.secret, desk.now)
        assert row is not None
        assert row.kind == "enrolment"
        again = signing_in.by_code(session, code, desk.visit)
    assert refused(again, "ENROLMENT_UNKNOWN")


def test_a_new_password_ends_the_accounts_other_sessions(desk: Desk) -> None:
    ada = desk.account("ada")
    secret, key = desk.password(ada, HASH), desk.passkey(ada)
    old = desk.by_password("ada", True, desk.code(secret)).secret
    kept = desk.by_passkey(key.get(PARTY, desk.options())).secret
    assert old is not None
    assert kept is not None
    factor, sealed = credentials.pending_second_factor(desk.people, ada, desk.now)
    with desk.db.begin() as session:
        row = sessions.find(session, kept, desk.now)
        assert row is not None
        with pytest.raises(CodeWrong):
            credentials.set_password(
                session, desk.people, ada, HASH, (sealed, "0"), row.id, desk.now
            )
        credentials.set_password(
            session, desk.people, ada, HASH, (sealed, desk.code(factor)), row.id, desk.now
        )
    with desk.db.read() as session:
        assert sessions.find(session, old, desk.now) is None
        assert sessions.find(session, kept, desk.now) is not None
        assert desk.audit(session)[-1] == ("SetPassword", "final", None)


def test_a_second_factor_shown_to_one_is_taken_from_nobody_else(desk: Desk) -> None:
    ada, eve = desk.account("ada"), desk.account("eve")
    factor, sealed = credentials.pending_second_factor(desk.people, ada, desk.now)
    with desk.db.begin() as session, pytest.raises(NotAccepted):
        credentials.set_password(
            session, desk.people, eve, HASH, (sealed, desk.code(factor)), "", desk.now
        )


def test_a_session_ends_unused_and_after_its_longest_time(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    secret = desk.by_passkey(key.get(PARTY, desk.options())).secret
    assert secret is not None
    for _ in range(20):
        desk.later(29 * 60)
        with desk.db.read() as session:
            row = sessions.find(session, secret, desk.now)
        if row is None:
            break
        sessions.seen(desk.db, row, desk.now)
    assert desk.now - 1_800_000_000 == 17 * 29 * 60  # the first look after eight hours
    fresh = desk.by_passkey(key.get(PARTY, desk.options())).secret
    desk.later(30 * 60)
    with desk.db.read() as session:
        assert fresh is not None
        assert sessions.find(session, fresh, desk.now) is None
        assert sessions.open_sessions(session, None, desk.now) == []


def test_a_subject_has_so_many_sessions_and_the_oldest_makes_room(desk: Desk) -> None:
    key = desk.passkey(desk.account("ada"))
    secrets = []
    for _ in range(sessions.MAX_OPEN + 1):
        desk.later(1)
        secrets.append(desk.by_passkey(key.get(PARTY, desk.options())).secret or "")
    with desk.db.read() as session:
        found = [sessions.find(session, secret, desk.now) is not None for secret in secrets]
    assert found == [False] + [True] * sessions.MAX_OPEN
