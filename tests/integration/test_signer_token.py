"""The signer with keys in a PKCS#11 token (SoftHSM), and one act key that follows another."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from test_signer_process import MEMBER, lay_out, offer

from identity.acts.typed import act_to_json
from identity.errors import KeyExists, KeyMissing, TokenUnavailable, WrongPassphrase
from identity.keys import secp256k1
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import ORDER
from identity.keys.token import Token
from identity.signatures import numbering
from identity.signer.audit import AuditFile
from identity.signer.client import Signer
from identity.signer.service import Service
from identity.signer.settings import SignerSettings

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
TOOLS = Path(__file__).parents[2] / "tools"
LADING = Path(sys.executable).with_name("lading")
PIN = "a-pin-of-a-test"
LABEL = "weser"


@pytest.fixture(scope="module")
def soft_hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a new token; the library reads it once a process."""
    subprocess.run([TOOLS / "packages", "softhsm2"], check=True, timeout=540)
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(conf), "LADING_TOKEN_PIN": PIN}
    os.environ["SOFTHSM2_CONF"] = str(conf)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN,
         "--so-pin", "an-officers-pin"],
        env=os.environ | environment, check=True, capture_output=True,
    )  # fmt: skip
    yield environment
    del os.environ["SOFTHSM2_CONF"]


@contextlib.contextmanager
def running(directory: Path, environment: dict[str, str]) -> Iterator[Signer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "identity.signer", "--dir", str(directory)],
        env=os.environ | environment, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert b"ready" in process.stderr.readline()
        yield Signer(directory / "signer.sock")
    finally:
        process.kill()
        process.communicate()


def in_token(directory: Path) -> Path:
    """Lay a signer's directory out whose keys are in the token, and nowhere else."""
    path = lay_out(directory, pkcs11={"library": str(LIBRARY), "token": LABEL})
    (path / "signer.keys.json").unlink()
    return path


def test_acts_are_signed_by_a_key_that_never_leaves_the_token(
    soft_hsm: dict[str, str], tmp_path: Path
) -> None:
    directory = in_token(tmp_path / "m")
    made = subprocess.run(
        [LADING, "key", "add", directory, "act", "act", "--json"],
        env=os.environ | soft_hsm, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    key = bytes.fromhex(json.loads(made.stdout)["key"][-40:])
    with running(directory, soft_hsm) as signer:
        for counter in range(8):
            signed = signer.sign_act(offer(counter=counter))
            assert secp256k1.recover(signed.digest, signed.signature) == key == signed.key
            assert int.from_bytes(signed.signature[32:64], "big") <= ORDER // 2
        assert signer.status()["key"] == "0x" + key.hex()


def test_a_token_says_what_is_wrong_in_the_errors_of_a_key_store(
    soft_hsm: dict[str, str],
) -> None:
    with pytest.raises(WrongPassphrase):
        Token(LIBRARY, LABEL, "another pin")
    with pytest.raises(TokenUnavailable):
        Token(LIBRARY, "no such token", PIN)
    token = Token(LIBRARY, LABEL, PIN, write=True)
    with pytest.raises(KeyMissing):
        token.signing_key("nobody")
    token.add("twice")
    with pytest.raises(KeyExists):
        token.add("twice")
    token.close()


def test_bills_are_numbered_in_the_token_with_the_one_signature_there_is(
    soft_hsm: dict[str, str],
) -> None:
    import pkcs11

    token = Token(LIBRARY, LABEL, PIN, write=True)
    public, _ = token._session.generate_keypair(
        pkcs11.KeyType.RSA, 3072, store=True, label="numbering", id=b"numbering"
    )
    modulus = bytes(public[pkcs11.Attribute.MODULUS])
    key = token.rsa_key("numbering")
    signature = numbering.number(key, MEMBER, "HHL71800000")
    assert signature == numbering.number(key, MEMBER, "HHL71800000")
    numbering.verify(modulus, MEMBER, "HHL71800000", signature)
    token.close()


def test_another_act_key_takes_over_at_its_moment_and_nothing_stops(tmp_path: Path) -> None:
    directory = lay_out(tmp_path / "m")
    store = Keystore.open(directory / "signer.keys.json", "a test's passphrase")
    keys = [store.entry("act").public, store.add("act-2", KeyKind.SECP256K1, "act").public]
    settings = SignerSettings.load(directory)
    line = json.dumps({"method": "sign_act", "act": act_to_json(offer())}).encode()
    begins = int(time.time()) + 3
    rotating = replace(settings, act_keys=(("act", 0), ("act-2", begins)))
    service = Service(rotating, store, AuditFile(settings.audit))
    seen = []
    while time.time() < begins + 1:
        seen.append(json.loads(service.answer(line))["result"]["key"])
        time.sleep(0.1)
    old, new = ("0x" + key.hex() for key in keys)
    turn = seen.index(new)
    assert turn > 0
    assert seen == [old] * turn + [new] * (len(seen) - turn)


def test_the_command_line_sets_when_a_key_takes_over(tmp_path: Path) -> None:
    directory = lay_out(tmp_path / "m")
    done = subprocess.run(
        [LADING, "key", "rotate", directory, "act-2", "--at", "2027-06-30T00:00", "--json"],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((directory / "signer.json").read_bytes())["act_keys"]
    assert rows == [{"name": "act", "from": 0}, {"name": "act-2", "from": 1_814_313_600}]
