"""Passkeys against answers that were damaged on the way: refused, and nothing crashes."""

import base64
import json
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.authenticators import ATTESTED, Authenticator, encoded

from identity.people import passkeys
from identity.people.errors import NotAccepted
from identity.people.passkeys import Holder, Passkey, RelyingParty

PARTY = RelyingParty("lading.example", "https://lading.example", "Lading")
CHALLENGE = b"a challenge of a test, 32 bytes."
HANDLE = b"h" * 64
MAKER = Authenticator(HANDLE, 1)
MAKING = passkeys.creation_options(PARTY, Holder(HANDLE, "ada", "Ada"), CHALLENGE, [])
MADE = MAKER.create(PARTY, MAKING)
PASSKEY = passkeys.verify_creation(PARTY, CHALLENGE, MADE)
ASKING = passkeys.request_options(PARTY, CHALLENGE)
ASSERTION = MAKER.get(PARTY, ASKING)


def test_a_passkey_is_made_and_asserted() -> None:
    assert PASSKEY.id == MAKER.id
    assert passkeys.verify_assertion(PARTY, CHALLENGE, ASSERTION, PASSKEY) == 2
    assert passkeys.challenge_of(ASSERTION) == CHALLENGE
    assert passkeys.credential_of(ASSERTION) == (passkeys.text_of(MAKER.id), HANDLE)


def test_the_browser_is_asked_to_know_its_person_and_to_keep_the_key() -> None:
    making, asking = json.loads(MAKING), json.loads(ASKING)
    assert making["authenticatorSelection"]["userVerification"] == "required"
    assert making["authenticatorSelection"]["residentKey"] == "required"
    assert making["attestation"] == "none"
    assert {each["alg"] for each in making["pubKeyCredParams"]} == {-7, -8, -257}
    assert (asking["userVerification"], asking["rpId"]) == ("required", PARTY.id)


def test_another_passkeys_assertion_is_refused() -> None:
    other = Passkey(b"another id", PASSKEY.public_key, 0)
    with pytest.raises(NotAccepted):
        passkeys.verify_assertion(PARTY, CHALLENGE, ASSERTION, other)


def test_a_passkey_of_a_browser_that_does_not_know_its_person_is_not_made() -> None:
    with pytest.raises(NotAccepted):
        passkeys.verify_creation(PARTY, CHALLENGE, MAKER.create(PARTY, MAKING, flags=1 | ATTESTED))


def test_an_algorithm_that_was_not_offered_makes_no_passkey() -> None:
    answer = json.loads(MADE)
    attestation = cbor2.loads(_raw(answer["response"]["attestationObject"]))
    attestation["authData"] = attestation["authData"].replace(b"\x03\x26", b"\x03\x38\x22")
    answer["response"]["attestationObject"] = encoded(cbor2.dumps(attestation))
    with pytest.raises(NotAccepted):
        passkeys.verify_creation(PARTY, CHALLENGE, json.dumps(answer))


@settings(max_examples=400)
@given(st.data())
def test_no_damaged_answer_is_taken_and_none_crashes(data: st.DataObject) -> None:
    making = data.draw(st.booleans())
    answer = json.loads(MADE if making else ASSERTION)
    part = data.draw(st.sampled_from(sorted(answer["response"])))
    if part == "userHandle":
        part = "clientDataJSON"
    raw = bytearray(_raw(answer["response"][part]))
    at = data.draw(st.integers(0, len(raw) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "grow", "nest"]))
    if how == "flip":
        raw[at] ^= data.draw(st.integers(1, 255))
    elif how == "cut":
        del raw[at:]
    elif how == "grow":
        raw[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        raw[at:] = b"\x81" * 3_000
    answer["response"][part] = encoded(bytes(raw))
    text = json.dumps(answer)
    try:
        if making:
            # A passkey with no attestation may be made with another name or key; never elsewhere.
            passkeys.verify_creation(PARTY, CHALLENGE, text)
        else:
            assert passkeys.verify_assertion(PARTY, CHALLENGE, text, PASSKEY) == 2
            assert raw == bytearray(_raw(json.loads(ASSERTION)["response"][part]))
    except NotAccepted:
        pass


MEMBERS = st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "userHandle"])
JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(MEMBERS, each),
)


@given(JSON)
def test_no_json_for_an_answer_is_taken_and_none_crashes(value: Any) -> None:
    text = json.dumps(value)
    for read in (passkeys.challenge_of, passkeys.credential_of):
        with suppress(NotAccepted):
            read(text)
    with pytest.raises(NotAccepted):
        passkeys.verify_creation(PARTY, CHALLENGE, text)
    with pytest.raises(NotAccepted):
        passkeys.verify_assertion(PARTY, CHALLENGE, text, PASSKEY)


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
