"""Takes documents, disclosures and acts' co-signatures from other members, and signs for them.

Nothing is half done: the sealed content is durable in the vault before one transaction adds its
rows, the audit row and the receipt. The same delivery again gets the same receipt.
"""

import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node.companions.companions import Companions
from node.documents.package import Package
from node.documents.service import DocumentService
from node.documents.statutory import Disclosed, Statutory
from node.exchange.door import PeerMessage, PeerRoute
from node.exchange.limits import Intake
from node.exchange.receipts import ReceiptBook
from node.exchange.sealed import CONTENT_TYPE, MAX_BODY_BYTES, open_from, root_of
from node.store.database import Database
from node.store.documents import FOR_COMPANION, FOR_DISCLOSURE, FOR_DOCUMENT, GivenReceiptRow

DOCUMENTS = "/peer/v1/documents"
DISCLOSURES = "/peer/v1/disclosures"
COMPANIONS = "/peer/v1/companions"
MAX_COMPANION_BYTES = 8 * 1024 * 1024


class Receiver:
    """Receives for ``member``."""

    def __init__(
        self,
        member: str,
        envelope: X25519PrivateKey,
        database: Database,
        documents: DocumentService,
        statutory: Statutory,
        receipts: ReceiptBook,
        intake: Intake,
        companions: Companions,
    ) -> None:
        self._member = member
        self._companions = companions
        self._envelope = envelope
        self._receipts = receipts
        self._intake = intake
        self._database = database
        self._documents = documents
        self._statutory = statutory

    def routes(self) -> tuple[PeerRoute, ...]:
        """Return the routes of the peers listener that end here."""
        return (
            PeerRoute(DOCUMENTS, CONTENT_TYPE, MAX_BODY_BYTES, self.document),
            PeerRoute(DISCLOSURES, CONTENT_TYPE, MAX_BODY_BYTES, self.disclosure),
            PeerRoute(COMPANIONS, CONTENT_TYPE, MAX_COMPANION_BYTES, self.companion),
        )

    def document(self, message: PeerMessage) -> Any:
        """Receive a document; return the receipt.

        Raises: what ``open_from``, ``Package.from_bytes`` and ``DocumentService.check_package``
            raise; IntakeFull, VaultFull, VaultUnavailable, StorageUnavailable: nothing was noted.
        """
        root = root_of(message.body)
        if (given := self._receipts.given(FOR_DOCUMENT, root, message.sender)) is not None:
            return given
        size, now = len(message.body), int(time.time())
        package = Package.from_bytes(self.open_body(FOR_DOCUMENT, message.body, message.sender))
        with self._database.read() as session:
            self._documents.check_package(session, package, root)
            held = self._documents.holds(session, root)
            self._intake.require_room(session, message.sender, size, now)
        digest = "" if held else self._documents.keep(package, root)
        with self._database.begin() as session:
            if not held:
                self._documents.record(session, package, root, message.sender, digest)
                self._intake.count(session, message.sender, size, now)
            return self._receipts.give(session, FOR_DOCUMENT, root, message.sender, package.title)

    def disclosure(self, message: PeerMessage) -> Any:
        """Receive a statutory disclosure; return the receipt.

        Raises: as ``document``, with what ``Disclosed.from_bytes`` and ``Statutory.check`` raise.
        """
        root, sender = root_of(message.body), message.sender
        if (given := self._receipts.given(FOR_DISCLOSURE, root, sender)) is not None:
            return given
        size, now = len(message.body), int(time.time())
        disclosed = Disclosed.from_bytes(self.open_body(FOR_DISCLOSURE, message.body, sender))
        with self._database.read() as session:
            shown = self._statutory.check(session, disclosed.disclosure, root)
            self._intake.require_room(session, sender, size, now)
        digest = self._statutory.keep(disclosed, root, sender)
        with self._database.begin() as session:
            # Two deliveries at once: the first to come here has noted it.
            given_row = session.get(GivenReceiptRow, (FOR_DISCLOSURE, root, sender))
            if given_row is not None:
                return given_row.receipt
            self._statutory.record(session, disclosed, shown, root, sender, digest)
            self._intake.count(session, sender, size, now)
            return self._receipts.give(session, FOR_DISCLOSURE, root, sender, disclosed.title)

    def companion(self, message: PeerMessage) -> Any:
        """Receive an act's SM2 co-signature; return the receipt.

        Raises: as ``document``, with what ``Companions.take`` raises.
        """
        act_digest, sender = root_of(message.body), message.sender
        if (given := self._receipts.given(FOR_COMPANION, act_digest, sender)) is not None:
            return given
        size, now = len(message.body), int(time.time())
        opened = self.open_body(FOR_COMPANION, message.body, sender)
        act, companion = self._companions.take(opened, act_digest, sender)
        with self._database.begin() as session:
            self._intake.require_room(session, sender, size, now)
            self._companions.note(session, act_digest, act, companion)
            self._intake.count(session, sender, size, now)
            return self._receipts.give(session, FOR_COMPANION, act_digest, sender, act_digest)

    def open_body(self, kind: str, body: bytes, sender: str) -> bytes:
        """Return what ``sender`` sealed for this member; raises as ``open_from``."""
        return open_from(kind, body, sender, self._member, self._envelope)
