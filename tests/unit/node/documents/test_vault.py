"""The vault: nothing readable on the disk, nothing half kept, nothing changed unnoticed."""

import os
import resource
import stat
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.documents.errors import VaultDamaged, VaultFull, VaultItemMissing, VaultUnavailable
from node.documents.vault import Vault
from privacy.envelopes import MAX_CONTENT_BYTES
from privacy.errors import DocumentTooLarge

MEMBER = "0x" + "ab" * 32
KEY = X25519PrivateKey.generate()
CONTENT = b"Refined Soybean Oil, 400 steel drums"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", MEMBER, KEY)


def files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "vault").iterdir())


@contextmanager
def files_no_longer_than(size: int):
    """Let the kernel refuse longer files in this process, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@given(content=st.binary(max_size=200), context=st.binary(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_what_was_put_is_got(vault: Vault, content: bytes, context: bytes) -> None:
    assert vault.get(vault.put(content, context), context) == content


def test_another_process_of_the_member_reads_it(vault: Vault, tmp_path: Path) -> None:
    digest = vault.put(CONTENT, b"root")
    assert Vault(tmp_path / "vault", MEMBER, KEY).get(digest, b"root") == CONTENT


def test_no_plain_text_and_no_open_rights_are_on_the_disk(vault: Vault, tmp_path: Path) -> None:
    digest = vault.put(CONTENT, b"root")
    (file,) = files(tmp_path)
    assert file.name == digest.hex()
    assert b"Soybean" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700


def test_one_content_put_twice_is_two_items_that_look_unlike(vault: Vault) -> None:
    one, other = (vault.put(CONTENT, b"") for _ in range(2))
    assert one != other
    assert vault.get(one, b"") == vault.get(other, b"")


def test_an_unknown_digest_is_refused(vault: Vault) -> None:
    with pytest.raises(VaultItemMissing):
        vault.get(bytes(32), b"")


def test_a_changed_byte_and_a_cut_file_are_noticed(vault: Vault, tmp_path: Path) -> None:
    digest = vault.put(CONTENT, b"")
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for changed in (whole[:-1], bytes([whole[0] ^ 1]) + whole[1:], b"", whole + b"x"):
        file.write_bytes(changed)
        with pytest.raises(VaultDamaged):
            vault.get(digest, b"")


def test_an_item_under_another_items_name_is_noticed(vault: Vault, tmp_path: Path) -> None:
    one, other = vault.put(b"one", b""), vault.put(b"other", b"")
    (tmp_path / "vault" / one.hex()).replace(tmp_path / "vault" / other.hex())
    with pytest.raises(VaultDamaged):
        vault.get(other, b"")


def test_another_context_and_another_key_do_not_open(vault: Vault, tmp_path: Path) -> None:
    digest = vault.put(CONTENT, b"title 1")
    with pytest.raises(VaultDamaged):
        vault.get(digest, b"title 2")
    with pytest.raises(VaultDamaged):
        Vault(tmp_path / "vault", MEMBER, X25519PrivateKey.generate()).get(digest, b"title 1")


def test_a_full_disk_is_said_and_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    kept = vault.put(CONTENT, b"")
    with files_no_longer_than(1000), pytest.raises(VaultFull):
        vault.put(bytes(5000), b"")
    assert [file.name for file in files(tmp_path)] == [kept.hex()]
    assert vault.get(kept, b"") == CONTENT
    vault.put(bytes(5000), b"")


def test_a_vault_that_went_away_is_said(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault").rmdir()
    with pytest.raises(VaultUnavailable):
        vault.put(CONTENT, b"")


def test_a_vault_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir(mode=0o700)
    (tmp_path / "vault").chmod(0o750)
    with pytest.raises(VaultUnavailable):
        Vault(tmp_path / "vault", MEMBER, KEY)


def test_a_vault_where_a_file_stands_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vault").write_text("")
    with pytest.raises(VaultUnavailable):
        Vault(tmp_path / "vault", MEMBER, KEY)


def test_a_content_beyond_the_bound_is_refused(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(DocumentTooLarge):
        vault.put(bytes(MAX_CONTENT_BYTES + 1), b"")
    assert files(tmp_path) == []


def test_a_ten_megabyte_document_is_kept(vault: Vault) -> None:
    content = b"x" * 10_000_000
    assert vault.get(vault.put(content, b""), b"") == content


def test_what_a_killed_process_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    Vault(tmp_path / "vault", MEMBER, KEY)
    old, new = (tmp_path / "vault" / f"{name}.unfinished" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"sealed")
    os.utime(old, (0, time.time() - 3601))
    Vault(tmp_path / "vault", MEMBER, KEY)
    assert files(tmp_path) == [new]
