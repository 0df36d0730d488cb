"""Sends what this member owes others (``node.documents.deliveries``), until each has signed for it.

``deliver`` may run any number of times. A receiver that refuses for good ends the work with the
delivery ``failed``; anything else leaves it waiting, to be tried again.
"""

from typing import Any

from sqlmodel import Session

from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import DocumentService
from node.documents.statutory import Statutory
from node.errors import Waiting
from node.exchange.client import PeerClient
from node.exchange.directory import Directory
from node.exchange.errors import PeerRefused
from node.exchange.receipts import check_receipt
from node.exchange.receiving import DISCLOSURES, DOCUMENTS
from node.exchange.sealed import CONTENT_TYPE, seal_for
from node.store.database import Database
from node.store.documents import (
    ACKNOWLEDGED,
    FAILED,
    FOR_DISCLOSURE,
    FOR_DOCUMENT,
    WAITING,
    DeliveryRow,
)

_PATHS = {FOR_DOCUMENT: DOCUMENTS, FOR_DISCLOSURE: DISCLOSURES}


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
    ) -> None:
        self._member = member
        self._database = database
        self._directory = directory
        self._client = client
        self._documents = documents
        self._statutory = statutory

    def deliver(self, delivery: int) -> None:
        """Send one delivery unless it is settled, and note the receipt or the refusal.

        Raises: PeerUnavailable, ProfileNotHeld, PeerUnknown, PeerNotActive, MessageMalformed (no
            valid receipt), Waiting (the bill is not numbered yet), StorageUnavailable: all of
            them leave the delivery waiting, to be tried again.
        """
        with self._database.read() as session:
            row = session.get(DeliveryRow, delivery)
            if row is None or row.state != WAITING:
                return
            content = self._content(session, row)
        body = seal_for(
            row.purpose, row.root, self._member, row.to_member,
            self._directory.envelope_key(row.to_member), content,
        )  # fmt: skip
        try:
            answer = self._client.post(row.to_member, _PATHS[row.purpose], body, CONTENT_TYPE)
        except PeerRefused as error:
            self._settle(delivery, FAILED, refusal=str(error.facts["peer_code"]))
            return
        receipt = check_receipt(
            answer, row.purpose, row.root, row.to_member, self._member, self._directory
        )
        self._settle(delivery, ACKNOWLEDGED, receipt=receipt)

    def _content(self, session: Session, row: DeliveryRow) -> bytes:
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
