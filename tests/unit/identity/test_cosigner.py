"""The signer under the national profile: acts carry SM2 co-signatures, or are not signed."""

import json
import time
from dataclasses import replace
from pathlib import Path as File

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.authorities import MEMBER, NOW
from support.cosigned import DOMAIN, acts_path, offer
from support.paths import Path

from identity.acts.typed import ZERO_WORD, Act, act_to_json, decode, digest
from identity.companions.companion import Companion, check_companion
from identity.errors import KeyMissing, SettingsUnusable
from identity.keys import secp256k1
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.signatures.sm2 import Sm2Key
from identity.signer.audit import AuditFile
from identity.signer.client import _signed
from identity.signer.service import Service
from identity.signer.settings import SignerSettings

PASSPHRASE = "a test's passphrase"


def lay_out(directory: File, path: Path, key: Sm2Key | None) -> Service:
    directory.mkdir(mode=0o700, exist_ok=True)
    pem = b"".join(each.parsed.public_bytes(Encoding.PEM) for each in path.chain())
    (directory / "national.pem").write_bytes(pem)
    store = Keystore.create(directory / "signer.keys.json", PASSPHRASE)
    store.add("act", KeyKind.SECP256K1, "act")
    if key is not None:
        store.add("national", KeyKind.SM2, "act", key.private + key.public)
    settings = SignerSettings(
        directory=directory,
        member=bytes.fromhex(MEMBER[2:]),
        verbs=frozenset({"Offer"}),
        domains={"Titles": DOMAIN},
        national=True,
    )
    return Service(settings, store, AuditFile(directory / "audit.jsonl"))


def ask(service: Service, act: Act) -> dict:
    line = json.dumps({"method": "sign_act", "act": act_to_json(act)}).encode()
    return json.loads(service.answer(line))


def own_key(path: Path) -> Sm2Key:
    assert isinstance(path.end.private, Sm2Key)
    return path.end.private


def test_an_act_is_co_signed_and_signed_with_the_companions_hash(tmp_path: File) -> None:
    path = acts_path()
    service = lay_out(tmp_path, path, own_key(path))
    result = ask(service, offer())["result"]
    signed = _signed(offer(), result)
    assert signed.companion == Companion.from_json(result["companion"])
    act, signature, _ = decode(signed.wire)
    assert act == signed.act
    assert act.fields["companion"] == signed.companion.hash
    assert secp256k1.recover(digest(DOMAIN, act), signature) == signed.key
    lists = path.lists()
    check_companion(signed.companion, act, DOMAIN, path.trust(lists), int(time.time()))
    (line,) = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert json.loads(line)["companion"] == "0x" + signed.companion.hash.hex()


def test_an_act_that_carries_a_companion_already_is_refused(tmp_path: File) -> None:
    path = acts_path()
    service = lay_out(tmp_path, path, own_key(path))
    act = Act("Offer", {**offer().fields, "companion": b"\x01" * 32})
    assert ask(service, act)["error"]["code"] == "ACT_MALFORMED"
    assert offer().fields["companion"] == ZERO_WORD


@pytest.mark.parametrize("change", [{"valid_until": NOW - 1}, {"valid_from": NOW + 3600}])
def test_nothing_is_signed_under_a_certificate_that_is_not_in_force(
    tmp_path: File, change: dict[str, int]
) -> None:
    path = acts_path()
    path.end_draft = replace(path.end_draft, **change)
    service = lay_out(tmp_path, path, own_key(path))
    assert ask(service, offer())["error"]["code"] == "SETTINGS_UNUSABLE"


def test_another_keys_certificate_stops_the_signer(tmp_path: File) -> None:
    with pytest.raises(SettingsUnusable):
        lay_out(tmp_path, acts_path(), Sm2Key.generate())


def test_a_signer_without_its_sm2_key_does_not_start(tmp_path: File) -> None:
    with pytest.raises(KeyMissing):
        lay_out(tmp_path, acts_path(), None)


def test_a_signer_without_its_certificate_does_not_start(tmp_path: File) -> None:
    path = acts_path()
    lay_out(tmp_path / "one", path, own_key(path))
    (tmp_path / "one" / "national.pem").unlink()
    settings = SignerSettings(
        directory=tmp_path / "one",
        member=bytes(32),
        verbs=frozenset({"Offer"}),
        domains={"Titles": DOMAIN},
        national=True,
    )
    store = Keystore.open(tmp_path / "one" / "signer.keys.json", PASSPHRASE)
    with pytest.raises(SettingsUnusable):
        Service(settings, store, AuditFile(tmp_path / "audit.jsonl"))
