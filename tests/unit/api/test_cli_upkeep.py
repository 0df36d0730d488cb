"""The operator's commands on a directory: init, doctor, status; nothing is ever overwritten."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import command_line
from support.office_node import found_network

from node.chain.network import save

PASSPHRASES = {
    "LADING_SIGNER_PASSPHRASE": "the signer's long passphrase",
    "LADING_NODE_PASSPHRASE": "the node's long passphrase",
}
OPTIONS = (
    "--name", "Weser Line", "--name-zh", "威悉航运", "--role", "carrier", "--role", "depot",
    "--host", "node.weser.example", "--ledger", "http://127.0.0.1:9",
)  # fmt: skip


def lading(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return command_line.lading(*arguments, environment=environment)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("init")
    save(found_network(), folder / "network.json")
    made = lading(
        "init", folder / "weser", *OPTIONS, "--network", folder / "network.json", "--json",
        **PASSPHRASES,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["admission"]["roles"] == 1 + 512
    assert len(told["admission"]["keys"]) == 4
    assert set(told["tokens"]) > {"admin", "clerk"}
    return folder / "weser"


def findings(directory: Path, *options: str) -> dict[str, Any]:
    told = lading("doctor", directory, "--json", *options)
    return {finding["code"]: finding for finding in json.loads(told.stdout)} | {
        "exit": told.returncode
    }


def test_a_new_member_is_closed_to_others_and_tells_its_public_half(directory: Path) -> None:
    assert directory.stat().st_mode & 0o777 == 0o700
    for name in ("signer.keys.json", "node.keys.json", "relay.keys.json", "tokens.json"):
        assert (directory / name).stat().st_mode & 0o777 == 0o600
    profile = json.loads((directory / "profile.json").read_bytes())
    assert "https://node.weser.example:8443" in json.dumps(profile)
    settings = json.loads((directory / "settings.json").read_bytes())
    assert (settings["api_host"], settings["peers_host"]) == ("127.0.0.1", "0.0.0.0")
    assert (directory / "admission.json").exists()
    assert not list(directory.parent.glob("*.unfinished"))


def test_nothing_that_exists_is_overwritten(directory: Path) -> None:
    before = (directory / "signer.keys.json").read_bytes()
    told = lading("init", directory, *OPTIONS, **PASSPHRASES)
    assert told.returncode == 2
    assert told.stderr.startswith("DIRECTORY_EXISTS: ")
    assert (directory / "signer.keys.json").read_bytes() == before


@pytest.mark.parametrize(
    "passphrases",
    [
        {},
        {"LADING_SIGNER_PASSPHRASE": "short", "LADING_NODE_PASSPHRASE": "short"},
        dict.fromkeys(PASSPHRASES, "one and the same passphrase"),
    ],
)
def test_passphrases_have_no_default_are_long_and_differ(
    tmp_path: Path, passphrases: dict[str, str]
) -> None:
    told = lading("init", tmp_path / "new", *OPTIONS, **passphrases)
    assert (told.returncode, told.stderr.split(":")[0]) == (2, "PASSPHRASE_UNUSABLE")
    assert not (tmp_path / "new").exists()


def test_a_role_that_there_is_not_is_refused(tmp_path: Path) -> None:
    told = lading("init", tmp_path / "new", *OPTIONS, "--role", "pirate", **PASSPHRASES)
    assert (told.returncode, told.stderr.split(":")[0]) == (2, "ROLE_UNKNOWN")


def test_the_doctor_finds_a_new_member_fit_to_start(directory: Path) -> None:
    found = findings(directory, "--before-start")
    assert found.pop("exit") == 0
    assert {code for code, finding in found.items() if finding["state"] == "fail"} == set()
    assert "SIGNER_SILENT" not in found


def test_the_doctor_says_what_does_not_run_and_what_to_do(directory: Path) -> None:
    found = findings(directory)
    assert found.pop("exit") == 1
    failed = {code for code, finding in found.items() if finding["state"] == "fail"}
    assert {"PART_STOPPED", "SIGNER_SILENT", "LEDGER_SILENT"} <= failed
    assert all(found[code]["what_to_do"] for code in failed)


def test_the_doctor_finds_open_directories_foreign_files_and_lost_keys(directory: Path) -> None:
    directory.chmod(0o755)
    (directory / "node.keys.json").rename(directory / "elsewhere")
    found = findings(directory, "--before-start")
    assert {code for code, f in found.items() if code != "exit" and f["state"] == "fail"} == {
        "DIRECTORY_OPEN", "KEYSTORE_MISSING",
    }  # fmt: skip
    directory.chmod(0o700)
    (directory / "elsewhere").rename(directory / "node.keys.json")
    rulebook = (directory / "rulebook.json").read_bytes()
    (directory / "rulebook.json").write_bytes(rulebook.replace(b"DEBRV", b"DEHAM", 1))
    assert findings(directory, "--before-start")["SETTINGS_WRONG"]["state"] == "fail"
    (directory / "rulebook.json").write_bytes(rulebook)


def test_status_of_a_member_without_a_database_says_so(directory: Path) -> None:
    told = lading("status", directory)
    assert told.returncode in (1, 3)
    assert told.stderr.splitlines()[0].split(":")[0] == "DATABASE_NOT_MADE"


def test_a_further_key_is_made_and_told_as_the_ledger_names_it(directory: Path) -> None:
    passphrase = {"LADING_KEYSTORE_PASSPHRASE": PASSPHRASES["LADING_SIGNER_PASSPHRASE"]}
    told = lading("key", "add", directory, "act", "act-2", "--json", **passphrase)
    assert told.returncode == 0, told.stderr
    key = json.loads(told.stdout)
    assert (key["name"], key["purpose"], len(key["key"])) == ("act-2", "act", 66)
    listed = json.loads(lading("key", "list", directory, "--json").stdout)
    names = [entry["name"] for entry in listed if entry["store"] == "signer.keys.json"]
    assert names == ["act", "numbering", "act-2"]
    again = lading("key", "add", directory, "act", "act-2", **passphrase)
    assert (again.returncode, again.stderr.split(":")[0]) == (1, "KEY_EXISTS")
    assert lading("key", "add", directory, "envelope", "x", **passphrase).returncode == 2
    wrong = {"LADING_KEYSTORE_PASSPHRASE": "another passphrase"}
    assert "WRONG_PASSPHRASE" in lading("key", "add", directory, "act", "act-3", **wrong).stderr
