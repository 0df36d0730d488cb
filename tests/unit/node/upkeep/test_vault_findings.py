"""The doctor reads the vault: files that changed, are gone, or belong to nothing are named."""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.peer_files import attach
from support.peers import Peer, bill_number, issue, make_bill, make_peers

from identity.acts.words import Role
from node.settings import Settings
from node.upkeep.findings import Finding
from node.upkeep.vault import of_vault


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    peers = make_peers(tmp_path_factory.mktemp("members"), {"carrier": Role.CARRIER})
    yield peers["carrier"]
    for peer in peers.values():
        peer.close()


@pytest.fixture
def files(carrier: Peer) -> list[Path]:
    """A document's file, then those of a file beside it."""
    root = issue(carrier, make_bill(bill_number()))[1]
    manifest = attach(carrier, root, b"a survey" * 20_000)
    vault = carrier.new.directory / "vault"
    newest = sorted(vault.iterdir(), key=lambda path: path.stat().st_mtime_ns)[-3:]
    assert newest[1].name == manifest.stream[2:]
    return newest


def findings(carrier: Peer) -> dict[str, Finding]:
    settings = Settings.load(carrier.new.directory)
    return {finding.code: finding for finding in of_vault(settings)}


def test_a_vault_that_is_well_is_said_to_be(carrier: Peer, files: list[Path]) -> None:
    assert {finding.state for finding in findings(carrier).values()} == {"ok"}
    assert json.loads((carrier.new.directory / "settings.json").read_text())


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_flipped_bit_in_any_file_is_found(carrier: Peer, files: list[Path], which: int) -> None:
    whole = files[which].read_bytes()
    files[which].write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    found = findings(carrier)["VAULT_FILE_DAMAGED"]
    assert found.state == "fail"
    assert files[which].name in found.sentence
    assert found.what_to_do
    files[which].write_bytes(whole)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_file_that_is_gone_is_found(carrier: Peer, files: list[Path], which: int) -> None:
    whole = files[which].read_bytes()
    files[which].unlink()
    found = findings(carrier)["VAULT_FILE_MISSING"]
    assert found.state == "fail"
    assert files[which].name in found.sentence
    files[which].write_bytes(whole)


def test_a_file_of_no_document_is_found_once_it_is_a_day_old(
    carrier: Peer, files: list[Path]
) -> None:
    left = files[0].with_name(sha256(b"left over").hexdigest())
    left.write_bytes(b"left over")
    assert findings(carrier)["VAULT_FILE_UNUSED"].state == "ok"
    os.utime(left, (0, 0))
    assert findings(carrier)["VAULT_FILE_UNUSED"].state == "warn"
    left.unlink()
