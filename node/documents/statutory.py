"""What authorities are sent by law: choosing the fields, keeping them, and asking for them.

The rulebook names the fields by authority role, port and type of document. An authority finds a
container in what was sent to it, and sets no condition of a title that it was not told about.
A disclosure may come before its title is on the ledger: it is kept, and whether it speaks of the
title's present root and comes from its carrier is checked whenever it is used.
"""

import re
import time
from dataclasses import dataclass
from typing import cast

from sqlmodel import Session, col, select

from identity.acts.words import Role, TitleState
from node.documents.deliveries import owe
from node.documents.errors import (
    DisclosureIncomplete,
    NumberingInvalid,
    PackageMalformed,
    PortMismatch,
)
from node.documents.registry import TRANSPORT_DOCUMENT, schema_ref
from node.documents.rulebook import Rulebook, statutory_paths
from node.documents.service import DocumentService, tree_of
from node.documents.vault import Vault
from node.errors import DisclosureMissing
from node.store.documents import (
    FOR_DISCLOSURE,
    DeletedDocumentRow,
    DisclosedContainerRow,
    DisclosureRow,
    OrderedContainerRow,
)
from node.store.projections import Authority, DeliveryOrder, Title
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.commitments import Disclosure, check_disclosure, paths_below
from privacy.containers import check_container_number

DISCLOSED_FORMAT = 1
_MEMBERS = {"disclosed", "title", "disclosure"}
_PORT_OF_DISCHARGE = "transports.portOfDischarge.UNLocationCode"
_CONTAINER = re.compile(r"utilizedTransportEquipments\.\d+\.equipment\.equipmentReference")
_ID = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True)
class Disclosed:
    """A disclosure on its way or kept: the title it is for, and some fields with their proof."""

    title: str
    disclosure: Disclosure

    def to_bytes(self) -> bytes:
        """Return the canonical JSON ``{"disclosed": 1, "title", "disclosure"}``."""
        return canonical_json(
            {
                "disclosed": DISCLOSED_FORMAT,
                "title": self.title,
                "disclosure": self.disclosure.to_json(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Disclosed":
        """Read strictly; raises PackageMalformed and what privacy raises. Nothing is checked."""
        value = parse_json(data)
        if not isinstance(value, dict) or value.keys() != _MEMBERS:
            raise PackageMalformed("A disclosure comes with its title.")
        title = value["title"]
        if value["disclosed"] != DISCLOSED_FORMAT or not isinstance(title, str):
            raise PackageMalformed("The disclosure is of another format.")
        if not _ID.fullmatch(title):
            raise PackageMalformed("A title's id is 0x and 64 hexadecimal digits.")
        return cls(title, Disclosure.from_json(value["disclosure"]))


class Statutory:
    """Statutory disclosures of one member, as the one who sends and as the one who is told."""

    def __init__(
        self, member: str, vault: Vault, documents: DocumentService, rulebook: Rulebook
    ) -> None:
        self._member = member
        self._vault = vault
        self._documents = documents
        self._rulebook = rulebook

    def authorities(self, session: Session, port: int, schema_id: str) -> list[str]:
        """Return the members that must be told of a document whose port of discharge it is."""
        rows = session.exec(select(Authority).where(Authority.port == port)).all()
        told = {row.member for row in rows if self._due(row, schema_id)}
        return sorted(told - {self._member})

    def tell(self, session: Session, root: str, port: int) -> list[int]:
        """Note what authorities at the port of discharge are sent of a held bill; see ``owe``.

        Returns the ids of the deliveries. An issue does not wait for them.
        """
        told = self.authorities(session, port, TRANSPORT_DOCUMENT)
        return [owe(session, root, authority, FOR_DISCLOSURE) for authority in told]

    def disclosed_to(self, session: Session, root: str, authority: str) -> Disclosed:
        """Return what ``authority`` is given of a held, numbered bill.

        Raises: DocumentNotHeld, NumberingInvalid (the title is not known yet), PortUnknown, and
            what the vault raises.
        """
        package = self._documents.package(session, root)
        if package.title is None:
            raise NumberingInvalid("The bill has no title yet.")
        tree = tree_of(package)
        port = self._rulebook.port_id(str(tree.fields.get(_PORT_OF_DISCHARGE)))
        due = self._paths(session, port, authority, package.schema_id)
        return Disclosed(package.title, tree.disclose(paths_below(tree.paths, due)))

    def check(self, session: Session, disclosure: Disclosure, root: str) -> dict[str, JsonValue]:
        """Return the shown fields by path, when they are fields of ``root``, and all that are due.

        Raises: SchemaUnknown, what ``check_disclosure`` raises, PortUnknown, DisclosureIncomplete.
        """
        schema = schema_ref(disclosure.header.schema.id)
        shown = check_disclosure(disclosure, bytes.fromhex(root[2:]), schema=schema)
        port = self._rulebook.port_id(str(shown.get(_PORT_OF_DISCHARGE)))
        due = self._paths(session, port, self._member, schema.id)
        if missing := set(paths_below(disclosure.paths, due)) - shown.keys():
            raise DisclosureIncomplete(
                "The disclosure leaves out fields that are due.", path=min(missing)[:100]
            )
        return shown

    def keep(self, disclosed: Disclosed, root: str, sender: str) -> str:
        """Put a disclosure into the vault; return its digest there. See ``Vault.put``."""
        return self._vault.put(disclosed.to_bytes(), _context(root, sender)).hex()

    def record(
        self,
        session: Session,
        disclosed: Disclosed,
        shown: dict[str, JsonValue],
        root: str,
        sender: str,
        vault_digest: str,
    ) -> None:
        """Note a checked disclosure that is in the vault, and its containers by number.

        Raises: ContainerNumberMalformed, ContainerCheckDigitWrong.
        """
        session.add(
            DisclosureRow(
                root=root,
                title=disclosed.title,
                from_member=sender,
                vault_digest=vault_digest,
                received_at=int(time.time()),
            )
        )
        numbers = {str(value) for path, value in shown.items() if _CONTAINER.fullmatch(path)}
        for number in map(check_container_number, numbers):
            session.merge(DisclosedContainerRow(number=number, title=disclosed.title, root=root))

    def require_disclosure(self, session: Session, title: Title) -> None:
        """Refuse unless this member was sent what the rulebook gives it of ``title``, if anything.

        Raises: DisclosureMissing, DisclosureIncomplete, PortMismatch, and what the vault raises.
        """
        if not self._paths(session, title.discharge, self._member, TRANSPORT_DOCUMENT):
            return
        told = self.told(session, title)
        if told is None:
            raise DisclosureMissing("The carrier has not sent the title's fields.", title=title.id)
        # Once more from the vault: the rulebook and this member's roles may have changed since.
        shown = self.check(session, told, title.root)
        if self._rulebook.port_id(str(shown[_PORT_OF_DISCHARGE])) != title.discharge:
            raise PortMismatch("Title and bill name different ports.", title=title.id)

    def missing(self, session: Session) -> list[Title]:
        """Return the titles naming a port of this authority of which it was sent nothing."""
        assigned = session.exec(select(Authority).where(Authority.member == self._member)).all()
        ports = {row.port for row in assigned if self._due(row, TRANSPORT_DOCUMENT)}
        sent = (
            select(DisclosureRow.id)
            .where(
                col(DisclosureRow.root) == col(Title.root),
                col(DisclosureRow.title) == col(Title.id),
                col(DisclosureRow.from_member) == col(Title.carrier),
            )
            .exists()
        )
        forgotten = (
            select(DeletedDocumentRow.id).where(col(DeletedDocumentRow.root) == col(Title.root))
        ).exists()
        query = select(Title).where(
            col(Title.discharge).in_(ports), Title.state != TitleState.VOID, ~sent, ~forgotten
        )
        return list(session.exec(query.order_by(col(Title.issued_block), col(Title.id))))

    def told(self, session: Session, title: Title) -> Disclosure | None:
        """Return what the carrier disclosed of the title's present root, if it did.

        Raises: what the vault raises.
        """
        row = session.exec(
            select(DisclosureRow).where(
                DisclosureRow.root == title.root,
                DisclosureRow.title == title.id,
                DisclosureRow.from_member == title.carrier,
            )
        ).first()
        return None if row is None else self.kept(row).disclosure

    def titles_of_container(self, session: Session, number: str) -> list[str]:
        """Return the titles on the ledger whose documents, as sent here, name a container.

        Only what the title's carrier said of the title's present root counts, and delivery orders
        that are on the ledger.

        Raises: ContainerNumberMalformed, ContainerCheckDigitWrong.
        """
        check_container_number(number)
        disclosed = (
            select(DisclosedContainerRow.title)
            .join(DisclosureRow, col(DisclosureRow.root) == col(DisclosedContainerRow.root))
            .join(Title, col(Title.id) == col(DisclosedContainerRow.title))
            .where(
                DisclosedContainerRow.number == number,
                col(DisclosureRow.title) == col(Title.id),
                col(DisclosureRow.root) == col(Title.root),
                col(DisclosureRow.from_member) == col(Title.carrier),
            )
        )
        ordered = (
            select(OrderedContainerRow.title)
            .join(DeliveryOrder, col(DeliveryOrder.root) == col(OrderedContainerRow.root))
            .where(
                OrderedContainerRow.number == number,
                col(DeliveryOrder.title) == col(OrderedContainerRow.title),
            )
        )
        return sorted({*session.exec(disclosed), *session.exec(ordered)})

    def kept(self, row: DisclosureRow) -> Disclosed:
        """Return what was disclosed, as it was kept. Raises: what the vault raises."""
        digest = bytes.fromhex(row.vault_digest)
        return Disclosed.from_bytes(self._vault.get(digest, _context(row.root, row.from_member)))

    def _paths(self, session: Session, port: int, authority: str, schema_id: str) -> set[str]:
        rows = session.exec(
            select(Authority).where(Authority.port == port, Authority.member == authority)
        ).all()
        return {path for row in rows for path in self._due(row, schema_id)}

    def _due(self, row: Authority, schema_id: str) -> tuple[str, ...]:
        role = cast(str, Role(row.role).name).lower()
        return statutory_paths(self._rulebook, row.port, role, schema_id)


def _context(root: str, sender: str) -> bytes:
    return b"lading disclosure 1 " + bytes.fromhex(root[2:]) + bytes.fromhex(sender[2:])
