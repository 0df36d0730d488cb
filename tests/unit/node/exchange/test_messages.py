"""A message's signature: what it covers, how long it lives, and that it is let through once."""

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from sqlmodel import Session, select

from node.exchange import messages, replay
from node.exchange.errors import (
    MessageReplayed,
    PeerSignatureInvalid,
    PeerUnknown,
    TooManyMessages,
)
from node.exchange.messages import CLOCK_SKEW_SECONDS, LIFETIME_SECONDS, Message, Signed
from node.exchange.replay import REMEMBERED_SECONDS
from node.store.database import Database
from node.store.documents import PeerNonceRow
from node.store.schema import upgrade

SENDER = "0x" + "11" * 32
URL = "https://127.0.0.1:9443/peer/v1/documents"
BODY = b"sealed bytes"
TYPE = "application/vnd.lading.sealed"


class Keys:
    """The message keys of a few members."""

    def __init__(self, keys: dict[tuple[str, str], Ed25519PublicKey]) -> None:
        self.keys = keys

    def message_key(self, member: str, kid: str) -> Ed25519PublicKey:
        if (member, kid) not in self.keys:
            raise PeerUnknown("No profile names this key.")
        return self.keys[member, kid]


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def keys(key: Ed25519PrivateKey) -> Keys:
    return Keys({(SENDER, "m1"): key.public_key()})


@pytest.fixture
def headers(key: Ed25519PrivateKey) -> dict[str, str]:
    return messages.sign(URL, BODY, TYPE, SENDER, "m1", key)


@pytest.fixture
def session(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    with database.begin() as session:
        yield session
    database.close()


def test_a_signed_message_names_its_sender(headers: dict[str, str], keys: Keys) -> None:
    signed = messages.verify(Message("POST", URL, headers), BODY, keys)
    assert (signed.member, signed.key) == (SENDER, f"{SENDER}/m1")
    assert 0 < signed.expires - time.time() <= LIFETIME_SECONDS


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", URL, b"sealed bytez"),
        ("POST", URL, b""),
        ("PUT", URL, BODY),
        ("POST", URL.replace("9443", "9444"), BODY),
        ("POST", URL.replace("documents", "disclosures"), BODY),
        ("POST", URL + "?x=1", BODY),
    ],
)
def test_a_message_changed_in_any_covered_part_is_refused(
    headers: dict[str, str], keys: Keys, method: str, url: str, body: bytes
) -> None:
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message(method, url, headers), body, keys)


def test_a_digest_that_is_changed_with_the_body_is_refused(
    headers: dict[str, str], keys: Keys, key: Ed25519PrivateKey
) -> None:
    other = messages.sign(URL, b"other", TYPE, SENDER, "m1", key)
    changed = headers | {"Content-Digest": other["Content-Digest"]}
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message("POST", URL, changed), b"other", keys)


def test_a_content_type_that_was_not_signed_is_refused(headers: dict[str, str], keys: Keys) -> None:
    changed = headers | {"Content-Type": "application/json"}
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message("POST", URL, changed), BODY, keys)


def test_an_unsigned_message_is_refused(keys: Keys) -> None:
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message("POST", URL, {"Content-Type": TYPE}), BODY, keys)


def test_a_key_of_no_profile_keeps_its_own_code(keys: Keys) -> None:
    stranger = messages.sign(URL, BODY, TYPE, SENDER, "m2", Ed25519PrivateKey.generate())
    with pytest.raises(PeerUnknown):
        messages.verify(Message("POST", URL, stranger), BODY, keys)


def test_another_key_under_the_members_key_id_is_refused(keys: Keys) -> None:
    forged = messages.sign(URL, BODY, TYPE, SENDER, "m1", Ed25519PrivateKey.generate())
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message("POST", URL, forged), BODY, keys)


@pytest.mark.parametrize(
    "leave_out", ["nonce", "expires", "tag", "content-type", "@target-uri", "@method"]
)
def test_a_signature_that_lacks_what_it_must_carry_is_refused(
    keys: Keys, key: Ed25519PrivateKey, leave_out: str
) -> None:
    from datetime import UTC, datetime, timedelta

    covered = ("@method", "@target-uri", "content-type", "content-digest")
    options = {
        "nonce": "n",
        "expires": datetime.now(UTC) + timedelta(seconds=60),
        "tag": messages.TAG,
    }
    headers = {"Content-Type": TYPE}
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={f"{SENDER}/m1": key}),
    )
    signer.sign(
        Message("POST", URL, headers),
        key_id=f"{SENDER}/m1",
        covered_component_ids=[name for name in covered[:3] if name != leave_out],
        body=BODY,
        **{name: value for name, value in options.items() if name != leave_out},
    )
    with pytest.raises(PeerSignatureInvalid):
        messages.verify(Message("POST", URL, headers), BODY, keys)


def test_a_signature_that_lives_too_long_is_refused(keys: Keys, key: Ed25519PrivateKey) -> None:
    from datetime import UTC, datetime, timedelta

    headers = {"Content-Type": TYPE}
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={f"{SENDER}/m1": key}),
    )
    signer.sign(
        Message("POST", URL, headers),
        key_id=f"{SENDER}/m1",
        covered_component_ids=["@method", "@target-uri", "content-type"],
        body=BODY,
        nonce="n",
        tag=messages.TAG,
        expires=datetime.now(UTC) + timedelta(hours=1),
    )
    with pytest.raises(PeerSignatureInvalid, match="too long"):
        messages.verify(Message("POST", URL, headers), BODY, keys)


def test_a_nonce_is_let_through_once(session: Session) -> None:
    signed = Signed(SENDER, f"{SENDER}/m1", "abc", 1_000)
    replay.admit(session, signed, now=900)
    with pytest.raises(MessageReplayed):
        replay.admit(session, signed, now=901)


def test_a_nonce_of_another_key_is_not_a_replay(session: Session) -> None:
    replay.admit(session, Signed(SENDER, f"{SENDER}/m1", "abc", 1_000), now=900)
    replay.admit(session, Signed(SENDER, f"{SENDER}/m2", "abc", 1_000), now=900)


def test_nonces_are_forgotten_ten_minutes_after_their_signature_is_too_old(
    session: Session,
) -> None:
    signed = Signed(SENDER, f"{SENDER}/m1", "abc", 1_000)
    replay.admit(session, signed, now=900)
    with pytest.raises(MessageReplayed):
        replay.admit(session, signed, now=1_000 + CLOCK_SKEW_SECONDS)
    with pytest.raises(MessageReplayed):  # the clock was set forward, and back
        replay.admit(session, signed, now=1_000 + REMEMBERED_SECONDS)
    replay.admit(session, Signed(SENDER, "x", "y", 2_000), now=1_001 + REMEMBERED_SECONDS)
    assert [row.key for row in session.exec(select(PeerNonceRow))] == ["x"]


def test_a_key_that_sends_faster_than_the_guard_remembers_is_told_to_wait(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MAX_NONCES", 2)
    for nonce in ("a", "b"):
        replay.admit(session, Signed(SENDER, "k", nonce, 1_000), now=900)
    with pytest.raises(TooManyMessages):
        replay.admit(session, Signed(SENDER, "k", "c", 1_000), now=900)
    replay.admit(session, Signed(SENDER, "other", "c", 1_000), now=900)
