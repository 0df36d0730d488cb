"""What lanes do: a container leaves, its equipment is handed over, it comes back empty."""

from model.members import NOBODY
from model.orders import Order, Right
from model.refusals import Refused, require
from model.release_store import Done, Fields, ReleasesStore, Settled, require_counter

from identity.acts.objects import right_id
from identity.acts.typed import Act
from identity.acts.words import (
    DeviceState,
    Direction,
    OrderState,
    Outcome,
    RightState,
    Role,
    TitleState,
)

LANE_ACT_SECONDS = 300


class Gates(ReleasesStore):
    """The lane acts; ``key`` is the address that signed."""

    def _gate_out(self, act: Act, key: bytes) -> Done:
        order, right = self._lane_act(act, key, or_depot=False)
        require(right.state == RightState.READY, "RightUsed", right=act.object)
        self._use_up(act, right)
        if not self._releasable(order):
            return Done(right.counter, Outcome.RECORDED_REFUSAL)
        right.state, right.to = RightState.USED, NOBODY
        right.reports = act.fields["reports"]  # type: ignore[assignment]
        order.gone += 1
        return Done(right.counter)

    def _return_empty(self, act: Act, key: bytes) -> Done:
        order, right = self._lane_act(act, key, or_depot=True)
        if order.state == OrderState.CANCELLED:
            self._use_up(act, right)
            return Done(right.counter, Outcome.RECORDED_REFUSAL)
        used = right.state == RightState.USED
        require(used, "WrongState", object=act.object, state=right.state)
        self._use_up(act, right)
        right.state = RightState.RETURNED
        order.returned += 1
        return Done(right.counter, followed=self._close_when_all_is_back(order))

    def _interchange(self, act: Act, key: bytes) -> Done:
        direction: int = act.fields["direction"]  # type: ignore[assignment]
        known = direction in (Direction.OUT, Direction.IN)
        require(known, "DirectionUnknown", direction=direction)
        order, right = self._lane_act(act, key, or_depot=direction == Direction.IN)
        if order.state == OrderState.CANCELLED:
            self._use_up(act, right)
            return Done(right.counter, Outcome.RECORDED_REFUSAL)
        out = right.state != RightState.READY
        require(out, "WrongState", object=act.object, state=right.state)
        again = direction in right.interchanged
        require(not again, "InterchangeRecorded", right=act.object, direction=direction)
        known = direction == Direction.OUT or bool(right.interchanged)
        require(known, "InterchangeOutMissing", right=act.object)
        self._use_up(act, right)
        right.interchanged.add(direction)
        order.received += direction == Direction.IN
        came = direction == Direction.IN
        return Done(right.counter, followed=self._close_when_all_is_back(order) if came else [])

    def _lane_act(self, act: Act, key: bytes, or_depot: bool) -> tuple[Order, Right]:
        given: Fields = act.fields
        order = self.orders.get(given["order"])
        if order is None:
            raise Refused("ObjectUnknown", object=given["order"])
        right = order.rights.get(act.object)
        if right is None or act.object != right_id(order.id, given["container"]):
            raise Refused("ObjectUnknown", object=act.object)
        self.members.require_active(act.principal)
        depot = or_depot and self.members.assigned(order.discharge, Role.DEPOT, act.principal)
        facts = {"order": order.id, "principal": act.principal, "terminal": order.terminal}
        require(act.principal == order.terminal or depot, "NotTheTerminal", **facts)
        self._require_lane(given["lane"], act.principal, key, order.discharge)
        soon = act.expires <= self.members.now + LANE_ACT_SECONDS
        require(soon, "LaneActTooFarAhead", expires=act.expires)
        return order, right

    def _require_lane(self, lane_id: bytes, owner: bytes, key: bytes, port: int) -> None:
        lane = self.lanes.get(lane_id)
        if lane is None:
            raise Refused("DeviceUnknown", device=lane_id)
        own = lane.owner == owner and lane.key == key
        require(own, "KeyNotValid", principal=owner)
        works = lane.state == DeviceState.IN_SERVICE
        require(works, "DeviceNotInService", device=lane_id)
        calibrated = self.members.now <= lane.calibrated_until
        require(calibrated, "CalibrationExpired", calibratedUntil=lane.calibrated_until)
        require(lane.port == port, "WrongSite", lane=lane_id)

    def _use_up(self, act: Act, right: Right) -> None:
        require_counter(act, right.counter)
        lane, given = self.lanes[act.fields["lane"]], act.fields["deviceCounter"]  # type: ignore[index]
        assert isinstance(given, int)
        facts = {"lane": lane.id, "last": lane.device_counter}
        ahead = lane.device_counter < given < 2**64
        require(ahead, "DeviceCounterBack", **facts)
        lane.device_counter = given
        right.counter += 1

    def _releasable(self, order: Order) -> bool:
        title = self.titles[order.title]
        met = all(condition.met for condition in order.conditions.values())
        is_open = order.state == OrderState.OPEN and met and not order.held
        return is_open and title.state == TitleState.SURRENDERED and title.freezes == 0

    def _close_when_all_is_back(self, order: Order) -> Settled:
        if not order.returned == order.received == len(order.rights):
            return []
        order.counter += 1
        closed = ("Releases", order.id, order.counter, int(OrderState.CLOSED))
        return [closed, *self._settle(order, OrderState.CLOSED, TitleState.DELIVERED)]
