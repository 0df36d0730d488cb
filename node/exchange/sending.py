"""Sends what this member owes others (``node.documents.deliveries``), until each has signed for it.

``deliver`` may run any number of times. A receiver that refuses for good ends the work with the
delivery ``failed``; anything else leaves it waiting, to be tried again.
"""

from typing import Any

from sqlmodel import Session

from node.companions.companions import Companions
from node.documents.attachments import Attachments, Manifest
from node.documents.errors import DocumentNotHeld, ReaderNotEntitled
from node.documents.readers import delivery_state, is_reader
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import DocumentService
from node.documents.statutory import Statutory
from node.errors import Waiting
from node.exchange.arriving import ATTACHMENTS, PARTS
from node.exchange.client import PeerClient
from node.exchange.directory import Directory
from node.exchange.errors import PeerRefused, PeerUnavailable
from node.exchange.parts import CONTENT_TYPE as PART_TYPE
from node.exchange.parts import PART_BYTES, part_body
from node.exchange.receipts import check_receipt
from node.exchange.receiving import COMPANIONS, DISCLOSURES, DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE, seal_for
from node.jobs import wake
from node.store.database import Database
from node.store.documents import (
    ACKNOWLEDGED,
    FAILED,
    FOR_ATTACHMENT,
    FOR_COMPANION,
    FOR_DISCLOSURE,
    FOR_DOCUMENT,
    WAITING,
    AttachmentRow,
    DeliveryRow,
)

_PATHS = {FOR_DOCUMENT: DOCUMENTS, FOR_DISCLOSURE: DISCLOSURES, FOR_COMPANION: COMPANIONS}


class Deliverer:
    """Delivers for ``member``."""

    def __init__(
        self,
        member: str,
        database: Database,
        directory: Directory,
        client: PeerClient,
        documents: DocumentService,
        statutory: Statutory,
        attachments: Attachments,
        companions: Companions,
    ) -> None:
        self._member = member
        self._database = database
        self._directory = directory
        self._client = client
        self._documents = documents
        self._statutory = statutory
        self._attachments = attachments
        self._companions = companions

    def deliver(self, delivery: int) -> None:
        """Send one delivery unless it is settled, and note the receipt or the refusal.

        Raises: PeerUnavailable, ProfileNotHeld, PeerUnknown, PeerNotActive, MessageMalformed (no
            valid receipt), Waiting (the bill is not numbered yet, or a file's document not
            acknowledged), VaultDamaged, StorageUnavailable: all of them leave the delivery
            waiting, to be tried again.
        """
        with self._database.read() as session:
            row = session.get(DeliveryRow, delivery)
        if row is None or row.state != WAITING:
            return
        try:
            answer = self._file(row) if row.purpose == FOR_ATTACHMENT else self._sealed(row)
        except PeerRefused as error:
            self._settle(delivery, FAILED, refusal=str(error.facts["peer_code"]))
            return
        except (DocumentNotHeld, ReaderNotEntitled) as error:
            self._settle(delivery, FAILED, refusal=error.code)
            return
        receipt = check_receipt(
            answer, row.purpose, row.root, row.to_member, self._member, self._directory
        )
        self._settle(delivery, ACKNOWLEDGED, receipt=receipt)

    def _sealed(self, row: DeliveryRow) -> Any:
        """Send a document, a disclosure or a co-signature; return the answer."""
        with self._database.read() as session:
            content = self._content(session, row)
        return self._post(row, _PATHS[row.purpose], content)

    def _file(self, row: DeliveryRow) -> Any:
        """Announce a file and send what the receiver lacks of it; return the last answer.

        The receiver's answers alone say where to go on, so it makes no difference which side
        was stopped, and where.
        """
        with self._database.read() as session:
            manifest = self._manifest(session, row)
        answer = self._post(row, ATTACHMENTS, manifest.to_bytes())
        with self._attachments.streams.sealed(bytes.fromhex(row.root[2:])) as read:
            last = -1
            while isinstance(answer, dict) and (have := answer.get("have")) is not None:
                if type(have) is not int or not last < have < manifest.sealed_size:
                    raise PeerUnavailable(
                        f"The node of {row.to_member} does not go on with the file.",
                        member=row.to_member, have=have, status=200,
                    )  # fmt: skip
                body = part_body(row.root, have, read(have, PART_BYTES))
                answer, last = self._client.post(row.to_member, PARTS, body, PART_TYPE), have
        return answer

    def _manifest(self, session: Session, row: DeliveryRow) -> Manifest:
        """Return the manifest of the file that is owed, if its receiver has the document."""
        file = session.get(AttachmentRow, row.root)
        if file is None:
            raise DocumentNotHeld("The file is not here any more.", stream=row.root)
        if not is_reader(session, file.root, row.to_member):
            if delivery_state(session, file.root, row.to_member) == WAITING:
                raise Waiting("The file's document is not acknowledged yet.", root=file.root)
            raise ReaderNotEntitled("The member does not have the document.", root=file.root)
        return self._attachments.manifest(file)

    def _post(self, row: DeliveryRow, path: str, content: bytes) -> Any:
        body = seal_for(
            row.purpose, row.root, self._member, row.to_member,
            self._directory.envelope_key(row.to_member), content,
        )  # fmt: skip
        return self._client.post(row.to_member, path, body, CONTENT_TYPE)

    def _content(self, session: Session, row: DeliveryRow) -> bytes:
        if row.purpose == FOR_COMPANION:
            return self._companions.content(session, row.root)
        package = self._documents.package(session, row.root)
        if package.schema_id == TRANSPORT_DOCUMENT and package.numbering is None:
            raise Waiting("The bill is not numbered yet.", root=row.root)
        if row.purpose == FOR_DOCUMENT:
            return package.to_bytes()
        return self._statutory.disclosed_to(session, row.root, row.to_member).to_bytes()

    def _settle(
        self,
        delivery: int,
        state: str,
        *,
        receipt: dict[str, Any] | None = None,
        refusal: str | None = None,
    ) -> None:
        with self._database.begin() as session:
            row = session.get(DeliveryRow, delivery)
            if row is None or row.state != WAITING:
                return
            row.state, row.receipt, row.refusal = state, receipt, refusal
            session.add(row)
            wake(session)
