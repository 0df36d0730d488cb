"""The errors of documents; the tree's root is ``node.errors.NodeError``.

Invalid
├── SchemaRefused: a document that does not follow its schema
├── PackageMalformed, RulebookInvalid
├── AttachmentMalformed: a file's name, type or manifest that cannot be one
├── BillInconsistent: a bill whose parts contradict each other
└── DeliveryOrderInconsistent
Refused
├── SchemaUnknown: a schema this node does not have
├── BillNotATitle: a transport document that no title can stand for
├── PortUnknown: a port that the rulebook does not name
├── DocumentNotHeld, RootMismatch: the document is not here, or is another one
├── NumberingInvalid, KindMismatch, PortMismatch, PartyMismatch: a bill that is not its title's
├── DisclosureIncomplete: a disclosure without all that the rulebook gives an authority
├── DeliveryRefused: a document that must be acknowledged first never will be
├── ReaderNotEntitled: a member that is not one of a document's readers
├── RetentionNotOver, OnLegalHold, TitleNotEnded: a document that may not be deleted
├── HoldUnknown, HoldLifted
├── CopyTooLong: a document that no readable copy is made of
└── VaultItemMissing: no such content is kept here
Unavailable
├── VaultFull: nothing was kept
├── VaultUnavailable: the vault's directory cannot be used
└── VaultDamaged: what is on the disk is not what was put there
"""

from node.errors import Invalid, Refused, Unavailable
from node.metrics import vault_damaged


class SchemaRefused(Invalid):
    """Facts: ``schema``, ``errors`` (at most 20: path, rule, expected), ``more`` (there are)."""

    code = "SCHEMA_REFUSED"
    what_to_do = "Correct the fields named in facts; the schema is published under its id."


class PackageMalformed(Invalid):
    """Bytes that are not a document with its schema and seed."""

    code = "PACKAGE_MALFORMED"
    what_to_do = "Ask the sender for the document again."


class RulebookInvalid(Invalid):
    """A rulebook that does not follow its format."""

    code = "RULEBOOK_INVALID"
    what_to_do = "Correct the rulebook; its schema is lading-rulebook-1."


class BillInconsistent(Invalid):
    """A bill that follows its schema and contradicts itself; ``rule`` says where."""

    code = "BILL_INCONSISTENT"
    what_to_do = "Correct the bill; the facts name the rule it breaks and the fields concerned."


class DeliveryOrderInconsistent(Invalid):
    """A delivery order that names a condition or a container twice."""

    code = "DELIVERY_ORDER_INCONSISTENT"
    what_to_do = "Name every condition and every container once."


class SchemaUnknown(Refused):
    """A schema this node does not have."""

    code = "SCHEMA_UNKNOWN"
    what_to_do = "Use a schema that the members have agreed on."


class BillNotATitle(Refused):
    """A sea waybill, a paper bill, or a bill that is not in the state issued."""

    code = "BILL_NOT_A_TITLE"
    what_to_do = "Issue an electronic bill of lading whose status is ISSUED."


class PortUnknown(Refused):
    """A port that the rulebook does not name."""

    code = "PORT_UNKNOWN"
    what_to_do = "Have the council add the port to the rulebook, or correct the port."


class VaultItemMissing(Refused):
    """No content of this digest is kept here."""

    code = "VAULT_ITEM_MISSING"
    what_to_do = "Have the document delivered again by a member that holds it."


class VaultFull(Unavailable):
    """The disk is full; nothing was kept."""

    code = "VAULT_FULL"
    what_to_do = "Free space on the disk of the member's directory, then try again."


class VaultUnavailable(Unavailable):
    """The vault's directory cannot be used."""

    code = "VAULT_UNAVAILABLE"
    what_to_do = "Check that the vault is a directory of this user alone (0700) and can be written."


class VaultDamaged(Unavailable):
    """What is on the disk is not what was put there, or is sealed for another key."""

    code = "VAULT_DAMAGED"
    what_to_do = "Restore the file from a backup, or have the document delivered again."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message, **facts)
        vault_damaged.inc()


class DocumentNotHeld(Refused):
    """No document of this root is here."""

    code = "DOCUMENT_NOT_HELD"
    what_to_do = "Ask the other side to deliver the document; it is accepted only once it is here."


class RootMismatch(Refused):
    """A document whose field tree has another root than the one it is named by."""

    code = "ROOT_MISMATCH"
    what_to_do = "Do not rely on this document; ask for the one that the title's root commits to."


class NumberingInvalid(Refused):
    """A bill without its carrier's numbering signature for this very title."""

    code = "NUMBERING_INVALID"
    what_to_do = "Do not accept this title: its carrier has not numbered this bill so."


class KindMismatch(Refused):
    """A title whose kind is not its document's."""

    code = "KIND_MISMATCH"
    what_to_do = "Do not accept this title; ask the carrier to issue it as the bill says."


class PortMismatch(Refused):
    """A title whose ports are not its bill's."""

    code = "PORT_MISMATCH"
    what_to_do = "Do not accept this title; ask the carrier to issue it as the bill says."


class PartyMismatch(Refused):
    """A title whose order party or consignee is not its bill's."""

    code = "PARTY_MISMATCH"
    what_to_do = "Do not accept this title; ask the carrier to issue it as the bill says."


class DisclosureIncomplete(Refused):
    """A disclosure that leaves out fields which the rulebook gives this authority."""

    code = "DISCLOSURE_INCOMPLETE"
    what_to_do = "Send every field of the document that the rulebook names for this authority."


class DeliveryRefused(Refused):
    """What waits for a delivery cannot go on: its receiver refused the document for good."""

    code = "DELIVERY_REFUSED"
    what_to_do = "Read the receiver's code in the facts; correct the document or the receiver."


class AttachmentMalformed(Invalid):
    """A file's name or media type, or a manifest, that is not what the format says."""

    code = "ATTACHMENT_MALFORMED"
    what_to_do = "Give a file name of 1 to 200 characters without slashes, and a plain media type."


class ReaderNotEntitled(Refused):
    """A file beside a document, to or from a member that is not one of the document's readers."""

    code = "READER_NOT_ENTITLED"
    what_to_do = "Deliver the document first, by an offer for example; its readers get its files."


class RetentionNotOver(Refused):
    """A document that must be kept longer; ``keep_until`` (UTC seconds) says how long."""

    code = "RETENTION_NOT_OVER"
    what_to_do = "Wait until the time in the facts; settings.json sets how long a type is kept."


class OnLegalHold(Refused):
    """A document that somebody put on legal hold; ``holds`` names the holds."""

    code = "ON_LEGAL_HOLD"
    what_to_do = "Have every hold in the facts lifted by whoever answers for it."


class TitleNotEnded(Refused):
    """The present document of a title that still lives."""

    code = "TITLE_NOT_ENDED"
    what_to_do = "Keep the document: somebody may still act on its title."


class HoldUnknown(Refused):
    """No hold of this id stands on this document."""

    code = "HOLD_UNKNOWN"
    what_to_do = "Read the document's holds and name one of them."


class HoldLifted(Refused):
    """A hold that was lifted before."""

    code = "HOLD_LIFTED"
    what_to_do = "Nothing: the hold is lifted already."


class CopyTooLong(Refused):
    """A document with more characters than a readable copy has."""

    code = "COPY_TOO_LONG"
    what_to_do = "Read the document as JSON."
