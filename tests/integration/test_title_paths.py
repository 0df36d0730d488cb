"""One title off the straight path: amended, enforced, cancelled, frozen, transferred, on paper.

Every act goes through the members' own nodes; each step goes on where the one before left it.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import select
from support.members import NODE_PARTS, RunningMember, running_members, wait_for
from support.peers import bill_number, make_bill

from identity.acts.words import FreezeStage, OrderState, TitleState
from node.chain.network import WaitingTimes
from node.errors import ContractRefused
from node.store.documents import DisclosureRow
from node.store.projections import NOBODY, DeliveryOrder, Title, TitleFreeze

NAMES = ["carrier", "shipper", "bank", "terminal", "customs", "regulator"]
LEGAL_ORDER = "0x" + "4c" * 32
Members = dict[str, RunningMember]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    waiting = WaitingTimes(enforcement_seconds=1, transfer_seconds=1)
    with running_members(tmp_path_factory.mktemp("paths"), NAMES, waiting) as members:
        for member in members.values():
            member.run_parts(*NODE_PARTS)
        for member in members.values():
            member.knows(*members.values())
        yield members


@pytest.fixture(scope="module")
def title(members: Members) -> str:
    """A title that the shipper holds and has pledged to the bank."""
    carrier, shipper, bank = (members[name] for name in NAMES[:3])
    issue = carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)
    title = str(issue.object)
    accept_next(shipper, title)
    shipper.do("Offer", title=title, to=bank.id, capacity="pledgee")
    accept_next(bank, title)
    return title


def accept_next(member: RunningMember, title: str) -> None:
    """Accept the offer to ``member`` as soon as its node has seen it."""
    row = seen(member, title, lambda row: row.counterparty == member.id)
    member.do("Accept", title=title, offer=row.offer)


def seen(member: RunningMember, title: str, holds: Callable[[Title], bool]) -> Title:
    """Wait until a member's node shows the title so."""

    def found() -> bool:
        row = member.row(Title, title)
        return row is not None and holds(row)

    wait_for(found, "the title is in that state")
    row: Title = member.row(Title, title)
    return row


def test_a_pledged_title_is_amended_with_its_pledgees_consent(members: Members, title: str) -> None:
    carrier, shipper, bank = (members[name] for name in NAMES[:3])
    before = seen(shipper, title, lambda row: row.pledgee == bank.id)
    with shipper.node.db.read() as session:
        bill = shipper.node.documents.read_document(session, before.root)
    amended: dict[str, Any] = {**bill}
    amended["consignmentItems"][0]["descriptionOfGoods"] = ["Other goods"]
    shipper.do("Surrender", title=title, purpose="amendment", document=amended)
    asked = seen(bank, title, lambda row: row.amended != NOBODY)
    bank.do("ConsentAmendment", title=title, offer=asked.offer)
    seen(carrier, title, lambda row: row.consented)
    carrier.do("Amend", title=title, offer=asked.offer)
    after = seen(bank, title, lambda row: row.version == 2)
    assert (after.root, after.holder, after.pledgee) == (asked.amended, shipper.id, bank.id)
    with bank.node.db.read() as session:
        assert bank.node.documents.read_document(session, after.root) == amended

    def told() -> bool:
        with members["customs"].node.db.read() as session:
            rows = session.exec(select(DisclosureRow).where(DisclosureRow.title == title)).all()
        return after.root in {row.root for row in rows}

    wait_for(told, "customs is told of the amended bill")


def test_after_a_default_the_pledgee_surrenders_and_a_cancelled_order_gives_the_title_back(
    members: Members, title: str
) -> None:
    carrier, bank, terminal = members["carrier"], members["bank"], members["terminal"]
    seen(bank, title, lambda row: row.version == 2)
    bank.do("RecordDefault", title=title)
    enforceable = seen(bank, title, lambda row: row.enforceable_from > 0).enforceable_from
    wait_for(lambda: time.time() > enforceable, "the waiting time is over")
    bank.do("Surrender", title=title)
    accept_next_surrender(carrier, title)
    freight = [{"kind": "freight", "member": carrier.id}]
    opened = carrier.do("OpenOrder", title=title, terminal=terminal.id, conditions=freight)
    order = str(opened.object)
    proposal = carrier.do("ProposeCancellation", order=order).digest
    wait_for(
        lambda: (row := bank.row(DeliveryOrder, order)) and row.cancellation == proposal,
        "the bank sees the proposal",
    )
    bank.do("ConfirmCancellation", order=order, proposal=proposal)
    assert bank.row(DeliveryOrder, order).state == OrderState.CANCELLED
    row = seen(carrier, title, lambda row: row.state == TitleState.LIVE)
    assert row.pledgee == bank.id, "as it was, its lien too"
    bank.do("ReleasePledge", title=title)


def accept_next_surrender(carrier: RunningMember, title: str) -> None:
    row = seen(carrier, title, lambda row: row.offer_purpose != 0)
    carrier.do("Accept", title=title, offer=row.offer)


def test_two_authorities_move_a_frozen_title_under_their_order(
    members: Members, title: str
) -> None:
    shipper, bank, customs = members["shipper"], members["bank"], members["customs"]
    named = {"title": title, "legal_order": LEGAL_ORDER}
    seen(customs, title, lambda row: row.pledgee == NOBODY)
    customs.do("Freeze", **named)
    seen(shipper, title, lambda row: row.freezes == 1)
    with pytest.raises(ContractRefused) as refused:
        shipper.ask("Offer", title=title, to=bank.id)
    assert refused.value.code == "TITLE_FROZEN"
    freeze = freeze_of(customs, title, FreezeStage.FROZEN)
    wait_for(lambda: time.time() > freeze.transferable_from, "the freeze has waited")
    proposal = customs.do("ProposeTransfer", **named, to=bank.id, ends_lien=False).digest
    regulator = members["regulator"]
    freeze_of(regulator, title, FreezeStage.PROPOSED)
    regulator.do("ConfirmTransfer", **named, proposal=proposal)
    freeze_of(customs, title, FreezeStage.TRANSFERRED)
    customs.do("Lift", **named)
    row = seen(bank, title, lambda row: row.freezes == 0)
    assert row.holder == row.controller == bank.id


def freeze_of(member: RunningMember, title: str, stage: FreezeStage) -> TitleFreeze:
    """Wait until a member's node shows the freeze at this stage."""

    def read() -> TitleFreeze | None:
        with member.node.db.read() as session:
            return session.get(TitleFreeze, (title, LEGAL_ORDER))

    wait_for(lambda: (row := read()) and row.stage == stage, f"the freeze is {stage.name}")
    row = read()
    assert row is not None
    return row


def test_a_title_becomes_paper_and_comes_back_to_who_brings_it(
    members: Members, title: str
) -> None:
    carrier, shipper, bank = (members[name] for name in NAMES[:3])
    seen(bank, title, lambda row: row.holder == bank.id and row.freezes == 0)
    bank.do("Surrender", title=title, purpose="paper")
    accept_next_surrender(carrier, title)
    paper = seen(carrier, title, lambda row: row.state == TitleState.PAPER)
    assert paper.holder == NOBODY
    carrier.do("ReturnFromPaper", title=title, holder=shipper.id)
    accept_next(shipper, title)
    row = seen(carrier, title, lambda row: row.state == TitleState.LIVE)
    assert (row.holder, row.version) == (shipper.id, 2)
