"""Takes a document or a disclosure from another member: open, check, keep, give a receipt.

Nothing is half done: the sealed content is durable in the vault before one transaction adds its
rows, the audit row and the receipt. The same delivery again gets the same receipt.
"""

import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlmodel import Session

from node.audit.record import record
from node.documents.package import Package
from node.documents.service import DocumentService
from node.documents.statutory import Disclosed, Statutory
from node.exchange.door import PeerMessage, PeerRoute
from node.exchange.receipts import STORED, give_receipt
from node.exchange.sealed import CONTENT_TYPE, MAX_BODY_BYTES, open_from, root_of
from node.store.database import Database
from node.store.documents import FOR_DISCLOSURE, FOR_DOCUMENT, GivenReceiptRow

DOCUMENTS = "/peer/v1/documents"
DISCLOSURES = "/peer/v1/disclosures"


@dataclass(frozen=True)
class ReceiverKeys:
    """What this member opens deliveries and signs receipts with."""

    kid: str
    message: Ed25519PrivateKey
    envelope: X25519PrivateKey


class Receiver:
    """Receives for ``member``."""

    def __init__(
        self,
        member: str,
        keys: ReceiverKeys,
        database: Database,
        documents: DocumentService,
        statutory: Statutory,
    ) -> None:
        self._member = member
        self._keys = keys
        self._database = database
        self._documents = documents
        self._statutory = statutory

    def routes(self) -> tuple[PeerRoute, PeerRoute]:
        """Return the routes of the peers listener that end here."""
        return (
            PeerRoute(DOCUMENTS, CONTENT_TYPE, MAX_BODY_BYTES, self.document),
            PeerRoute(DISCLOSURES, CONTENT_TYPE, MAX_BODY_BYTES, self.disclosure),
        )

    def document(self, message: PeerMessage) -> Any:
        """Receive a document; return the receipt.

        Raises: what ``open_from``, ``Package.from_bytes`` and ``DocumentService.check_package``
            raise; VaultFull, VaultUnavailable, StorageUnavailable: nothing was noted.
        """
        root = root_of(message.body)
        if (given := self._given(FOR_DOCUMENT, root, message.sender)) is not None:
            return given
        package = Package.from_bytes(self._open(FOR_DOCUMENT, message))
        with self._database.read() as session:
            self._documents.check_package(session, package, root)
            held = self._documents.holds(session, root)
        digest = "" if held else self._documents.keep(package, root)
        with self._database.begin() as session:
            if not held:
                self._documents.record(session, package, root, message.sender, digest)
            return self._give(session, FOR_DOCUMENT, root, message.sender, package.title)

    def disclosure(self, message: PeerMessage) -> Any:
        """Receive a statutory disclosure; return the receipt.

        Raises: as ``document``, with what ``Disclosed.from_bytes`` and ``Statutory.check`` raise.
        """
        root, sender = root_of(message.body), message.sender
        if (given := self._given(FOR_DISCLOSURE, root, sender)) is not None:
            return given
        disclosed = Disclosed.from_bytes(self._open(FOR_DISCLOSURE, message))
        with self._database.read() as session:
            shown = self._statutory.check(session, disclosed.disclosure, root)
        digest = self._statutory.keep(disclosed, root, sender)
        with self._database.begin() as session:
            # Two deliveries at once: the first to come here has noted it.
            given_row = session.get(GivenReceiptRow, (FOR_DISCLOSURE, root, sender))
            if given_row is not None:
                return given_row.receipt
            self._statutory.record(session, disclosed, shown, root, sender, digest)
            return self._give(session, FOR_DISCLOSURE, root, sender, disclosed.title)

    def _open(self, kind: str, message: PeerMessage) -> bytes:
        return open_from(kind, message.body, message.sender, self._member, self._keys.envelope)

    def _given(self, kind: str, root: str, sender: str) -> dict[str, Any] | None:
        with self._database.read() as session:
            row = session.get(GivenReceiptRow, (kind, root, sender))
        return None if row is None else row.receipt

    def _give(
        self, session: Session, kind: str, root: str, sender: str, title: str | None
    ) -> dict[str, Any]:
        """Note and return the receipt; where one was given meanwhile, that one."""
        row = session.get(GivenReceiptRow, (kind, root, sender))
        if row is not None:
            return row.receipt
        receipt = give_receipt(
            kind, root, self._member, sender, int(time.time()), self._keys.kid, self._keys.message
        )
        session.add(GivenReceiptRow(kind=kind, root=root, to_member=sender, receipt=receipt))
        record(session, f"Receive {kind}", STORED, subject=sender, role="member", object_id=title)
        return receipt
