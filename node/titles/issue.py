"""Issuing: the carrier's bill becomes a title offered to its first holder.

Kind, ports and party are the bill's own. The title's id is made from the bill number by the
signer, so an issue's object is not known when the command is accepted; the number is claimed
until the command ends in vain.
"""

import hashlib
from typing import Any

from sqlmodel import select

from identity.acts.typed import Value
from identity.acts.words import MemberStatus, Role, TitleKind
from node.commands.bodies import (
    DEFAULT_DEADLINE_SECONDS,
    NOBODY,
    Body,
    DeadlineSeconds,
    Id,
    to_bytes,
)
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.documents.bill import Bill
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import KeptDocument
from node.errors import PartyUnknown
from node.store.projections import Member


class IssueBody(Body):
    """Issue a title for ``document``, a DCSA transport document, and offer it to ``holder``."""

    document: dict[str, Any]
    holder: Id
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS


def keep_bill(context: Context, body: IssueBody) -> KeptDocument:
    """Check the bill and put it into the vault.

    Raises: what ``read_bill`` raises, ContractRefused, VaultFull, VaultUnavailable.
    """
    _require_members(context, body)
    return context.node.documents.keep_own(body.document, TRANSPORT_DOCUMENT)


def prepare_issue(context: Context, body: IssueBody, kept: KeptDocument) -> Prepared:
    """Note the bill and state the title that it makes.

    Raises: PortUnknown, PartyUnknown, ContractRefused.
    """
    _require_members(context, body)
    bill = kept.content
    if not isinstance(bill, Bill):
        raise TypeError("a transport document reads as a bill")
    rulebook = context.node.rulebook
    fields: dict[str, Value] = {
        "kind": int(TitleKind[bill.kind.upper()]),
        "party": to_bytes(_party(context, bill)),
        "holder": to_bytes(body.holder),
        "deadline": context.now + body.deadline_seconds,
        "loading": rulebook.port_id(bill.port_of_loading),
        "discharge": rulebook.port_id(bill.port_of_discharge),
    }
    stored = context.node.documents.note_own(context.session, kept)
    return Prepared(
        object=None,
        counter=0,
        fields={**fields, "root": to_bytes(stored.root)},
        claim=bill_claim(bill.number),
        result={"root": stored.root},
    )


def _require_members(context: Context, body: IssueBody) -> None:
    context.active_member(context.member, Role.CARRIER)
    context.active_member(body.holder)
    if body.holder == context.member:
        raise refusal_named("OfferToSelf", title=NOBODY)


def bill_claim(number: str) -> str:
    """Return what one living issue at a time may claim: the bill number, hashed."""
    return "bill:" + hashlib.sha256(b"lading/bill/1\x00" + number.encode()).hexdigest()


def _party(context: Context, bill: Bill) -> str:
    """Return the member that the bill names as consignee or order party; nobody for blank.

    Raises: PartyUnknown, when no active member's profile has the name, or more than one has.
    """
    name = bill.consignee if bill.kind == "straight" else bill.order_party
    if name is None:
        return NOBODY
    directory = context.node.directory
    active = select(Member.id).where(Member.status == MemberStatus.ACTIVE)
    named = [member for member in context.session.exec(active) if directory.is_named(member, name)]
    if len(named) != 1:
        raise PartyUnknown(
            "The bill names a party that is not exactly one member's name.", found=len(named)
        )
    return named[0]
