"""Files beside documents: sealed on the disk, whole or absent, and never served changed."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node.documents.attachments import Attachments, Manifest, check_names
from node.documents.errors import (
    AttachmentMalformed,
    VaultDamaged,
    VaultFull,
    VaultItemMissing,
)
from node.documents.streams import StreamVault
from node.documents.vault import Vault
from privacy.errors import PrivacyError

MEMBER = "0x" + "ab" * 32
ROOT = "0x" + "5f" * 32
CONTENT = b"Survey of 400 steel drums, Aarhus. " * 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def attachments(folder: Path) -> Attachments:
    return Attachments(
        MEMBER, Vault(folder, MEMBER, X25519PrivateKey.generate()), StreamVault(folder)
    )


def keep(attachments: Attachments, content: bytes = CONTENT) -> Manifest:
    writer = attachments.write(ROOT)
    for at in range(0, len(content), 100_000):
        writer.write(content[at : at + 100_000])
    return attachments.seal(writer.finish(), ROOT, "survey.txt", "text/plain")[0]


def read(attachments: Attachments, manifest: Manifest) -> bytes:
    return b"".join(attachments.read(manifest))


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_what_was_kept_is_read_and_its_hash_is_said(
    attachments: Attachments, content: bytes
) -> None:
    manifest = keep(attachments, content)
    assert read(attachments, manifest) == content
    assert manifest.sha256 == "0x" + sha256(content).hexdigest()
    assert manifest.size == len(content)


def test_the_file_is_named_by_its_sealed_bytes_and_shows_nothing(
    attachments: Attachments, folder: Path
) -> None:
    manifest = keep(attachments)
    on_disk = (folder / manifest.stream[2:]).read_bytes()
    assert sha256(on_disk).hexdigest() == manifest.stream[2:]
    assert len(on_disk) == manifest.sealed_size
    everything = b"".join(file.read_bytes() for file in folder.iterdir())
    for shown in (b"steel drums", b"survey.txt", manifest.key, manifest.key.hex().encode()):
        assert shown not in everything


@pytest.mark.parametrize("at", [0, 5, 20, 70_000, -1])
def test_a_flipped_bit_is_refused_before_the_first_byte_is_given(
    attachments: Attachments, folder: Path, at: int
) -> None:
    manifest = keep(attachments)
    file = folder / manifest.stream[2:]
    changed = bytearray(file.read_bytes())
    changed[at] ^= 4
    file.write_bytes(changed)
    with pytest.raises(VaultDamaged):
        attachments.read(manifest)
    with pytest.raises(VaultDamaged), attachments.streams.sealed(bytes.fromhex(file.name)):
        pass


def test_a_file_changed_while_it_is_read_ends_before_the_changed_chunk(
    attachments: Attachments, folder: Path
) -> None:
    manifest = keep(attachments)
    chunks = attachments.read(manifest)
    given = next(chunks)
    with (folder / manifest.stream[2:]).open("r+b") as file:
        file.seek(200_000)
        file.write(bytes(16))
    with pytest.raises(VaultDamaged):
        given += b"".join(chunks)
    assert CONTENT.startswith(given)


def test_a_file_that_is_gone_is_said(attachments: Attachments, folder: Path) -> None:
    manifest = keep(attachments)
    (folder / manifest.stream[2:]).unlink()
    with pytest.raises(VaultItemMissing):
        attachments.read(manifest)


def test_a_manifest_of_another_file_opens_nothing(attachments: Attachments) -> None:
    one, other = keep(attachments), keep(attachments, b"other")
    mixed = Manifest(ROOT, other.stream, "x", "text/plain", 5, other.sha256, one.key)
    with pytest.raises(VaultDamaged):
        attachments.read(mixed)
    lying = Manifest(ROOT, other.stream, "x", "text/plain", 5, one.sha256, other.key)
    with pytest.raises(VaultDamaged):
        attachments.read(lying)


def test_a_full_disk_is_said_and_leaves_nothing(attachments: Attachments, folder: Path) -> None:
    writer = attachments.write(ROOT)
    with files_no_longer_than(100_000), pytest.raises(VaultFull):
        writer.write(bytes(2_000_000))
    writer.abandon()
    assert list(folder.iterdir()) == []


def test_a_file_that_was_abandoned_leaves_nothing(attachments: Attachments, folder: Path) -> None:
    writer = attachments.write(ROOT)
    writer.write(CONTENT)
    writer.abandon()
    assert list(folder.iterdir()) == []


def test_a_manifest_reads_back_and_nothing_else_does(attachments: Attachments) -> None:
    manifest = keep(attachments, b"x")
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    text = manifest.to_bytes().decode()
    for changed in (
        text.replace('"attachment":1', '"attachment":2'),
        text.replace('"size":1', '"size":true'),
        text.replace('"size":1', '"size":2'),
        text.replace('"size":1', '"size":200000000'),
        text.replace("survey.txt", "../survey"),
        text.replace("text/plain", "text"),
        text.replace(manifest.sha256, manifest.sha256[:-1]),
        text.replace('"name":', '"names":'),
        "[]",
        "{",
    ):
        with pytest.raises((AttachmentMalformed, PrivacyError)):
            Manifest.from_bytes(changed.encode())


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "..", "a\nb", "x" * 201, "\udc00", 7])
def test_a_name_that_is_no_files_is_refused(name: object) -> None:
    with pytest.raises(AttachmentMalformed):
        check_names(name, "text/plain")


def test_a_name_in_chinese_is_one() -> None:
    assert check_names("检验报告 2026.pdf", "application/pdf")[0] == "检验报告 2026.pdf"
