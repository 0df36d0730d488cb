"""Files beside a document, to 100 MiB each: a survey's photographs, a certificate, a scan.

A file is one sealed stream in the vault. Its manifest, ``{"attachment": 1, "root", "stream",
"sealed_size", "name", "media_type", "size", "sha256", "key"}``, holds the key and is itself sealed:
for this member where it is kept, and for each other reader when the file goes to it. All readers
hold the same sealed bytes. Name, type and plain hash of a file stand nowhere in the clear.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from sqlmodel import Session, col, select

from node.audit.record import record
from node.documents.errors import AttachmentMalformed, DocumentNotHeld, VaultDamaged
from node.documents.streams import Content, KeptStream, StreamVault, StreamWriter
from node.documents.vault import Vault
from node.errors import IdempotencyConflict
from node.store.documents import AttachmentRow, DocumentRow
from privacy.canonical import canonical_json, parse_json
from privacy.streams import MAX_STREAM_BYTES, sealed_bytes

FORMAT = 1
DEFAULT_MEDIA_TYPE = "application/octet-stream"
ATTACH = "AttachFile"
_MEMBERS = {
    "attachment", "root", "stream", "sealed_size", "name", "media_type", "size", "sha256", "key",
}  # fmt: skip
_ID = re.compile(r"0x[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,200}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


@dataclass(frozen=True)
class Manifest:
    """What a file is, and the key that opens it.

    Attributes:
        root: of the document it stands beside, 0x hex.
        stream: SHA-256 of the sealed bytes, 0x hex: the file's id.
        size, sha256: of the content, the hash 0x hex.
        key: 32 bytes.
    """

    root: str
    stream: str
    name: str
    media_type: str
    size: int
    sha256: str
    key: bytes = field(repr=False)

    @property
    def sealed_size(self) -> int:
        """Bytes of the sealed stream."""
        return sealed_bytes(self.size)

    def to_bytes(self) -> bytes:
        """Return the canonical JSON (RFC 8785)."""
        return canonical_json(
            {
                "attachment": FORMAT,
                "root": self.root,
                "stream": self.stream,
                "sealed_size": self.sealed_size,
                "name": self.name,
                "media_type": self.media_type,
                "size": self.size,
                "sha256": self.sha256,
                "key": "0x" + self.key.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Manifest":
        """Read a manifest strictly; raises AttachmentMalformed and what ``parse_json`` raises."""
        value = cast(Any, parse_json(data))
        if not isinstance(value, dict) or value.keys() != _MEMBERS or value["attachment"] != FORMAT:
            raise AttachmentMalformed("A manifest has " + ", ".join(sorted(_MEMBERS)) + ".")
        ids = [value[name] for name in ("root", "stream", "sha256", "key")]
        if not all(isinstance(one, str) and _ID.fullmatch(one) for one in ids):
            raise AttachmentMalformed("An id is 0x and 64 hexadecimal digits.")
        size = value["size"]
        if type(size) is not int or not 0 <= size <= MAX_STREAM_BYTES:
            raise AttachmentMalformed("A file has no such size.", limit=MAX_STREAM_BYTES)
        if value["sealed_size"] != sealed_bytes(size):
            raise AttachmentMalformed("The file's sealed size is not that of its size.")
        return cls(
            value["root"], value["stream"], *check_names(value["name"], value["media_type"]),
            size, value["sha256"], bytes.fromhex(value["key"][2:]),
        )  # fmt: skip


def check_names(name: object, media_type: object) -> tuple[str, str]:
    """Return a file's name and media type if they can be these; raises AttachmentMalformed."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in {".", ".."}:
        raise AttachmentMalformed("The file's name is not 1 to 200 characters without slashes.")
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise AttachmentMalformed("The media type is not type/subtype in lower case.")
    return name, media_type


class Attachments:
    """The files beside the documents of ``member``, in its vault and its database."""

    def __init__(self, member: str, vault: Vault, streams: StreamVault) -> None:
        self._member = member
        self._vault = vault
        self.streams = streams

    def write(self, root: str) -> StreamWriter:
        """Return what takes a file to stand beside the document of ``root``.

        Raises: VaultFull, VaultUnavailable.
        """
        return self.streams.write(_stream_context(root))

    def seal(self, kept: KeptStream, root: str, name: str, media_type: str) -> tuple[Manifest, str]:
        """Keep the manifest of a file that is in the vault; return it and its digest there.

        Raises: AttachmentMalformed, VaultFull, VaultUnavailable.
        """
        check_names(name, media_type)
        manifest = Manifest(
            root, "0x" + kept.digest.hex(), name, media_type,
            kept.size, "0x" + kept.content_hash.hex(), kept.key,
        )  # fmt: skip
        return manifest, self.keep(manifest)

    def keep(self, manifest: Manifest) -> str:
        """Put a manifest into the vault; return its digest there. See ``Vault.put``."""
        return self._vault.put(manifest.to_bytes(), _manifest_context(manifest.stream)).hex()

    def note_own(
        self, session: Session, manifest: Manifest, vault_digest: str,
        subject: str, role: str, key: str,
    ) -> AttachmentRow:  # fmt: skip
        """Note a file that a person or service of this member handed in under ``key``.

        The same again returns the first row; the caller then discards the second file.

        Raises: DocumentNotHeld, IdempotencyConflict.
        """
        earlier = session.exec(
            select(AttachmentRow).where(AttachmentRow.subject == subject, AttachmentRow.key == key)
        ).first()
        if earlier is not None:
            if _said(self.manifest(earlier)) != _said(manifest):
                raise IdempotencyConflict("The key was used for another file.")
            return earlier
        if session.get(DocumentRow, manifest.root) is None:
            raise DocumentNotHeld("The document is not here.", root=manifest.root)
        row = self.row(manifest, vault_digest, self._member)
        row.subject, row.key = subject, key
        session.add(row)
        record(
            session, ATTACH, "final", subject=subject, role=role, object_id=manifest.root
        )  # fmt: skip
        return row

    def row(self, manifest: Manifest, vault_digest: str, source: str) -> AttachmentRow:
        """Return the row of a file that is in the vault since now."""
        return AttachmentRow(
            stream=manifest.stream,
            root=manifest.root,
            vault_digest=vault_digest,
            size=manifest.sealed_size,
            source_member=source,
            received_at=int(time.time()),
        )

    def discard(self, stream: str, vault_digest: str) -> None:
        """Remove a file and its manifest of which no row was kept. Raises: VaultUnavailable."""
        self._vault.remove(bytes.fromhex(stream[2:]))
        self._vault.remove(bytes.fromhex(vault_digest))

    def of(self, session: Session, root: str) -> list[AttachmentRow]:
        """Return the files beside a document, the first first."""
        query = select(AttachmentRow).where(AttachmentRow.root == root)
        order = (col(AttachmentRow.received_at), col(AttachmentRow.stream))
        return list(session.exec(query.order_by(*order)))

    def manifest(self, row: AttachmentRow) -> Manifest:
        """Return a kept file's manifest. Raises: what ``kept_manifest`` raises."""
        return self.kept_manifest(row.stream, row.vault_digest)

    def kept_manifest(self, stream: str, vault_digest: str) -> Manifest:
        """Return the manifest kept under ``vault_digest``.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        kept = self._vault.get(bytes.fromhex(vault_digest), _manifest_context(stream))
        return Manifest.from_bytes(kept)

    def read(self, manifest: Manifest) -> Iterator[bytes]:
        """Return a file's content in chunks, after it was checked whole.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        self.check(manifest)
        return self.streams.open(*_opening(manifest))

    def check(self, manifest: Manifest) -> None:
        """Refuse a file in the vault that is not what its manifest says.

        Raises: VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        said = Content(manifest.size, bytes.fromhex(manifest.sha256[2:]))
        if self.streams.check(*_opening(manifest)) != said:
            raise VaultDamaged("A file is not what its manifest says.", digest=manifest.stream[2:])


def _opening(manifest: Manifest) -> tuple[bytes, bytes, bytes]:
    return bytes.fromhex(manifest.stream[2:]), manifest.key, _stream_context(manifest.root)


def _said(manifest: Manifest) -> tuple[str, str, str, str]:
    return manifest.root, manifest.name, manifest.media_type, manifest.sha256


def _stream_context(root: str) -> bytes:
    return b"lading attachment 1 " + bytes.fromhex(root[2:])


def _manifest_context(stream: str) -> bytes:
    return b"lading manifest 1 " + bytes.fromhex(stream[2:])
