"""Takes a file from another member in parts, and goes on where it stopped, whoever was killed.

1. The sender announces the file: its manifest, sealed for this member alone.
2. It sends parts; each is on the disk before it is answered, and the answer says how far the file
   has come. A part that comes twice, late or out of order changes nothing.
3. The file that is whole is checked against its hash, opened to its end, named, noted, and signed
   for. What is not whole nobody fetches; it is given up after ``GIVEN_UP_SECONDS`` without a part.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from node.documents.attachments import Attachments, Manifest
from node.documents.errors import ReaderNotEntitled, VaultDamaged
from node.documents.files import ARRIVING_SUFFIX, remove_durably, translated
from node.documents.readers import is_reader
from node.errors import Waiting
from node.exchange.door import PeerMessage, PeerRoute
from node.exchange.errors import FileDamaged, FileNotAnnounced, MessageMalformed
from node.exchange.limits import Intake, require_few_arriving
from node.exchange.parts import CONTENT_TYPE as PART_TYPE
from node.exchange.parts import MAX_BODY_BYTES as MAX_PART_BYTES
from node.exchange.parts import Part, read_part
from node.exchange.receipts import ReceiptBook
from node.exchange.sealed import CONTENT_TYPE, MAX_BODY_BYTES, root_of
from node.store.database import Database
from node.store.documents import FOR_ATTACHMENT, ArrivingRow, AttachmentRow, DocumentRow

ATTACHMENTS = "/peer/v1/attachments"
PARTS = "/peer/v1/parts"
GIVEN_UP_SECONDS = 7 * 86_400

OpenBody = Callable[[str, bytes, str], bytes]
"""Opens what a sender sealed for this member: kind, body, sender."""


class FileReceiver:
    """Receives files into the vault's ``directory``; several messages may be under way at once."""

    def __init__(
        self,
        database: Database,
        directory: Path,
        attachments: Attachments,
        open_body: OpenBody,
        receipts: ReceiptBook,
        intake: Intake,
    ) -> None:
        self._database = database
        self._directory = directory
        self._attachments = attachments
        self._open_body = open_body
        self._receipts = receipts
        self._intake = intake

    def routes(self) -> tuple[PeerRoute, PeerRoute]:
        """Return the routes of the peers listener that end here."""
        return (
            PeerRoute(ATTACHMENTS, CONTENT_TYPE, MAX_BODY_BYTES, self.announced),
            PeerRoute(PARTS, PART_TYPE, MAX_PART_BYTES, self.part),
        )

    def announced(self, message: PeerMessage) -> Any:
        """Await a file; return ``{"have": bytes}``, or the receipt where it is here already.

        Raises: what ``open_from`` and ``Manifest.from_bytes`` raise; Waiting (the document is not
            here yet), ReaderNotEntitled, IntakeFull, VaultFull, VaultUnavailable,
            StorageUnavailable.
        """
        stream, sender = root_of(message.body), message.sender
        if (given := self._receipts.given(FOR_ATTACHMENT, stream, sender)) is not None:
            return given
        opened = self._open_body(FOR_ATTACHMENT, message.body, sender)
        manifest = Manifest.from_bytes(opened)
        if manifest.stream != stream:
            raise MessageMalformed("The manifest is another file's.")
        now = int(time.time())
        with self._database.read() as session:
            _require_wanted(session, manifest, sender)
            awaited = session.get(ArrivingRow, (stream, sender)) is not None
            if not awaited:
                self._intake.require_room(session, sender, manifest.sealed_size, now)
        if not awaited:
            self._await(manifest, sender, now)
        return self._progress(stream, sender, None)

    def part(self, message: PeerMessage) -> Any:
        """Take a part; return ``{"have": bytes}``, or the receipt once the file is whole.

        Raises: MessageMalformed, FileNotAnnounced, FileDamaged, VaultFull, VaultUnavailable,
            StorageUnavailable.
        """
        part = read_part(message.body)
        return self._progress(part.stream, message.sender, part)

    def _await(self, manifest: Manifest, sender: str, now: int) -> None:
        self._give_up_old(sender, now)
        digest = self._attachments.keep(manifest)
        with self._database.begin() as session:
            if session.get(ArrivingRow, (manifest.stream, sender)) is not None:
                return
            require_few_arriving(session, sender)
            self._intake.count(session, sender, manifest.sealed_size, now)
            session.add(
                ArrivingRow(
                    stream=manifest.stream, from_member=sender, root=manifest.root,
                    size=manifest.sealed_size, vault_digest=digest, announced_at=now,
                )
            )  # fmt: skip

    def _progress(self, stream: str, sender: str, part: Part | None) -> Any:
        with self._database.read() as session:
            row = session.get(ArrivingRow, (stream, sender))
        if row is None:
            given = self._receipts.given(FOR_ATTACHMENT, stream, sender)
            if given is None:
                raise FileNotAnnounced("No such file is awaited from this member.", stream=stream)
            return given
        path = self._path(stream, sender)
        with translated(), _locked(path) as file:
            have = os.fstat(file).st_size
            if part is not None and part.offset == have and have + len(part.content) <= row.size:
                _append(file, part.content)
                have += len(part.content)
            if have < row.size and not self._attachments.streams.holds(bytes.fromhex(stream[2:])):
                return {"have": have}
            return self._finish(row, path)

    def _finish(self, row: ArrivingRow, path: Path) -> Any:
        """Check, name and note a whole file, and sign for it; its lock is held."""
        digest = bytes.fromhex(row.stream[2:])
        streams = self._attachments.streams
        if not streams.holds(digest):
            with path.open("rb") as file:
                unchanged = file_digest(file, "sha256").digest() == digest
            if not unchanged:
                remove_durably(path)
                raise FileDamaged("The file is not the one that was announced.", stream=row.stream)
            streams.take(path, digest)
        manifest = self._attachments.kept_manifest(row.stream, row.vault_digest)
        try:
            self._attachments.check(manifest)
        except VaultDamaged as error:
            self._refuse(row, path)
            raise MessageMalformed("The file does not open with its manifest.") from error
        with self._database.begin() as session:
            if session.get(AttachmentRow, row.stream) is None:
                session.add(self._attachments.row(manifest, row.vault_digest, row.from_member))
            if (awaited := session.get(ArrivingRow, (row.stream, row.from_member))) is not None:
                session.delete(awaited)
            receipt = self._receipts.give(
                session, FOR_ATTACHMENT, row.stream, row.from_member, row.root
            )
        with translated():
            remove_durably(path)  # where another member's delivery of the same file was sooner
        return receipt

    def _refuse(self, row: ArrivingRow, path: Path) -> None:
        """Forget a file that is not what its manifest says."""
        with self._database.begin() as session:
            if (awaited := session.get(ArrivingRow, (row.stream, row.from_member))) is not None:
                session.delete(awaited)
            held = session.get(AttachmentRow, row.stream) is not None
        if not held:
            self._attachments.discard(row.stream, row.vault_digest)
        remove_durably(path)

    def _give_up_old(self, sender: str, now: int) -> None:
        """Forget this member's files of which nothing came for long."""
        with self._database.read() as session:
            rows = session.exec(
                select(ArrivingRow).where(
                    ArrivingRow.from_member == sender,
                    col(ArrivingRow.announced_at) < now - GIVEN_UP_SECONDS,
                )
            ).all()
        for row in rows:
            path = self._path(row.stream, sender)
            if not path.exists() or path.stat().st_mtime < now - GIVEN_UP_SECONDS:
                self._refuse(row, path)

    def _path(self, stream: str, sender: str) -> Path:
        return self._directory / f"{stream[2:]}.{sender[2:]}{ARRIVING_SUFFIX}"


def _require_wanted(session: Session, manifest: Manifest, sender: str) -> None:
    """Refuse a file that does not stand beside a document that both members have."""
    if session.get(DocumentRow, manifest.root) is None:
        raise Waiting("The file's document is not here yet.", root=manifest.root)
    if not is_reader(session, manifest.root, sender):
        raise ReaderNotEntitled("The sender is no reader of the document.", root=manifest.root)
    held = session.get(AttachmentRow, manifest.stream)
    if held is not None and held.root != manifest.root:
        raise MessageMalformed("The file stands beside another document.")


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Give the file's descriptor while no other message works on it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _append(file: int, content: memoryview) -> None:
    """Add bytes durably, or none: what is answered as had survives a power failure."""
    had = os.fstat(file).st_size
    try:
        while content:
            content = content[os.write(file, content) :]
        os.fdatasync(file)
    except OSError:
        # After a failed fsync the cache holds bytes that the disk has not, and does not say so.
        os.ftruncate(file, had)
        raise
