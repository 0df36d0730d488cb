"""A title as the model has it, and what each verb does to it once nothing stands against it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_hash.auto import keccak
from model.members import NOBODY, Members

from identity.acts.words import (
    Capacity,
    Endorsement,
    SurrenderPurpose,
    TitleKind,
    TitleState,
)


@dataclass(frozen=True)
class Offer:
    """The open offer; ``capacity`` is 0 for a surrender, ``purpose`` 0 for anything else.

    ``root`` is the title's, of an amendment the one that it is to have.
    """

    digest: bytes
    root: bytes
    by: bytes
    to: bytes
    deadline: int
    capacity: int = 0
    endorsement: int = 0
    purpose: int = 0

    @property
    def id(self) -> bytes:
        """What identifies it to the contract."""
        return offer_id(self.digest, self.root)

    @property
    def amends(self) -> bool:
        """Whether it is a surrender for amendment."""
        return self.purpose == SurrenderPurpose.AMENDMENT

    @property
    def name(self) -> bytes:
        """What answers name: the digest, but of an amendment what identifies it."""
        return self.id if self.amends else self.digest


def offer_id(digest: bytes, root: bytes) -> bytes:
    """Return what identifies an offer of a title with this root."""
    return keccak(digest + root)


@dataclass
class Freeze:
    """An authority's freeze under one order, and the transfer proposed under it."""

    by: bytes
    transferable_from: int
    standing: bool = True
    proposal: bytes = NOBODY
    proposer: bytes = NOBODY
    to: bytes = NOBODY
    ends_lien: bool = False
    transferred: bool = False


@dataclass
class Title:
    """One title; members by id, zero for none."""

    id: bytes
    kind: int
    carrier: bytes
    party: bytes
    loading: int
    discharge: int
    root: bytes
    state: int = TitleState.NONE
    counter: int = 0
    version: int = 1
    holder: bytes = NOBODY
    pledgee: bytes = NOBODY
    offer: Offer | None = None
    consented: bool = False
    enforceable_from: int = 0
    orders: dict[bytes, Freeze] = field(default_factory=dict)

    @property
    def freezes(self) -> int:
        """How many freezes stand."""
        return sum(freeze.standing for freeze in self.orders.values())

    @property
    def controller(self) -> bytes:
        """Who may act on it now."""
        if self.state == TitleState.LIVE:
            return self.holder if self.pledgee == NOBODY else self.pledgee
        if self.state in (TitleState.ISSUED, TitleState.SURRENDERED):
            return self.carrier
        return NOBODY

    def ties(self, member: bytes) -> int:
        """How many things of this title keep the member from leaving."""
        alive = (TitleState.ISSUED, TitleState.LIVE, TitleState.SURRENDERED)
        if self.state not in alive:
            return 0  # a title in paper ties nobody: docs/decisions/0014
        holds = self.state in (TitleState.LIVE, TitleState.SURRENDERED) and member == self.holder
        return holds + (member == self.pledgee) + (member == self.carrier)

    def view(self) -> dict[str, Any]:
        """Return what Titles.titleOf tells."""
        offer = self.offer
        return {
            "state": self.state,
            "kind": self.kind,
            "counter": self.counter,
            "version": self.version,
            "carrier": self.carrier,
            "holder": self.holder,
            "pledgee": self.pledgee,
            "party": self.party,
            "counterparty": offer.to if offer else NOBODY,
            "offer": offer.id if offer else NOBODY,
            "offerCapacity": offer.capacity if offer else 0,
            "offerEndorsement": offer.endorsement if offer else 0,
            "offerPurpose": offer.purpose if offer else 0,
            "deadline": offer.deadline if offer else 0,
            "loading": self.loading,
            "discharge": self.discharge,
            "root": self.root,
            "freezes": self.freezes,
            "consented": int(self.consented),
            "enforceableFrom": self.enforceable_from,
        }


@dataclass(frozen=True)
class Attempt:
    """An act tried on a title by a principal whose key is good."""

    members: Members
    verb: str
    fields: Mapping[str, Any]
    digest: bytes
    title: Title
    taken: bool = False  # there is a title of this id, and the act is to issue one

    @property
    def principal(self) -> bytes:
        """In whose name the act is signed."""
        return bytes(self.fields["principal"])

    @property
    def now(self) -> int:
        """The block's time, UTC seconds."""
        return self.members.now

    @property
    def freeze(self) -> Freeze | None:
        """What stands recorded under the order that the act names."""
        return self.title.orders.get(self.fields["order"])


def take_effect(attempt: Attempt) -> None:
    """Change the title as the verb says."""
    EFFECTS[attempt.verb](attempt, attempt.title)
    attempt.title.counter += 1


def _issue(attempt: Attempt, title: Title) -> None:
    title.state = TitleState.ISSUED
    given = attempt.fields
    title.offer = Offer(
        attempt.digest,
        title.root,
        title.carrier,
        given["holder"],
        given["deadline"],
        Capacity.HOLDER,
    )


def _offer(attempt: Attempt, title: Title) -> None:
    given = attempt.fields
    title.offer = Offer(
        attempt.digest,
        title.root,
        attempt.principal,
        given["to"],
        given["deadline"],
        given["capacity"],
        given["endorsement"],
    )


def _surrender(attempt: Attempt, title: Title) -> None:
    given = attempt.fields
    amends = given["purpose"] == SurrenderPurpose.AMENDMENT
    title.offer = Offer(
        attempt.digest,
        given["amended"] if amends else title.root,
        attempt.principal,
        title.carrier,
        given["deadline"],
        purpose=given["purpose"],
    )


def _return_from_paper(attempt: Attempt, title: Title) -> None:
    given = attempt.fields
    title.offer = Offer(
        attempt.digest,
        title.root,
        attempt.principal,
        given["holder"],
        given["deadline"],
        Capacity.HOLDER,
    )


def _accept(attempt: Attempt, title: Title) -> None:
    offer = title.offer
    assert offer is not None
    if offer.purpose == SurrenderPurpose.DELIVERY:
        title.state = TitleState.SURRENDERED
    elif offer.purpose == SurrenderPurpose.PAPER:
        title.state, title.holder = TitleState.PAPER, NOBODY
    elif offer.capacity == Capacity.PLEDGEE:
        title.pledgee = attempt.principal
    else:
        _become_holder(title, attempt.principal, offer.endorsement)
        _end_lien(title)
    _end_offer(title)


def _become_holder(title: Title, member: bytes, endorsement: int) -> None:
    made_out = title.kind == TitleKind.ORDER and title.party != NOBODY
    if endorsement == Endorsement.NAMED or (made_out and title.state == TitleState.PAPER):
        title.party = member
    if endorsement == Endorsement.BLANK:
        title.party = NOBODY
    title.holder = member
    title.state = TitleState.LIVE


def _close(attempt: Attempt, title: Title) -> None:
    _end_offer(title)


def _release_pledge(attempt: Attempt, title: Title) -> None:
    if title.offer and title.offer.by == title.pledgee:
        _end_offer(title)
    _end_lien(title)


def _amend(attempt: Attempt, title: Title) -> None:
    title.root = attempt.fields["root"]
    title.version += 1
    _end_offer(title)


def _consent(attempt: Attempt, title: Title) -> None:
    title.consented = True


def _void(attempt: Attempt, title: Title) -> None:
    title.state = TitleState.VOID
    _end_offer(title)


def _record_default(attempt: Attempt, title: Title) -> None:
    title.enforceable_from = attempt.now + attempt.members.enforcement
    _end_offer(title)


def _freeze(attempt: Attempt, title: Title) -> None:
    since = attempt.now + attempt.members.transfer
    title.orders[attempt.fields["order"]] = Freeze(attempt.principal, since)


def _lift(attempt: Attempt, title: Title) -> None:
    assert attempt.freeze is not None
    attempt.freeze.standing = False


def _propose_transfer(attempt: Attempt, title: Title) -> None:
    freeze = attempt.freeze
    assert freeze is not None
    freeze.proposal, freeze.proposer = attempt.digest, attempt.principal
    freeze.to, freeze.ends_lien = attempt.fields["to"], attempt.fields["endsLien"] == 1


def _confirm_transfer(attempt: Attempt, title: Title) -> None:
    freeze = attempt.freeze
    assert freeze is not None
    if title.party != NOBODY:
        title.party = freeze.to
    title.holder = freeze.to
    if freeze.ends_lien:
        _end_lien(title)
    freeze.transferred = True
    _end_offer(title)


def _end_offer(title: Title) -> None:
    title.offer, title.consented = None, False


def _end_lien(title: Title) -> None:
    title.pledgee, title.enforceable_from = NOBODY, 0


EFFECTS: Mapping[str, Callable[[Attempt, Title], None]] = {
    "Issue": _issue,
    "Offer": _offer,
    "Accept": _accept,
    "Decline": _close,
    "Withdraw": _close,
    "ReleasePledge": _release_pledge,
    "Surrender": _surrender,
    "Amend": _amend,
    "ConsentAmendment": _consent,
    "ReturnFromPaper": _return_from_paper,
    "VoidTitle": _void,
    "RecordDefault": _record_default,
    "Freeze": _freeze,
    "Lift": _lift,
    "ProposeTransfer": _propose_transfer,
    "ConfirmTransfer": _confirm_transfer,
}
