"""What the acts of a title add up to, by the contracts' rules."""

from hashlib import sha256

import pytest

from identity.acts.objects import COUNCIL, VERSIONS, condition_id, right_id
from identity.acts.typed import Act, Domain, Value
from identity.acts.types import ActType
from identity.acts.words import (
    Capacity,
    ConditionKind,
    DeviceState,
    MemberStatus,
    OrderState,
    Outcome,
    RightState,
    SurrenderPurpose,
    TitleState,
)
from node.evidence.errors import ActOutOfPlace, HistoryGap
from node.evidence.history import Place, ProvedAct, ProvedFollow, last_counters
from node.evidence.standing import NOBODY, Stand, Standing

TITLE, ORDER, LANE = (sha256(word).digest() for word in (b"title", b"order", b"lane"))
CARRIER, SHIPPER, BANK, BUYER = (
    sha256(word).digest() for word in (b"carrier", b"shipper", b"bank", b"buyer")
)
TAG = sha256(b"tag").digest()
DOMAIN = Domain(1, bytes(20), bytes(32))


class Told:
    """Acts in the order in which they are told, one a block."""

    def __init__(self) -> None:
        self.acts: list[ProvedAct] = []
        self.follows: list[ProvedFollow] = []

    def act(
        self, verb: str, by: bytes, object_: bytes, outcome: Outcome = Outcome.DONE, **own: Value
    ) -> "Told":
        fields: dict[str, Value] = {
            "principal": by, "delegation": bytes(32), "object": object_, "counter": 0,
            "expires": 1, "companion": bytes(32),
        }  # fmt: skip
        for field in ActType.by_name(verb).fields[6:]:
            fields[field.name] = [] if field.is_array else 0
        place = Place(len(self.acts) + 1, 0, 0)
        act = Act(verb, fields | own)
        self.acts.append(ProvedAct(place, 1, act, bytes(32), bytes(20), 1, outcome, DOMAIN))
        return self

    def issue(self) -> "Told":
        return self.act("Issue", CARRIER, TITLE, root=b"\x01" * 32)

    def live(self) -> "Told":
        return self.issue().act("Accept", SHIPPER, TITLE)

    def offer(self, by: bytes, capacity: Capacity) -> "Told":
        return self.act("Offer", by, TITLE, capacity=int(capacity))

    def surrendered(self) -> "Told":
        told = self.live().act("Surrender", SHIPPER, TITLE, purpose=int(SurrenderPurpose.DELIVERY))
        return told.act("Accept", CARRIER, TITLE)

    def opened(self) -> "Told":
        return self.surrendered().act(
            "OpenOrder", CARRIER, ORDER, title=TITLE, terminal=BUYER,
            kinds=[int(ConditionKind.FREIGHT)], members=[CARRIER], containers=[TAG],
        )  # fmt: skip

    def standing(self, order: bytes | None = ORDER) -> Standing:
        standing = Standing(TITLE, order)
        standing.replay(self.acts, self.follows)
        return standing

    @property
    def title(self) -> Stand:
        return self.standing().objects[TITLE]


def follow(log: int, contract: str, object_: bytes, state: int) -> ProvedFollow:
    return ProvedFollow(Place(99, 0, log), contract, object_, bytes(32), 2, state)


def test_an_issued_title_is_its_carriers_until_it_is_accepted() -> None:
    assert Told().issue().title == Stand("title", TitleState.ISSUED, CARRIER)
    assert Told().live().title == Stand("title", TitleState.LIVE, SHIPPER)


@pytest.mark.parametrize("verb", ["Withdraw", "Decline"])
def test_an_offer_that_ended_moves_nothing(verb: str) -> None:
    told = Told().live().offer(SHIPPER, Capacity.HOLDER).act(verb, SHIPPER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, SHIPPER)


def test_a_pledge_gives_control_and_its_release_gives_it_back() -> None:
    told = Told().live().offer(SHIPPER, Capacity.PLEDGEE).act("Accept", BANK, TITLE)
    assert told.title.controller == BANK
    assert told.standing().title.holder == SHIPPER
    assert told.act("ReleasePledge", BANK, TITLE).title.controller == SHIPPER


def test_a_surrender_that_was_declined_leaves_a_later_offer_an_offer() -> None:
    told = Told().live().act("Surrender", SHIPPER, TITLE, purpose=1).act("Decline", CARRIER, TITLE)
    told = told.offer(SHIPPER, Capacity.HOLDER).act("Accept", BUYER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, BUYER)


def test_a_lapsed_surrender_is_overwritten_by_the_next_offer() -> None:
    told = Told().live().act("Surrender", SHIPPER, TITLE, purpose=1)
    told = told.offer(SHIPPER, Capacity.HOLDER).act("Accept", BUYER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, BUYER)


def test_a_surrendered_title_is_its_carriers_and_a_void_one_nobodys() -> None:
    assert Told().surrendered().title == Stand("title", TitleState.SURRENDERED, CARRIER)
    assert Told().issue().act("VoidTitle", CARRIER, TITLE).title == Stand(
        "title", TitleState.VOID, NOBODY
    )


def test_a_default_and_its_sale_leave_the_buyer_alone_with_the_title() -> None:
    told = Told().live().offer(SHIPPER, Capacity.PLEDGEE).act("Accept", BANK, TITLE)
    told = told.act("RecordDefault", BANK, TITLE).offer(BANK, Capacity.HOLDER)
    told = told.act("Accept", BUYER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, BUYER)
    assert told.standing().title.pledgee == NOBODY


def test_an_amendment_replaces_the_root_and_moves_nothing() -> None:
    told = Told().live().act("Surrender", SHIPPER, TITLE, purpose=2, amended=b"\x02" * 32)
    told = told.act("ConsentAmendment", BANK, TITLE)
    told = told.act("Amend", CARRIER, TITLE, root=b"\x02" * 32)
    assert told.standing().title.root == b"\x02" * 32
    told = told.offer(SHIPPER, Capacity.HOLDER).act("Accept", BUYER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, BUYER)


def test_a_title_on_paper_is_nobodys_until_it_comes_back() -> None:
    told = Told().live().act("Surrender", SHIPPER, TITLE, purpose=int(SurrenderPurpose.PAPER))
    told = told.act("Accept", CARRIER, TITLE)
    assert told.title == Stand("title", TitleState.PAPER, NOBODY)
    assert told.standing().title.holder == NOBODY
    told = told.act("ReturnFromPaper", CARRIER, TITLE).act("Accept", BUYER, TITLE)
    assert told.title == Stand("title", TitleState.LIVE, BUYER)


@pytest.mark.parametrize("ends_lien", [0, 1])
def test_a_transfer_under_order_moves_the_holder_and_the_lien_if_it_says_so(
    ends_lien: int,
) -> None:
    told = Told().live().offer(SHIPPER, Capacity.PLEDGEE).act("Accept", BANK, TITLE)
    told = told.act("Freeze", LANE, TITLE, order=TAG)
    told = told.act("ProposeTransfer", LANE, TITLE, order=TAG, to=BUYER, endsLien=ends_lien)
    told = told.act("ConfirmTransfer", ORDER, TITLE, order=TAG)
    assert told.title.controller == (BUYER if ends_lien else BANK)
    assert told.standing().title.holder == BUYER
    assert told.standing().frozen == {TAG: LANE}
    assert told.act("Lift", LANE, TITLE, order=TAG).standing().frozen == {}


def test_a_title_follows_its_order_delivered_or_alive_again() -> None:
    told = Told().opened()
    told.follows.append(follow(0, "Titles", TITLE, TitleState.DELIVERED))
    assert told.title == Stand("title", TitleState.DELIVERED, NOBODY)
    told = Told().opened().act("ProposeCancellation", CARRIER, ORDER)
    told = told.act("ConfirmCancellation", SHIPPER, ORDER)
    told.follows.append(follow(0, "Titles", TITLE, TitleState.LIVE))
    assert told.standing().objects[ORDER].status == OrderState.CANCELLED
    assert told.title == Stand("title", TitleState.LIVE, SHIPPER)


def test_a_right_has_the_owner_that_accepted_it_and_lives_again_after_a_misread() -> None:
    right = right_id(ORDER, TAG)
    told = Told().opened().act("TransferRight", SHIPPER, right, to=BUYER)
    assert told.standing().objects[right] == Stand("right", RightState.READY)
    told = told.act("AcceptRight", BUYER, right).act("GateOut", CARRIER, right)
    told = told.act("RecordInterchange", CARRIER, right)
    told = told.act("ProposeReinstatement", CARRIER, right)
    assert told.standing().objects[right] == Stand("right", RightState.USED, BUYER)
    told = told.act("ConfirmReinstatement", CARRIER, right)
    assert told.standing().objects[right] == Stand("right", RightState.READY, BUYER)


def test_holds_stand_under_their_orders_until_they_are_lifted() -> None:
    told = Told().opened().act("HoldOrder", LANE, ORDER, order=TAG)
    assert told.standing().held == {TAG: LANE}
    assert told.standing().objects[ORDER].status == OrderState.OPEN
    assert told.act("LiftHold", LANE, ORDER, order=TAG).standing().held == {}


def test_a_lane_stands_as_its_acts_leave_it() -> None:
    told = Told().act("RegisterLane", CARRIER, LANE).act("Calibrate", CARRIER, LANE)
    assert told.standing().objects[LANE] == Stand("lane", DeviceState.IN_SERVICE, CARRIER)
    told = told.act("SuspendDevice", SHIPPER, LANE)
    assert told.standing().objects[LANE].status == DeviceState.SUSPENDED_BY_AUTHORITY
    told = told.act("ProveEquivocation", SHIPPER, LANE)
    assert told.standing().objects[LANE].status == DeviceState.EQUIVOCATED


def test_members_council_and_contracts_stand_as_motions_leave_them() -> None:
    told = Told().act("AdmitMember", CARRIER, BANK).act("SuspendMember", CARRIER, BANK)
    told = told.act("NameSuccessor", CARRIER, BANK).act("Delegate", BANK, BANK)
    told = told.act("RotateCouncil", CARRIER, COUNCIL, threshold=2)
    told = told.act("ActivateVersion", CARRIER, VERSIONS, version=2)
    objects = told.standing().objects
    assert objects[BANK].status == MemberStatus.SUSPENDED
    assert objects[COUNCIL] == Stand("council", 2)
    assert objects[VERSIONS] == Stand("versions", 2)


def test_an_order_brings_its_conditions_and_rights_before_anyone_acts_on_them() -> None:
    objects = Told().opened().standing().objects
    assert objects[ORDER] == Stand("order", OrderState.OPEN, BUYER)
    assert objects[condition_id(ORDER, ConditionKind.FREIGHT)] == Stand("condition", 0, CARRIER)
    assert objects[right_id(ORDER, TAG)] == Stand("right", RightState.READY)


def test_a_recorded_refusal_uses_no_right() -> None:
    right = right_id(ORDER, TAG)
    told = Told().opened().act("GateOut", BUYER, right, Outcome.RECORDED_REFUSAL)
    assert told.standing().objects[right].status == RightState.READY
    assert told.act("GateOut", BUYER, right).standing().objects[right].status == RightState.USED
    told.act("ReturnEmpty", BUYER, right)
    assert told.standing().objects[right].status == RightState.RETURNED


def test_a_follow_up_closes_the_order_and_nothing_else() -> None:
    told = Told().opened()
    told.follows.append(follow(0, "Releases", ORDER, OrderState.CLOSED))
    assert told.standing().objects[ORDER].status == OrderState.CLOSED
    told.follows.append(follow(1, "Releases", TITLE, OrderState.CANCELLED))
    with pytest.raises(ActOutOfPlace):
        told.standing()


@pytest.mark.parametrize(
    "told",
    [
        Told().act("Issue", CARRIER, ORDER),
        Told().live().act("Offer", SHIPPER, ORDER),
        Told().surrendered().act("OpenOrder", CARRIER, TITLE, title=TITLE),
        Told().surrendered().act("OpenOrder", CARRIER, ORDER, title=LANE),
        Told().surrendered().act("OpenOrder", CARRIER, ORDER, title=TITLE, kinds=[1]),
        Told().opened().act("SetCondition", CARRIER, condition_id(TITLE, 1)),
        Told().opened().act("SetCondition", CARRIER, condition_id(ORDER, 2)),
        Told().opened().act("GateOut", BUYER, right_id(TITLE, TAG)),
        Told().opened().act("GateOut", BUYER, condition_id(ORDER, 1)),
        Told().surrendered().act("SetCondition", CARRIER, condition_id(ORDER, 1)),
        Told().live().act("AssignAuthority", CARRIER, TITLE),
        Told().live().act("ConfirmTransfer", CARRIER, TITLE, order=TAG),
        Told().live().act("RegisterDevice", CARRIER, LANE),
        Told().live().act("RotateCouncil", CARRIER, TITLE),
        Told().live().act("HoldOrder", CARRIER, ORDER),
        Told().live().act("Checkpoint", CARRIER, CARRIER),
    ],
)
def test_an_act_of_something_else_is_out_of_place(told: Told) -> None:
    with pytest.raises(ActOutOfPlace):
        told.standing()


def test_an_order_that_the_file_does_not_name_is_out_of_place() -> None:
    with pytest.raises(ActOutOfPlace):
        Told().opened().standing(None)


def counted(*counters: int, outcome: Outcome = Outcome.DONE) -> list[ProvedAct]:
    told = Told()
    for _ in counters:
        told.act("Offer", CARRIER, TITLE, outcome)
    return [
        ProvedAct(a.place, a.time, a.act, a.digest, a.key, counter, a.outcome, a.domain)
        for a, counter in zip(told.acts, counters, strict=True)
    ]


def test_counters_run_from_one_without_a_gap() -> None:
    assert last_counters(counted(1, 2, 3), []) == {("Titles", TITLE): 3}
    assert last_counters(counted(0, 0, outcome=Outcome.ASSENTED), []) == {("Titles", TITLE): 0}
    followed = ProvedFollow(Place(9, 0, 0), "Titles", TITLE, bytes(32), 2, 1)
    assert last_counters(counted(1), [followed]) == {("Titles", TITLE): 2}
    elsewhere = ProvedFollow(Place(9, 0, 0), "Devices", TITLE, bytes(32), 1, 1)
    assert last_counters(counted(1), [elsewhere])["Devices", TITLE] == 1


@pytest.mark.parametrize("counters", [(2,), (0,), (1, 1), (1, 3), (2, 1), (1, 2, 2)])
def test_a_counter_that_jumps_or_stands_still_shows_a_gap(counters: tuple[int, ...]) -> None:
    with pytest.raises(HistoryGap):
        last_counters(counted(*counters), [])


def test_an_assent_that_moves_a_counter_shows_a_gap() -> None:
    with pytest.raises(HistoryGap):
        last_counters(counted(1, outcome=Outcome.ASSENTED), [])
