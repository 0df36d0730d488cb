"""Documents that this member holds: keeping its own, checking what it was sent, accepting a title.

A document counts only with its root recomputed from document, schema and seed, its schema kept,
and, for a bill, the carrier's numbering signature. Nothing here sends or opens a transaction.
"""

import secrets
import time
from dataclasses import dataclass, field

from sqlmodel import Session

from identity.acts.words import KeyPurpose, TitleKind, TitleState
from identity.errors import IdentityError
from identity.signatures import numbering as numbers
from node.documents.bill import Bill, read_bill
from node.documents.delivery_order import DeliveryOrder, read_delivery_order
from node.documents.errors import (
    DocumentNotHeld,
    KindMismatch,
    NumberingInvalid,
    PackageMalformed,
    PartyMismatch,
    PortMismatch,
    RootMismatch,
)
from node.documents.package import Numbering, Package
from node.documents.registry import DELIVERY_ORDER, TRANSPORT_DOCUMENT, schema_ref, validate
from node.documents.rulebook import Rulebook
from node.documents.vault import Vault
from node.exchange.directory import Directory
from node.store.documents import DocumentRow, OrderedContainerRow
from node.store.projections import NOBODY, MemberKey, Title
from privacy.canonical import JsonValue
from privacy.commitments import SEED_BYTES, FieldTree, commit


@dataclass(frozen=True)
class StoredDocument:
    """An own document as it was kept; ``root`` is 0x hex, ``seed`` 32 bytes."""

    root: str
    schema_id: str
    title: str | None
    seed: bytes = field(repr=False)


@dataclass(frozen=True)
class KeptDocument:
    """An own document that was checked and is in the vault, and has no row yet.

    ``content`` is what the document says, where it is a bill or a delivery order.
    """

    package: Package
    root: str
    vault_digest: str
    content: Bill | DeliveryOrder | None


class DocumentService:
    """The documents of ``member``, in its vault and its database."""

    def __init__(self, member: str, vault: Vault, directory: Directory, rulebook: Rulebook) -> None:
        self._member = member
        self._vault = vault
        self._directory = directory
        self._rulebook = rulebook

    def store_own(
        self,
        session: Session,
        document: dict[str, JsonValue],
        schema_id: str,
        title: str | None = None,
    ) -> StoredDocument:
        """Check and keep a document of this member's own making, under a new seed.

        ``title`` may follow with ``number`` when it is not known yet.

        Raises: SchemaUnknown, SchemaRefused, what ``read_bill`` and ``read_delivery_order``
            raise, VaultFull, VaultUnavailable.
        """
        return self.note_own(session, self.keep_own(document, schema_id, title))

    def keep_own(
        self, document: dict[str, JsonValue], schema_id: str, title: str | None = None
    ) -> KeptDocument:
        """Do of ``store_own`` what takes long and needs no transaction: check, commit, seal.

        Raises: as ``store_own``.
        """
        content = _read(document, schema_id)
        seed = secrets.token_bytes(SEED_BYTES)
        return self._seal(Package(schema_id, document, seed, title, None), content)

    def keep_amended(
        self, session: Session, document: dict[str, JsonValue], title: Title
    ) -> KeptDocument:
        """Check and seal a bill that is to take the place of ``title``'s, under the same number.

        Raises: what ``read_bill``, ``package``, ``accept_check`` and ``keep_own`` raise.
        """
        bill = read_bill(document)
        numbering = self.package(session, title.root).numbering
        seed = secrets.token_bytes(SEED_BYTES)
        package = Package(TRANSPORT_DOCUMENT, document, seed, title.id, numbering)
        self._check_numbering(session, package)
        self._check_terms(bill, title)
        return self._seal(package, bill)

    def _seal(self, package: Package, content: Bill | DeliveryOrder | None) -> KeptDocument:
        root = "0x" + tree_of(package).root.hex()
        return KeptDocument(package, root, self.keep(package, root), content)

    def note_own(self, session: Session, kept: KeptDocument) -> StoredDocument:
        """Note an own document that is in the vault; ``store_own`` is complete with this."""
        package = kept.package
        self.record(session, package, kept.root, self._member, kept.vault_digest)
        return StoredDocument(kept.root, package.schema_id, package.title, package.seed)

    def number(self, session: Session, root: str, title: str, numbering: Numbering) -> None:
        """Note the title and numbering of an own bill; the same again changes nothing.

        Raises: DocumentNotHeld.
        """
        row = self._row(session, root)
        row.title = title
        row.numbering = dict(numbering.to_json())
        session.add(row)

    def keep(self, package: Package, root: str) -> str:
        """Put a package into the vault; return its digest there. See ``Vault.put``."""
        return self._vault.put(package.to_bytes(), _context(root)).hex()

    def record(
        self, session: Session, package: Package, root: str, source: str, vault_digest: str
    ) -> None:
        """Note a package that is in the vault; a root that is here already stays as it is."""
        if session.get(DocumentRow, root) is not None:
            return
        session.add(
            DocumentRow(
                root=root,
                schema_id=package.schema_id,
                title=package.title,
                vault_digest=vault_digest,
                numbering=dict(package.numbering.to_json()) if package.numbering else None,
                source_member=source,
                received_at=int(time.time()),
                size=len(package.to_bytes()),
            )
        )
        if package.schema_id == DELIVERY_ORDER:
            order = read_delivery_order(package.document)
            for container in order.containers:
                session.add(
                    OrderedContainerRow(number=container.number, root=root, title=order.title)
                )

    def package(self, session: Session, root: str) -> Package:
        """Return a held document as it goes to other members.

        Raises: DocumentNotHeld, VaultItemMissing, VaultDamaged, VaultUnavailable.
        """
        row = self._row(session, root)
        kept = Package.from_bytes(self._vault.get(bytes.fromhex(row.vault_digest), _context(root)))
        numbering = Numbering.from_json(row.numbering) if row.numbering else None
        return Package(kept.schema_id, kept.document, kept.seed, row.title, numbering)

    def read_document(self, session: Session, root: str) -> dict[str, JsonValue]:
        """Return a held document in the clear; the caller has asked the policy.

        Raises: as ``package``.
        """
        return self.package(session, root).document

    def holds(self, session: Session, root: str) -> bool:
        """Say whether the document of this root (0x hex) is here."""
        return session.get(DocumentRow, root) is not None

    def check_package(self, session: Session, package: Package, root: str) -> None:
        """Refuse a package that is not the document of ``root``, in order, for its title.

        1. Document, schema and seed give the root. 2. The document follows its schema and does
        not contradict itself. 3. A bill carries its carrier's numbering; a delivery order names
        its title.

        Raises: SchemaUnknown, RootMismatch, SchemaRefused, what the readers raise,
            NumberingInvalid, PackageMalformed.
        """
        _check_root(package, root)
        _read(package.document, package.schema_id)
        if package.schema_id == TRANSPORT_DOCUMENT:
            self._check_numbering(session, package)
        elif package.title != package.document.get("title"):
            raise PackageMalformed("The package is for another title than its document.")

    def accept_check(self, session: Session, title: Title, root: str | None = None) -> Bill:
        """Check all that must hold before this member accepts ``title``; return its bill.

        ``root`` is the document's: the title's, or one that is to take its place.

        1. The document of the root is here. 2. It gives that root. 3. It follows its
        schema. 4. The numbering makes this title of this carrier and bill number. 5. Kind, ports
        and party are those of the title.

        Raises: DocumentNotHeld, RootMismatch, SchemaRefused, BillNotATitle, BillInconsistent,
            NumberingInvalid, KindMismatch, PortMismatch, PartyMismatch.
        """
        root = root or title.root
        package = self.package(session, root)
        _check_root(package, root)
        if package.schema_id != TRANSPORT_DOCUMENT:
            raise KindMismatch("The title's document is no bill of lading.")
        bill = read_bill(package.document)
        self._check_numbering(session, package)
        numbering = package.numbering
        if package.title != title.id or numbering is None or numbering.carrier != title.carrier:
            raise NumberingInvalid("The bill's numbering makes another title than this one.")
        self._check_terms(bill, title)
        return bill

    def _check_terms(self, bill: Bill, title: Title) -> None:
        straight = title.kind == TitleKind.STRAIGHT
        if straight != (bill.kind == "straight"):
            raise KindMismatch("Title and bill are of different kinds.", bill=bill.kind)
        ports = (bill.port_of_loading, bill.port_of_discharge)
        if tuple(map(self._rulebook.port_id, ports)) != (title.loading, title.discharge):
            raise PortMismatch("Title and bill name different ports.")
        if not straight and title.state != TitleState.ISSUED:
            return  # an endorsement since the issue has named another party
        name = bill.consignee if straight else bill.order_party
        if (name is None) != (title.party == NOBODY):
            raise PartyMismatch("Title and bill differ on whether a party is named.")
        if name is not None and not self._directory.is_named(title.party, name):
            raise PartyMismatch("The bill names another party than the title.")

    def _check_numbering(self, session: Session, package: Package) -> None:
        """Check the numbering under a key that the ledger has for the carrier."""
        numbering = package.numbering
        if numbering is None or package.title is None:
            raise NumberingInvalid("The bill comes without its carrier's numbering.")
        if numbering.bill_number != package.document.get("transportDocumentReference"):
            raise NumberingInvalid("The numbering is for another bill number.")
        modulus = self._directory.numbering_modulus(numbering.carrier)
        if modulus is None or not _is_registered(session, numbering.carrier, modulus):
            raise NumberingInvalid("The carrier has no numbering key that is known here.")
        try:
            carrier = bytes.fromhex(numbering.carrier[2:])
            numbers.verify(modulus, carrier, numbering.bill_number, numbering.signature)
        except IdentityError as error:
            raise NumberingInvalid("The carrier's numbering does not verify.") from error
        if package.title != "0x" + numbers.tag(numbering.signature).hex():
            raise NumberingInvalid("The title's id is not that of the numbering.")

    def _row(self, session: Session, root: str) -> DocumentRow:
        row = session.get(DocumentRow, root)
        if row is None:
            raise DocumentNotHeld("The document is not here.", root=root[:66])
        return row


def tree_of(package: Package) -> FieldTree:
    """Commit to a package's document; raises SchemaUnknown and what ``commit`` raises."""
    return commit(package.document, schema_ref(package.schema_id), package.seed)


def _check_root(package: Package, root: str) -> None:
    if "0x" + tree_of(package).root.hex() != root:
        raise RootMismatch("The document does not have this root.", root=root)


def _read(document: dict[str, JsonValue], schema_id: str) -> Bill | DeliveryOrder | None:
    """Check a document by its schema and by what its kind of document may not contradict."""
    if schema_id == TRANSPORT_DOCUMENT:
        return read_bill(document)
    if schema_id == DELIVERY_ORDER:
        return read_delivery_order(document)
    validate(document, schema_id)
    return None


def _is_registered(session: Session, carrier: str, modulus: bytes) -> bool:
    row = session.get(MemberKey, (carrier, "0x" + numbers.key_id(modulus).hex()))
    return row is not None and row.purpose == KeyPurpose.NUMBERING


def _context(root: str) -> bytes:
    return b"lading document 1 " + bytes.fromhex(root[2:])
