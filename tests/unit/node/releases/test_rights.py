"""Pickup rights passed on and reinstated, orders held and cancelled: terms and early refusals."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.members import DISCHARGE
from support.offline import OfflineMember, fields_of, new_id, refused, right_row

from identity.acts.words import OrderState, RightState, Role, TitleState
from node.commands.bodies import NOBODY
from node.store.projections import DeliveryOrder, OrderHold, PickupRight


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    """A member that is carrier, holder, terminal, truck and customs in one."""
    roles = Role.CARRIER | Role.TERMINAL | Role.CUSTOMS | Role.TRUCK
    member = OfflineMember(tmp_path_factory.mktemp("rights"), "all in one", roles)
    member.assign(member.id, Role.CUSTOMS)
    yield member
    member.node.close()


def opened(member: OfflineMember, **given: Any) -> DeliveryOrder:
    """Let the node know an order of a title that this member issued and surrendered."""
    of_title = {name: given.pop(name) for name in ("carrier", "holder", "freezes") if name in given}
    state = int(TitleState.SURRENDERED)
    title = member.title(**{"carrier": member.id, "state": state} | of_title)
    order = DeliveryOrder(
        **{
            "id": new_id(), "title": title.id, "state": int(OrderState.OPEN), "counter": 5,
            "root": new_id(), "carrier": title.carrier, "terminal": member.id, "port": DISCHARGE,
            "holds": 0, "cancellation": NOBODY, "opened_block": 1, "last_block": 1,
        } | given
    )  # fmt: skip
    member.put(order)
    return order


def right_of(
    member: OfflineMember, state: RightState = RightState.READY, **given: Any
) -> PickupRight:
    """Let the node know a pickup right, changed by what a right has; the rest is the order's."""
    own = {name: given.pop(name) for name in list(given) if name in PickupRight.model_fields}
    right = right_row(new_id(), opened(member, **given).id, new_id(), member.id)
    right = PickupRight(**right.model_dump() | {"state": int(state), "counter": 7} | own)
    member.put(right)
    return right


def offered(member: OfflineMember, **given: Any) -> PickupRight:
    terms = {"offered_to": member.id, "offer": new_id(), "deadline": int(time.time()) + 600}
    return right_of(member, **terms | given)


def test_a_right_is_offered_to_a_truck_company_by_who_surrendered(member: OfflineMember) -> None:
    right, truck = right_of(member), member.other(Role.TRUCK)
    fields = fields_of(member, "TransferRight", right=right.id, to=truck)
    assert (fields["object"], fields["counter"], fields["to"]) == (right.id, 7, truck)
    assert fields["deadline"] > time.time()


def test_transfers_that_cannot_count_are_refused_at_once(member: OfflineMember) -> None:
    truck = member.other(Role.TRUCK)
    cases: dict[str, dict[str, Any]] = {
        "OBJECT_UNKNOWN": {"right": new_id(), "to": truck},
        "NOT_THE_RIGHTS_OWNER": {"right": right_of(member, owner=truck).id, "to": truck},
        "OFFER_TO_OWNER": {"right": right_of(member).id, "to": member.id},
        "ROLE_MISSING": {"right": right_of(member).id, "to": member.other()},
        "WRONG_STATE": {"right": right_of(member, RightState.USED).id, "to": truck},
        "ORDER_HELD": {"right": right_of(member, holds=1).id, "to": truck},
        "TITLE_FROZEN": {"right": right_of(member, freezes=1).id, "to": truck},
    }
    assert {refused(member, "TransferRight", **body) for body in cases.values()} == set(cases)


def test_a_right_is_accepted_by_its_offers_digest(member: OfflineMember) -> None:
    right = offered(member)
    assert fields_of(member, "AcceptRight", right=right.id, offer=right.offer)["offer"]
    elsewhere, late = offered(member, offered_to=member.other()), offered(member, deadline=1)
    cases = {
        "RIGHT_NOT_OFFERED": (right_of(member).id, right.offer),
        "NOT_THE_COUNTERPARTY": (elsewhere.id, elsewhere.offer),
        "RIGHT_OFFER_MISMATCH": (right.id, new_id()),
        "RIGHT_OFFER_LAPSED": (late.id, late.offer),
    }
    got = {refused(member, "AcceptRight", right=r, offer=o) for r, o in cases.values()}
    assert got == set(cases)


def test_a_misread_is_named_by_the_reports_that_used_the_right(member: OfflineMember) -> None:
    report = new_id()
    right = right_of(member, RightState.USED, used_reports=report)
    fields = fields_of(member, "ProposeReinstatement", right=right.id, report=report)
    assert (fields["report"], fields["counter"]) == (report, 7)
    used = {"state": RightState.USED, "used_reports": report}
    cases = {
        "REPORTS_MISMATCH": right_of(member, **used, owner=NOBODY, out_at=1, used_lane=NOBODY),
        "NOT_THE_TERMINAL": right_of(member, **used),
        "WRONG_STATE": right_of(member, used_reports=report),
        "INTERCHANGE_RECORDED": right_of(member, **used, in_at=1),
    }
    order = member.rows(DeliveryOrder)
    (moved,) = [row for row in order if row.id == cases["NOT_THE_TERMINAL"].order]
    moved.terminal = member.other(Role.TERMINAL)
    member.put(moved)
    got = {
        refused(
            member, "ProposeReinstatement", right=row.id,
            report=new_id() if code == "REPORTS_MISMATCH" else report,
        )
        for code, row in cases.items()
    }  # fmt: skip
    assert got == set(cases)


def test_the_carrier_confirms_the_misread_that_was_proposed(member: OfflineMember) -> None:
    proposal = new_id()
    right = right_of(member, RightState.USED, reinstatement=proposal)
    body = {"right": right.id, "proposal": proposal}
    assert fields_of(member, "ConfirmReinstatement", **body)["proposal"] == proposal
    assert refused(member, "ConfirmReinstatement", **body | {"proposal": new_id()}) == (
        "NOT_THE_PROPOSAL"
    )
    used = {"state": RightState.USED, "reinstatement": proposal}
    foreign = right_of(member, **used, carrier=member.other(Role.CARRIER))
    assert refused(member, "ConfirmReinstatement", **body | {"right": foreign.id}) == (
        "NOT_THE_CARRIER"
    )


def test_an_authority_holds_an_order_under_its_own_and_lifts_it(member: OfflineMember) -> None:
    order, legal = opened(member), new_id()
    named = {"order": order.id, "legal_order": legal}
    fields = fields_of(member, "HoldOrder", **named)
    assert (fields["object"], fields["counter"]) == (order.id, 0)
    assert (fields["port"], fields["order"]) == (DISCHARGE, legal)
    assert refused(member, "LiftHold", **named) == "NOT_HELD_UNDER"
    hold = {"delivery_order": order.id, "port": DISCHARGE, "held_block": 1, "lifted_block": None}
    member.put(OrderHold(**hold, order=legal, member=member.id))
    assert fields_of(member, "LiftHold", **named)["order"] == legal
    assert refused(member, "HoldOrder", **named) == "LEGAL_ORDER_USED"
    other = new_id()
    holding = member.other(Role.CUSTOMS)
    member.put(OrderHold(**hold, order=other, member=holding))
    gone = fields_of(member, "LiftHold", order=order.id, legal_order=other)
    assert gone["order"] == other
    member.assign(holding, Role.CUSTOMS)
    assert refused(member, "LiftHold", order=order.id, legal_order=other) == "NOT_THE_AUTHORITY"
    closed = opened(member, state=int(OrderState.CLOSED))
    assert refused(member, "HoldOrder", order=closed.id, legal_order=legal) == "WRONG_STATE"


def test_an_order_of_which_nothing_was_taken_is_cancelled_by_two(member: OfflineMember) -> None:
    order, proposal = opened(member), new_id()
    fields = fields_of(member, "ProposeCancellation", order=order.id)
    assert (fields["object"], fields["counter"], fields["reason"]) == (order.id, 5, NOBODY)
    waiting = opened(member, cancellation=proposal)
    body = {"order": waiting.id, "proposal": proposal}
    assert fields_of(member, "ConfirmCancellation", **body)["proposal"] == proposal


def test_cancellations_that_cannot_count_are_refused_at_once(member: OfflineMember) -> None:
    gone, other = right_of(member, RightState.USED).order, member.other()
    proposed: dict[str, DeliveryOrder | str] = {
        "OBJECT_UNKNOWN": new_id(),
        "NOT_THE_CARRIER": opened(member, carrier=other),
        "WRONG_STATE": opened(member, state=int(OrderState.CLOSED)),
        "CONTAINERS_GONE": gone,
    }
    for code, order in proposed.items():
        named = order if isinstance(order, str) else order.id
        assert refused(member, "ProposeCancellation", order=named) == code
    confirmed = {
        "NOT_THE_HOLDER": opened(member, holder=other),
        "NOT_THE_PROPOSAL": opened(member),
        "ORDER_HELD": opened(member, holds=1),
    }
    for code, order in confirmed.items():
        assert refused(member, "ConfirmCancellation", order=order.id, proposal=new_id()) == code


def test_whoever_is_no_authority_holds_no_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = OfflineMember(tmp_path_factory.mktemp("stranger"), "stranger", Role.SHIPPER)
    try:
        body = {"order": opened(stranger).id, "legal_order": new_id()}
        assert refused(stranger, "HoldOrder", **body) == "NOT_ASSIGNED"
    finally:
        stranger.node.close()
