"""The gateway's settings file: what it must hold, and what it may not."""

import json
from pathlib import Path
from typing import Any

import pytest

from device_oracles.errors import SettingsInvalid
from device_oracles.gateway.settings import GatewaySettings

GOOD: dict[str, Any] = {
    "gateway": 1,
    "lane": "0x" + "1a" * 32,
    "member": "0x" + "2b" * 32,
    "network": "network.json",
    "keystore": "lane.keys.json",
    "journal": "lane.jsonl",
    "member_api": "http://127.0.0.1:8080",
    "listen": {"host": "127.0.0.1", "port": 8090},
    "sensors": {"ocr-1": "0x" + "3c" * 32},
}
NETWORK = {
    "chain_id": 5151,
    "network_id": "0x" + "4d" * 32,
    "contracts": {"Releases": {"address": "0x" + "5e" * 20, "code_hash": "0x" + "6f" * 32}},
}


def write(directory: Path, value: Any, network: Any = NETWORK) -> Path:
    (directory / "network.json").write_text(json.dumps(network))
    path = directory / "gateway.json"
    path.write_text(json.dumps(value))
    return path


def test_paths_are_beside_the_settings_file(tmp_path: Path) -> None:
    settings = GatewaySettings.load(write(tmp_path, GOOD))
    assert settings.journal == tmp_path / "lane.jsonl"
    domain = settings.releases_domain()
    assert (domain.chain_id, domain.verifying_contract) == (5151, b"\x5e" * 20)


@pytest.mark.parametrize(
    "change",
    [
        {"lane": "1a" * 32},
        {"member": "0x" + "2B" * 32},
        {"sensors": {}},
        {"sensors": {"ocr-1": "0x00"}},
        {"listen": {"host": "0.0.0.0", "port": 1}},
        {"token": "a secret does not belong here"},
        {"gateway": 2},
        {"member_api": "file:///etc/passwd"},
    ],
)
def test_settings_of_another_form_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid):
        GatewaySettings.load(write(tmp_path, GOOD | change))


@pytest.mark.parametrize("network", [[], {}, NETWORK | {"network_id": "0x00"}])
def test_a_network_file_of_another_form_is_refused(tmp_path: Path, network: Any) -> None:
    settings = GatewaySettings.load(write(tmp_path, GOOD, network))
    with pytest.raises(SettingsInvalid):
        settings.releases_domain()


def test_settings_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        GatewaySettings.load(tmp_path / "gateway.json")
