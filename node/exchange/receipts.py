"""A receipt: the receiver's signed word that it holds and has checked what it was sent.

Format: ``{"statement": {"receipt": 1, "kind", "root", "from", "to", "at", "outcome"}, "kid",
"signature"}``; ``from`` is the member that gives the receipt, ``to`` the one that sent. The
signature is Ed25519 (RFC 8032) by the message key ``kid`` of ``from``'s profile, over the
statement digest of kind ``receipt`` (``identity.signatures.statements``).
"""

import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from identity.errors import StatementMalformed
from identity.signatures.statements import statement_digest
from node.audit.record import record
from node.exchange.errors import MessageMalformed
from node.exchange.messages import PeerKeys
from node.metrics import received
from node.store.database import Database
from node.store.documents import GivenReceiptRow

STORED = "stored"
_KIND = "receipt"
_MEMBERS = {"receipt", "kind", "root", "from", "to", "at", "outcome"}


def give_receipt(
    kind: str, root: str, giver: str, to: str, at: int, kid: str, key: Ed25519PrivateKey
) -> dict[str, Any]:
    """Sign that ``giver`` holds ``root`` (0x hex), sent by ``to``, since ``at`` (UTC seconds)."""
    statement = {
        "receipt": 1,
        "kind": kind,
        "root": root,
        "from": giver,
        "to": to,
        "at": at,
        "outcome": STORED,
    }
    signature = key.sign(statement_digest(_KIND, statement))
    return {"statement": statement, "kid": kid, "signature": "0x" + signature.hex()}


def check_receipt(
    receipt: object, kind: str, root: str, giver: str, to: str, keys: PeerKeys
) -> dict[str, Any]:
    """Return ``receipt`` when ``giver`` signed that it holds ``root``, sent by ``to``.

    Raises: MessageMalformed, and what ``keys`` raises.
    """
    if not isinstance(receipt, dict) or receipt.keys() != {"statement", "kid", "signature"}:
        raise MessageMalformed("The answer is not a receipt.")
    statement, kid, signature = receipt["statement"], receipt["kid"], receipt["signature"]
    if not isinstance(statement, dict) or statement.keys() != _MEMBERS:
        raise MessageMalformed("The receipt's statement has other members.")
    said = (statement["receipt"], statement["kind"], statement["root"], statement["from"])
    if (*said, statement["to"], statement["outcome"]) != (1, kind, root, giver, to, STORED):
        raise MessageMalformed("The receipt is for something else.")
    if not isinstance(statement["at"], int) or not isinstance(kid, str):
        raise MessageMalformed("The receipt says not when or by which key it was given.")
    try:
        signed = bytes.fromhex(str(signature).removeprefix("0x"))
        keys.message_key(giver, kid).verify(signed, statement_digest(_KIND, statement))
    except (InvalidSignature, ValueError, StatementMalformed) as error:
        raise MessageMalformed("The receipt's signature does not hold.") from error
    return receipt


class ReceiptBook:
    """The receipts that ``member`` gave and gives, each once."""

    def __init__(self, member: str, kid: str, key: Ed25519PrivateKey, database: Database) -> None:
        self._member = member
        self._kid = kid
        self._key = key
        self._database = database

    def given(self, kind: str, root: str, sender: str) -> dict[str, Any] | None:
        """Return the receipt that was given for this, if one was."""
        with self._database.read() as session:
            row = session.get(GivenReceiptRow, (kind, root, sender))
        return None if row is None else row.receipt

    def give(
        self, session: Session, kind: str, root: str, sender: str, subject: str | None
    ) -> dict[str, Any]:
        """Note and return the receipt, with its audit row; where one was given meanwhile, that one.

        Args:
            subject: what the audit row is about: a title or a document's root.
        """
        row = session.get(GivenReceiptRow, (kind, root, sender))
        if row is not None:
            return row.receipt
        receipt = give_receipt(
            kind, root, self._member, sender, int(time.time()), self._kid, self._key
        )
        received.labels(kind).inc()
        session.add(GivenReceiptRow(kind=kind, root=root, to_member=sender, receipt=receipt))
        record(session, f"Receive {kind}", STORED, subject=sender, role="member", object_id=subject)
        return receipt
