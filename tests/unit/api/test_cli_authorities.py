"""``lading ca``: a member's authorities from its directory, with no process running."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.authorities import MEMBER, PASSPHRASE
from typer.testing import CliRunner

from api.cli.authorities import app
from api.cli.errors import UsageInvalid
from identity.certificates.errors import AuthorityRefused, CertificateRefused
from identity.errors import IdentityError

ENVIRONMENT = {"LADING_KEYSTORE_PASSPHRASE": PASSPHRASE}
NAMES = ("--member", MEMBER, "--organisation", "Weser Line")


def ca(*arguments: object) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], env=ENVIRONMENT)
    if done.exception:
        raise done.exception
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("member")
    told = ca("init", folder, *NAMES)
    assert told["root"]["subject"] == "CN=Weser Line Root P-256,O=Weser Line"
    return folder


def test_a_person_is_certified_checked_renewed_and_revoked(directory: Path) -> None:
    file, keys = directory / "wang.pem", directory / "wang.keys.json"
    made = ca("issue", directory, "person", "wang", "--keystore", keys, "--out", file)
    shown = ("--purpose", "person", "--member", MEMBER, "--name", "wang")
    assert ca("check", directory, file, *shown)["names"] == ["wang"]
    renewed = ca("renew", directory, made["serial"], "--days", "30")
    assert renewed["key"] == made["key"]
    ca("revoke", directory, made["serial"], "--reason", "keyCompromise")
    with pytest.raises(CertificateRefused) as refused:
        ca("check", directory, file, *shown)
    assert refused.value.message.endswith("Reason: revoked.")
    rows = {row["serial"]: row for row in ca("show", directory)}
    assert rows[made["serial"]]["revoked"]
    assert not rows[renewed["serial"]]["revoked"]


def test_sm2_keys_are_certified_apart_for_acts_and_encryption(directory: Path) -> None:
    ca("init", directory, *NAMES, "--scheme", "sm2")
    for kind in ("acts", "encryption"):
        file, keys = directory / f"{kind}.pem", directory / f"{kind}.keys.json"
        made = ("--keystore", keys, "--out", file, "--scheme", "sm2")
        ca("issue", directory, kind, kind, *made)
        assert ca("check", directory, file, "--purpose", kind)["members"] == [MEMBER]


def test_new_lists_are_numbered_on(directory: Path) -> None:
    before = {row["authority"]: row["number"] for row in ca("crl", directory)}
    after = {row["authority"]: row["number"] for row in ca("crl", directory, "--root")}
    assert after == {tier: number + 1 for tier, number in before.items()}


def test_an_outside_root_and_its_list_are_imported(directory: Path, tmp_path: Path) -> None:
    root = directory / "ca" / "p256" / "root.pem"
    told = ca("import-root", tmp_path, root, "--purpose", "person", "--purpose", "device")
    assert told["trusted"]["subject"] == "CN=Weser Line Root P-256,O=Weser Line"
    listed = directory / "trust" / "lists" / "own-p256-issuing.crl"
    assert ca("import-list", tmp_path, listed)["number"] >= 1
    with pytest.raises(AuthorityRefused):
        ca("import-root", tmp_path, root, "--purpose", "person")


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue", "{}", "robot", "x", "--keystore", "k"),
        ("issue", "{}", "person", "x"),
        ("issue", "{}", "person", "x", "--request", "absent"),
        ("revoke", "{}", "zz"),
        ("revoke", "{}", "7", "--reason", "removeFromCRL"),
        ("check", "{}", "absent", "--purpose", "person"),
        ("check", "{}", "absent", "--purpose", "all"),
        ("import-root", "{}", "absent", "--purpose", "person"),
        ("import-root", "{}", "absent", "--purpose", "all"),
    ],
)
def test_a_wrong_use_is_refused_with_a_sentence(
    directory: Path, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(UsageInvalid):
        ca(*(each.format(directory) for each in arguments))


def test_what_was_not_issued_and_what_is_no_certificate_is_refused(
    directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "junk").write_bytes(b"junk")
    for arguments in (
        ("revoke", directory, "7"),
        ("renew", directory, "7"),
        ("import-root", directory, tmp_path / "junk", "--purpose", "person"),
        ("import-list", directory, tmp_path / "junk"),
        ("check", directory, tmp_path / "junk", "--purpose", "person"),
        ("issue", directory, "person", "x", "--request", tmp_path / "junk"),
        ("init", directory, *NAMES),
        ("init", tmp_path, "--member", "0x1", "--organisation", "x"),
        ("show", tmp_path),
    ):
        with pytest.raises(IdentityError):
            ca(*arguments)
