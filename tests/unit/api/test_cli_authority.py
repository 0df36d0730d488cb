"""``lading authority``: from the first draft to a file in force, on a member's directory."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import command_line
from support.office_node import found_network

from identity.signer.settings import SignerSettings
from node.chain.network import save
from node.node import Node
from node.settings import Settings

ENVIRONMENT = {
    "LADING_SIGNER_PASSPHRASE": "the signer's long passphrase",
    "LADING_NODE_PASSPHRASE": "the node's long passphrase",
    "LADING_KEY_PASSPHRASE": "a person's long passphrase",
    "LADING_KEYSTORE_PASSPHRASE": "the node's long passphrase",
    "PATH": "/usr/bin:/bin",
}


def lading(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return command_line.lading(*arguments, "--json", environment=ENVIRONMENT)


def told(*arguments: object) -> Any:
    answer = lading(*arguments)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    save(found_network(), folder / "network.json")
    told(
        "init", folder / "m", "--name", "Weser Line", "--name-zh", "威悉航运", "--role", "shipper",
        "--host", "node.weser.example", "--ledger", "http://127.0.0.1:9",
        "--network", folder / "network.json",
    )  # fmt: skip
    for name in ("wang", "zhao", "li"):
        told("authority", "key", folder / f"{name}.pem")
    return folder


def test_a_member_gets_an_authority_file_and_changes_it(folder: Path) -> None:
    member = folder / "m"
    doctor = lading("doctor", member, "--before-start").stdout
    assert "There is no authority file" in doctor
    administrators = [
        part for name in ("wang", "zhao")
        for part in ("--administrator", f"{name}={folder / name}.pem.pub")
    ]  # fmt: skip
    told("authority", "init", member, *administrators, "--threshold", 2)
    told("authority", "add-subject", member, "li", "--role", "clerk", "--role", "finance")
    told("authority", "add-approver", member, "li", "--certificate", folder / "li.pem.pub")
    told("authority", "set-limit", member, "li", "--verb", "Pledge", "--max", "5000.50USD",
         "--port", "CNSHA", "--until", "2030-01-01")  # fmt: skip
    told("authority", "set-rule", member, 1, "--verb", "Pledge", "--from", "100USD")
    told("authority", "keep-apart", member, "issuer", "finance")
    told("authority", "sign", member, "--key", folder / "wang.pem")
    early = lading("authority", "install", member)
    assert (early.returncode, json.loads(early.stderr)["code"]) == (1, "AUTHORITY_FILE_REFUSED")
    drafted = told("authority", "sign", member, "--key", folder / "zhao.pem")
    assert drafted["signed_by"] == "wang, zhao"
    unknown = lading("authority", "install", member)
    assert json.loads(unknown.stderr)["code"] == "AUTHORITY_FILE_REFUSED"
    done = told("authority", "install", member, "--administrators", drafted["administrators"])
    assert (done["number"], done["restart"]) == (1, True)
    shown = told("authority", "show", member)
    (li,) = [one for one in shown["subjects"] if one["subject"] == "li"]
    assert li["limits"][0]["max_value"] == {"amount": "5000.50", "currency": "USD"}
    settings = Settings.load(member)
    signer = SignerSettings.load(member)
    assert settings.authority == signer.authority == drafted["administrators"]
    assert signer.authority_file.read_bytes() == settings.authority_file.read_bytes()


def test_the_next_number_counts_and_the_one_before_never_again(folder: Path) -> None:
    member = folder / "m"
    first = (member / "authority.json").read_bytes()
    told("authority", "draft", member)
    told("authority", "suspend", member, "li")
    changed = lading("authority", "sign", member, "--key", folder / "li.pem")
    assert changed.returncode == 0
    refused = lading("authority", "install", member)
    assert json.loads(refused.stderr)["code"] == "AUTHORITY_FILE_REFUSED"
    for name in ("wang", "zhao"):
        told("authority", "sign", member, "--key", folder / f"{name}.pem")
    done = told("authority", "install", member)
    assert (done["number"], done["restart"]) == (2, False)
    node = Node(Settings.load(member), ENVIRONMENT)
    try:
        assert node.authority.actor("li", frozenset()).mandate.suspended
        (member / "authority.json").write_bytes(first)
        node.authority = Node.authority_of(node.settings)
        with pytest.raises(Exception, match="older than one that was in force"):
            node.authority.current()
    finally:
        (member / "authority.json").write_bytes((member / "signer.authority.json").read_bytes())
        node.close()


def test_the_review_says_who_may_do_what_and_what_to_ask_about(folder: Path) -> None:
    report = told("authority", "review", folder / "m")
    rows = {row["subject"]: row for row in report["subjects"]}
    assert rows["li"]["may"] == []
    assert "Issue" in rows["issuer@m"]["may"]
    said = {question["says"] for question in report["questions"]}
    assert "li has roles, and neither an account nor a token." not in said
    assert "clerk@m has not used its roles for 90 days." in said
    assert any("Pledge needs 1 approvals" in words for words in said)
    asked = ("authority", "review", folder / "m")
    in_words = command_line.lading(*asked, environment=ENVIRONMENT).stdout
    assert "to ask about:" in in_words


@pytest.mark.parametrize(
    "arguments",
    [
        ("add-subject", "x y", "--role", "clerk"),
        ("add-subject", "x", "--role", "king"),
        ("remove-subject", "nobody"),
        ("set-limit", "issuer@m", "--verb", "Offer", "--max", "1e9USD"),
        ("set-limit", "issuer@m", "--verb", "Offer", "--until", "tomorrow"),
        ("add-approver", "issuer@m"),
        ("keep-apart", "issuer", "Offer"),
    ],
)
def test_what_fits_no_draft_is_refused_and_the_draft_stays(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    member = folder / "m"
    told("authority", "draft", member)
    before = (member / "authority.draft.json").read_bytes()
    verb, *rest = arguments
    answer = lading("authority", verb, member, *rest)
    assert answer.returncode in (1, 2), answer.stdout
    assert json.loads(answer.stderr)["code"]
    assert (member / "authority.draft.json").read_bytes() == before
