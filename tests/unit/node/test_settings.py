"""What a member's settings.json may say."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from node.errors import SettingsInvalid
from node.settings import Settings

GIVEN = {
    "member": "0x" + "ab" * 32,
    "ledger_url": "http://127.0.0.1:8545",
    "api_port": 9001,
    "peers_port": 9002,
}


def write(directory: Path, **changes: object) -> Path:
    text = json.dumps({**GIVEN, **changes})
    (directory / "settings.json").write_text(text)
    return directory


def test_settings_are_read_from_the_members_directory(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path))
    assert settings.member_bytes == b"\xab" * 32
    assert settings.database_url == f"sqlite:///{tmp_path.resolve()}/node.sqlite"
    assert settings.signer_socket == tmp_path.resolve() / "signer.sock"


def test_settings_cannot_be_changed_later(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path))
    with pytest.raises(ValidationError):
        settings.api_port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("member", "0xAB"),
        ("ledger_url", "file:///etc/passwd"),
        ("api_port", 65536),
        ("poll_seconds", 0),
        ("unknown", 1),
    ],
)
def test_a_wrong_or_unknown_setting_is_named_and_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.load(write(tmp_path, **{name: value}))
    assert refused.value.facts["settings"] == [name]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"directory": "/"}'])
def test_a_file_that_is_no_settings_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SettingsInvalid):
        Settings.load(tmp_path)


def test_a_directory_without_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        Settings.load(tmp_path)
