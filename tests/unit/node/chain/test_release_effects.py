"""What acts on orders, rights, devices and logs leave in the tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.acted import ActedLedger

from identity.acts.objects import right_id
from identity.acts.words import (
    DeviceKind,
    DeviceState,
    Direction,
    OrderState,
    OriginState,
    Outcome,
    RightState,
)
from node.chain.errors import EventMissing
from node.store.device_projections import Device, LogOrigin, ReportCorrection
from node.store.projections import NOBODY, DeliveryOrder, OrderHold, PickupRight

TITLE, ORDER, LANE, TAG, LEGAL, HASH = (bytes([n]) * 32 for n in range(1, 7))
CARRIER, TERMINAL, TRUCK, CUSTOMS, DEPOT = (bytes([n]) * 32 for n in range(10, 15))
RIGHT = right_id(ORDER, TAG)


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


class Orders(ActedLedger):
    """An open order of one container, and its terminal's lane."""

    def opened(self) -> "Orders":
        self.act("Issue", CARRIER, TITLE, discharge=2)
        self.act("OpenOrder", CARRIER, ORDER, title=TITLE, terminal=TERMINAL, containers=[TAG])
        self.act("RegisterLane", TERMINAL, LANE, kind=int(DeviceKind.LANE), port=2)
        return self

    def lane_act(self, verb: str, device_counter: int, outcome: Outcome = Outcome.DONE) -> None:
        self.act(
            verb, TERMINAL, RIGHT, outcome, order=ORDER, container=TAG, lane=LANE,
            deviceCounter=device_counter, time=1000 + device_counter,
            reports=HASH,
        )  # fmt: skip

    def interchange(self, direction: Direction, device_counter: int) -> None:
        self.act(
            "RecordInterchange", TERMINAL, RIGHT, order=ORDER, container=TAG, lane=LANE,
            deviceCounter=device_counter, time=1000 + device_counter,
            direction=int(direction), damage=HASH,
        )  # fmt: skip

    @property
    def right(self) -> PickupRight:
        return self.row(PickupRight, RIGHT)  # type: ignore[no-any-return]

    @property
    def order(self) -> DeliveryOrder:
        return self.row(DeliveryOrder, ORDER)  # type: ignore[no-any-return]

    @property
    def device(self) -> Device:
        return self.row(Device, LANE)  # type: ignore[no-any-return]


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[Orders]:
    ledger = Orders(tmp_path).opened()
    yield ledger
    ledger.store.close()


def test_a_right_goes_to_a_truck_company_when_it_accepts(orders: Orders) -> None:
    offer = orders.act("TransferRight", CARRIER, RIGHT, to=TRUCK, deadline=99)
    right = orders.right
    assert (right.owner, right.offered_to, right.offer, right.deadline) == (
        NOBODY, hexed(TRUCK), offer, 99,
    )  # fmt: skip
    orders.act("AcceptRight", TRUCK, RIGHT, offer=bytes.fromhex(offer[2:]))
    right = orders.right
    assert (right.owner, right.offered_to, right.offer) == (hexed(TRUCK), NOBODY, NOBODY)


def test_a_gate_out_ends_an_open_offer_of_the_right(orders: Orders) -> None:
    orders.act("TransferRight", CARRIER, RIGHT, to=TRUCK, deadline=99)
    orders.lane_act("GateOut", 1)
    right = orders.right
    assert (right.state, right.offered_to, right.used_reports) == (
        RightState.USED, NOBODY, hexed(HASH),
    )  # fmt: skip


def test_a_misread_is_reinstated_and_stays_named(orders: Orders) -> None:
    orders.lane_act("GateOut", 1)
    orders.interchange(Direction.OUT, 2)
    proposal = orders.act("ProposeReinstatement", TERMINAL, RIGHT, report=HASH)
    assert orders.right.reinstatement == proposal
    orders.act("ConfirmReinstatement", CARRIER, RIGHT)
    right = orders.right
    assert (right.state, right.used_lane, right.used_at, right.used_reports) == (
        RightState.READY, NOBODY, 0, hexed(HASH),
    )  # fmt: skip
    assert (right.reinstatement, right.damage_out, right.out_at) == (NOBODY, NOBODY, 0)


def test_interchanges_are_kept_each_way_and_the_lanes_counter_moves(orders: Orders) -> None:
    orders.lane_act("GateOut", 1)
    orders.interchange(Direction.OUT, 2)
    orders.lane_act("ReturnEmpty", 3)
    orders.interchange(Direction.IN, 4)
    right = orders.right
    assert (right.state, right.damage_out, right.out_at) == (RightState.RETURNED, hexed(HASH), 1002)
    assert (right.damage_in, right.in_at, orders.device.device_counter) == (hexed(HASH), 1004, 4)


@pytest.mark.parametrize(("verb", "attempts"), [("GateOut", 1), ("ReturnEmpty", 0)])
def test_what_a_lane_saw_in_vain_uses_no_right_and_its_counter(
    orders: Orders, verb: str, attempts: int
) -> None:
    orders.lane_act(verb, 5, Outcome.RECORDED_REFUSAL)
    right = orders.right
    assert (right.state, right.early_attempts, right.counter) == (RightState.READY, attempts, 1)
    assert orders.device.device_counter == 5


def test_a_hold_stands_under_its_order_until_it_is_lifted(orders: Orders) -> None:
    orders.act("HoldOrder", CUSTOMS, ORDER, port=2, order=LEGAL)
    hold = orders.row(OrderHold, ORDER, LEGAL)
    assert (orders.order.holds, hold.member, hold.lifted_block) == (1, hexed(CUSTOMS), None)
    orders.act("LiftHold", CUSTOMS, ORDER, port=2, order=LEGAL)
    assert orders.order.holds == 0
    assert orders.row(OrderHold, ORDER, LEGAL).lifted_block == orders.ledger.height
    with pytest.raises(EventMissing):
        orders.act("LiftHold", CUSTOMS, ORDER, port=2, order=HASH)


def test_an_order_is_cancelled_by_carrier_and_holder(orders: Orders) -> None:
    proposal = orders.act("ProposeCancellation", CARRIER, ORDER)
    assert (orders.order.cancellation, orders.order.state) == (proposal, OrderState.OPEN)
    orders.act("ConfirmCancellation", CARRIER, ORDER)
    assert orders.order.state == OrderState.CANCELLED


def test_an_order_closes_as_its_last_container_is_back(orders: Orders) -> None:
    orders.followed("Releases", ORDER, OrderState.CLOSED)
    assert orders.order.state == OrderState.CLOSED


def test_a_device_is_calibrated_suspended_and_resumed(orders: Orders) -> None:
    orders.act("Calibrate", TERMINAL, LANE, calibratedUntil=77, certificate=HASH)
    assert (orders.device.calibrated_until, orders.device.certificate) == (77, hexed(HASH))
    orders.act("SuspendDevice", TERMINAL, LANE, reports=HASH)
    assert orders.device.state == DeviceState.SUSPENDED_BY_OWNER
    orders.act("SuspendDevice", CUSTOMS, LANE, reports=LEGAL)
    assert (orders.device.state, orders.device.reports) == (
        DeviceState.SUSPENDED_BY_AUTHORITY, hexed(LEGAL),
    )  # fmt: skip
    orders.act("ResumeDevice", CUSTOMS, LANE)
    assert orders.device.state == DeviceState.IN_SERVICE
    orders.act("ProveEquivocation", CARRIER, LANE)
    assert orders.device.state == DeviceState.EQUIVOCATED


def test_a_device_of_another_kind_is_kept_by_its_keys_id(orders: Orders) -> None:
    scale = bytes([9]) * 32
    orders.act("RegisterDevice", TERMINAL, scale, key=HASH, kind=int(DeviceKind.SCALE), port=2)
    row = orders.row(Device, scale)
    assert (row.kind, row.key, row.state) == (
        DeviceKind.SCALE, hexed(HASH), DeviceState.IN_SERVICE,
    )  # fmt: skip


def test_a_correction_stands_beside_the_report_it_corrects(orders: Orders) -> None:
    orders.act("CorrectReport", TERMINAL, LANE, wrong=HASH, right=LEGAL)
    row = orders.row(ReportCorrection, LANE, HASH)
    assert (row.right, row.principal) == (hexed(LEGAL), hexed(TERMINAL))


def test_a_log_grows_by_checkpoints_and_ends_when_it_is_split(orders: Orders) -> None:
    orders.act("Checkpoint", TERMINAL, LANE, size=3, root=HASH)
    orders.act("Checkpoint", TERMINAL, LANE, size=2**64 - 1, root=LEGAL)
    log = orders.row(LogOrigin, TERMINAL, LANE)
    assert (log.state, log.counter, log.size, log.root) == (
        OriginState.OPEN, 2, 2**63 - 1, hexed(LEGAL),
    )  # fmt: skip
    orders.act("ReportSplit", CARRIER, LANE, owner=TERMINAL)
    assert (orders.row(LogOrigin, TERMINAL, LANE).state, log.root) == (
        OriginState.SPLIT, hexed(LEGAL),
    )  # fmt: skip
    with pytest.raises(EventMissing):
        orders.act("Checkpoint", CARRIER, LANE, after=4, size=3, root=HASH)
