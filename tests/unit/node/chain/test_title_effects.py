"""What each act on a title leaves in the tables: the same as Titles would answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.acted import ActedLedger

from identity.acts.objects import VERSIONS, amendment_id
from identity.acts.words import (
    Capacity,
    Endorsement,
    FreezeStage,
    SurrenderPurpose,
    TitleKind,
    TitleState,
)
from node.chain.errors import EventMissing, LogMalformed
from node.store.council_projections import ContractPlace
from node.store.projections import NOBODY, Title, TitleFreeze

TITLE, ORDER = bytes([1]) * 32, bytes([2]) * 32
CARRIER, SHIPPER, BANK, BUYER, CUSTOMS, REGULATOR = (bytes([n]) * 32 for n in range(10, 16))
ROOT, AMENDED = bytes([20]) * 32, bytes([21]) * 32


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


class Titles(ActedLedger):
    """The life of one title."""

    def issued(self, kind: TitleKind = TitleKind.ORDER, party: bytes = bytes(32)) -> "Titles":
        self.act(
            "Issue", CARRIER, TITLE, kind=int(kind), party=party, holder=SHIPPER, deadline=9,
            loading=1, discharge=2, root=ROOT,
        )  # fmt: skip
        return self

    def live(self, kind: TitleKind = TitleKind.ORDER, party: bytes = bytes(32)) -> "Titles":
        self.issued(kind, party).act("Accept", SHIPPER, TITLE)
        return self

    def pledged(self) -> "Titles":
        self.live().act("Offer", SHIPPER, TITLE, to=BANK, capacity=int(Capacity.PLEDGEE))
        self.act("Accept", BANK, TITLE)
        return self

    def surrender(self, by: bytes, purpose: SurrenderPurpose, amended: bytes = bytes(32)) -> str:
        return self.act(
            "Surrender", by, TITLE, purpose=int(purpose), root=ROOT, amended=amended, deadline=99
        )

    @property
    def title(self) -> Title:
        return self.row(Title, TITLE)  # type: ignore[no-any-return]

    @property
    def freeze(self) -> TitleFreeze:
        return self.row(TitleFreeze, TITLE, ORDER)  # type: ignore[no-any-return]


@pytest.fixture
def titles(tmp_path: Path) -> Iterator[Titles]:
    ledger = Titles(tmp_path)
    yield ledger
    ledger.store.close()


def no_offer(title: Title) -> bool:
    return (title.counterparty, title.offer, title.offer_act, title.deadline) == (
        NOBODY, NOBODY, NOBODY, 0,
    )  # fmt: skip


def test_a_default_can_be_enforced_after_the_rulebooks_waiting_time(titles: Titles) -> None:
    titles.pledged()
    titles.surrender(SHIPPER, SurrenderPurpose.AMENDMENT, AMENDED)
    titles.act("RecordDefault", BANK, TITLE, notice=ROOT)
    assert titles.title.enforceable_from == titles.now + 3600
    assert no_offer(titles.title)


def test_a_sale_by_the_pledgee_ends_the_lien(titles: Titles) -> None:
    titles.pledged().act("RecordDefault", BANK, TITLE)
    titles.act("Offer", BANK, TITLE, to=BUYER, capacity=1, endorsement=int(Endorsement.NAMED))
    assert titles.title.holder == hexed(SHIPPER)
    titles.act("Accept", BUYER, TITLE)
    row = titles.title
    assert (row.holder, row.pledgee, row.controller, row.party) == (
        hexed(BUYER), NOBODY, hexed(BUYER), hexed(BUYER),
    )  # fmt: skip
    assert row.enforceable_from == 0


def test_a_release_ends_the_pledgees_offer_and_keeps_the_holders_amendment(titles: Titles) -> None:
    titles.pledged()
    titles.surrender(SHIPPER, SurrenderPurpose.AMENDMENT, AMENDED)
    titles.act("ConsentAmendment", BANK, TITLE)
    titles.act("ReleasePledge", BANK, TITLE)
    row = titles.title
    assert (row.pledgee, row.controller, row.consented) == (NOBODY, hexed(SHIPPER), True)
    assert row.amended == hexed(AMENDED)
    titles.act("Withdraw", SHIPPER, TITLE)
    assert no_offer(titles.title)
    assert (titles.title.amended, titles.title.consented) == (NOBODY, False)
    titles.act("Offer", SHIPPER, TITLE, to=BANK, capacity=2)
    titles.act("Accept", BANK, TITLE)
    titles.act("Offer", BANK, TITLE, to=BUYER, capacity=1)
    titles.act("ReleasePledge", BANK, TITLE)
    assert no_offer(titles.title)


def test_an_amendment_is_named_with_its_root_and_replaces_the_documents(titles: Titles) -> None:
    titles.pledged()
    digest = titles.surrender(SHIPPER, SurrenderPurpose.AMENDMENT, AMENDED)
    row = titles.title
    assert row.offer == hexed(amendment_id(bytes.fromhex(digest[2:]), AMENDED))
    assert (row.offer_act, row.amended, row.counterparty) == (
        digest, hexed(AMENDED), hexed(CARRIER),
    )  # fmt: skip
    titles.act("ConsentAmendment", BANK, TITLE)
    assert titles.title.consented
    titles.act("Amend", CARRIER, TITLE, root=AMENDED)
    row = titles.title
    assert (row.version, row.root, row.holder, row.pledgee) == (
        2, hexed(AMENDED), hexed(SHIPPER), hexed(BANK),
    )  # fmt: skip
    assert no_offer(row)
    assert not row.consented


@pytest.mark.parametrize("kind", TitleKind)
def test_a_title_goes_to_paper_and_comes_back_made_out_to_who_brings_it(
    titles: Titles, kind: TitleKind
) -> None:
    titles.live(kind, party=SHIPPER)
    titles.surrender(SHIPPER, SurrenderPurpose.PAPER)
    titles.act("Accept", CARRIER, TITLE)
    assert (titles.title.state, titles.title.holder, titles.title.controller) == (
        TitleState.PAPER, NOBODY, NOBODY,
    )  # fmt: skip
    titles.act("ReturnFromPaper", CARRIER, TITLE, holder=BUYER, deadline=99, root=ROOT)
    assert (titles.title.counterparty, titles.title.deadline) == (hexed(BUYER), 99)
    titles.act("Accept", BUYER, TITLE)
    row = titles.title
    made_out_to = BUYER if kind is TitleKind.ORDER else SHIPPER
    assert (row.state, row.holder, row.party) == (
        TitleState.LIVE, hexed(BUYER), hexed(made_out_to),
    )  # fmt: skip


def test_a_blank_title_comes_back_from_paper_blank(titles: Titles) -> None:
    titles.live()
    titles.surrender(SHIPPER, SurrenderPurpose.PAPER)
    titles.act("Accept", CARRIER, TITLE)
    titles.act("ReturnFromPaper", CARRIER, TITLE, holder=BUYER)
    titles.act("Accept", BUYER, TITLE)
    assert titles.title.party == NOBODY


def test_freezes_are_counted_and_each_stands_under_its_order(titles: Titles) -> None:
    titles.live().act("Freeze", CUSTOMS, TITLE, port=2, order=ORDER)
    assert (titles.title.freezes, titles.freeze.stage) == (1, FreezeStage.FROZEN)
    assert (titles.freeze.member, titles.freeze.port) == (hexed(CUSTOMS), 2)
    assert titles.freeze.transferable_from == titles.now + 7200
    titles.act("Freeze", REGULATOR, TITLE, port=1, order=ROOT)
    titles.act("Lift", CUSTOMS, TITLE, port=2, order=ORDER)
    assert (titles.title.freezes, titles.freeze.stage) == (1, FreezeStage.LIFTED)


@pytest.mark.parametrize("ends_lien", [0, 1])
def test_a_transfer_under_order_moves_the_title_and_the_lien_only_if_it_says_so(
    titles: Titles, ends_lien: int
) -> None:
    titles.pledged().act("RecordDefault", BANK, TITLE)
    titles.act("Offer", BANK, TITLE, to=BUYER, capacity=1)
    titles.act("Freeze", CUSTOMS, TITLE, port=2, order=ORDER)
    digest = titles.act(
        "ProposeTransfer", CUSTOMS, TITLE, order=ORDER, to=BUYER, endsLien=ends_lien
    )
    assert titles.freeze.stage == FreezeStage.PROPOSED
    assert (titles.freeze.proposal, titles.freeze.proposed_by, titles.freeze.proposed_to) == (
        digest, hexed(CUSTOMS), hexed(BUYER),
    )  # fmt: skip
    titles.act("ConfirmTransfer", REGULATOR, TITLE, order=ORDER, proposal=bytes.fromhex(digest[2:]))
    row = titles.title
    assert (row.holder, row.freezes, titles.freeze.stage) == (
        hexed(BUYER), 1, FreezeStage.TRANSFERRED,
    )  # fmt: skip
    assert row.controller == hexed(BUYER if ends_lien else BANK)
    assert bool(row.enforceable_from) is not bool(ends_lien)
    assert no_offer(row)


def test_a_transfer_makes_a_title_out_to_its_new_holder(titles: Titles) -> None:
    titles.live(TitleKind.STRAIGHT, party=SHIPPER).act("Freeze", CUSTOMS, TITLE, order=ORDER)
    titles.act("ProposeTransfer", CUSTOMS, TITLE, order=ORDER, to=BUYER)
    titles.act("ConfirmTransfer", REGULATOR, TITLE, order=ORDER)
    assert titles.title.party == hexed(BUYER)


@pytest.mark.parametrize("verb", ["Lift", "ProposeTransfer", "ConfirmTransfer"])
def test_an_act_under_an_order_that_froze_nothing_stops_the_follower(
    titles: Titles, verb: str
) -> None:
    titles.live()
    with pytest.raises(EventMissing):
        titles.act(verb, CUSTOMS, TITLE, order=ORDER)


def test_a_title_is_delivered_as_its_order_closes(titles: Titles) -> None:
    titles.live()
    titles.surrender(SHIPPER, SurrenderPurpose.DELIVERY)
    titles.act("Accept", CARRIER, TITLE)
    assert titles.title.controller == hexed(CARRIER)
    titles.followed("Titles", TITLE, TitleState.DELIVERED)
    assert (titles.title.state, titles.title.controller) == (TitleState.DELIVERED, NOBODY)
    assert titles.title.counter == 5


def test_a_cancelled_order_gives_the_title_back_as_it_was(titles: Titles) -> None:
    titles.pledged().act("RecordDefault", BANK, TITLE)
    titles.surrender(BANK, SurrenderPurpose.DELIVERY)
    titles.act("Accept", CARRIER, TITLE)
    titles.followed("Titles", TITLE, TitleState.LIVE)
    row = titles.title
    assert (row.state, row.holder, row.pledgee, row.controller) == (
        TitleState.LIVE, hexed(SHIPPER), hexed(BANK), hexed(BANK),
    )  # fmt: skip


def test_a_follow_up_that_no_contract_makes_stops_the_follower(titles: Titles) -> None:
    titles.live()
    with pytest.raises(LogMalformed):
        titles.followed("Devices", TITLE, 1)


def activate(titles: Titles, titles_at: bytes) -> None:
    here = {
        name: bytes.fromhex(c.address[2:]) for name, c in titles.ledger.network.contracts.items()
    }
    names = ("Membership", "Devices", "Titles", "Releases", "Attestations")
    addresses = [titles_at if name == "Titles" else here[name] for name in names]
    titles.act("ActivateVersion", CARRIER, VERSIONS, after=2, version=2, contracts=addresses)


def test_a_new_version_is_followed_where_it_stands_and_open_offers_lapse(titles: Titles) -> None:
    titles.pledged()
    titles.surrender(SHIPPER, SurrenderPurpose.AMENDMENT, AMENDED)
    titles.act("Freeze", CUSTOMS, TITLE, order=ORDER)
    titles.act("ProposeTransfer", CUSTOMS, TITLE, order=ORDER, to=BUYER)
    second = bytes([77]) * 20
    activate(titles, second)
    assert no_offer(titles.title)
    assert (titles.freeze.stage, titles.freeze.transferable_from) == (FreezeStage.FROZEN, 0)
    assert titles.row(ContractPlace, 2, "Titles").address == hexed(second)
    log = titles.ledger.acted("Lift", 8, principal=CUSTOMS, object=TITLE, port=0, order=ORDER)
    titles.ledger.add_block([log | {"address": hexed(second)}])
    titles.follow()
    assert titles.title.freezes == 0


def test_a_version_and_acts_of_it_may_stand_in_blocks_that_are_read_together(
    titles: Titles,
) -> None:
    titles.live()
    second = bytes([77]) * 20
    follow, titles.follow = titles.follow, lambda: None  # type: ignore[method-assign]
    activate(titles, second)
    titles.follow = follow  # type: ignore[method-assign]
    log = titles.ledger.acted("Freeze", 3, principal=CUSTOMS, object=TITLE, port=2, order=ORDER)
    titles.ledger.add_block([log | {"address": hexed(second)}])
    titles.follow()
    assert titles.title.freezes == 1


def test_a_version_that_names_too_few_contracts_stops_the_follower(titles: Titles) -> None:
    with pytest.raises(LogMalformed):
        titles.act("ActivateVersion", CARRIER, VERSIONS, after=2, version=2, contracts=[bytes(20)])
