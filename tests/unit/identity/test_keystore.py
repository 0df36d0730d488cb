"""The key store: encrypted, owner-only, never overwritten, told apart when changed."""

import json
from pathlib import Path

import pytest

from identity.errors import (
    KeyExists,
    KeyMalformed,
    KeyMissing,
    KeystoreUnavailable,
    WrongPassphrase,
)
from identity.keys import kinds
from identity.keys.keystore import Keystore, passphrase_from
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey

SECRET = b"\x42" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store = Keystore.create(tmp_path / "signer.keys.json", "right")
    store.add("act", KeyKind.SECP256K1, "act", SECRET)
    return tmp_path / "signer.keys.json"


def test_keys_come_back_as_they_were_kept(path: Path) -> None:
    store = Keystore.open(path, "right")
    message = store.add("message", KeyKind.ED25519, "message")
    envelope = store.add("envelope", KeyKind.X25519, "envelope")
    again = Keystore.open(path, "right")
    assert again.signing_key("act").private == SECRET
    assert again.ed25519_key("message").public_key().public_bytes_raw() == message.public
    assert again.x25519_key("envelope").public_key().public_bytes_raw() == envelope.public
    assert again.entry("act").public == SigningKey(SECRET).address
    assert [entry.name for entry in again.entries()] == ["act", "message", "envelope"]


def test_the_file_is_its_owners_alone_and_holds_no_secret(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert SECRET.hex() not in text
    assert "right" not in text
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_a_wrong_passphrase_is_refused_even_by_an_empty_store(path: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase):
        Keystore.open(path, "wrong")
    Keystore.create(tmp_path / "empty.json", "right")
    with pytest.raises(WrongPassphrase):
        Keystore.open(tmp_path / "empty.json", "wrong")


def test_a_store_open_to_others_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(KeystoreUnavailable, match="open to other users"):
        Keystore.open(path, "right")


@pytest.mark.parametrize("change", [{"purpose": "relay"}, {"name": "other"}, {"public": "00" * 20}])
def test_an_entry_that_was_changed_gives_no_key(path: Path, change: dict) -> None:
    data = json.loads(path.read_bytes())
    data["entries"][0].update(change)
    path.write_text(json.dumps(data))
    store = Keystore.open(path, "right")
    with pytest.raises(KeystoreUnavailable, match="was changed"):
        store.signing_key(store.entries()[0].name)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keystore": 2}', '{"keystore":1,"kdf":[]}'])
def test_what_is_not_a_key_store_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(KeystoreUnavailable):
        Keystore.open(path, "right")


def test_a_cheaper_key_derivation_is_refused(path: Path) -> None:
    data = json.loads(path.read_bytes())
    data["kdf"]["n"] = 2
    path.write_text(json.dumps(data))
    with pytest.raises(KeystoreUnavailable):
        Keystore.open(path, "right")


def test_nothing_is_ever_overwritten(path: Path) -> None:
    with pytest.raises(KeyExists):
        Keystore.create(path, "right")
    with pytest.raises(KeyExists):
        Keystore.open(path, "right").add("act", KeyKind.SECP256K1, "act")


def test_a_missing_key_or_one_of_another_kind_is_refused(path: Path) -> None:
    store = Keystore.open(path, "right")
    with pytest.raises(KeyMissing):
        store.signing_key("relay")
    with pytest.raises(KeyMissing):
        store.rsa_key("act")


def test_a_store_that_cannot_be_written_keeps_nothing(path: Path) -> None:
    store = Keystore.open(path, "right")
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(KeystoreUnavailable):
        store.add("relay", KeyKind.SECP256K1, "relay")
    with pytest.raises(KeyMissing):
        store.entry("relay")


def test_the_passphrase_comes_from_the_environment_alone() -> None:
    assert passphrase_from({"LADING_KEYSTORE_PASSPHRASE": "x"}) == "x"
    for environment in ({}, {"LADING_KEYSTORE_PASSPHRASE": ""}):
        with pytest.raises(KeystoreUnavailable):
            passphrase_from(environment)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_bytes_that_are_not_a_key_are_refused(kind: KeyKind) -> None:
    with pytest.raises(KeyMalformed):
        kinds.public_of(kind, b"\x01" * 7)
