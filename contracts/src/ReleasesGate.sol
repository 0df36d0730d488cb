// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesStore} from "./ReleasesStore.sol";
import {Direction, OrderState, Outcome, RightState, Role, TitleState} from "./generated/Words.sol";
import {ITitles} from "./interfaces/ITitles.sol";

/// @title ReleasesGate
/// @notice What lanes see: a container leaves, its equipment is handed over, it comes back empty.
/// @dev What a lane saw and the order does not allow is kept, not reverted: the outcome says "recorded refusal", the
/// act and its device counter are used up, the right stays where it is.
abstract contract ReleasesGate is ReleasesStore {
    uint256 private constant LANE_ACT_SECONDS = 5 minutes;

    function _gateOut(Header memory act, bytes calldata words) internal {
        (Order storage order, Right storage right) = _requireLaneAct(act, words, false);
        require(right.state == RightState.READY, RightUsed(act.object));
        _useUp(act, words, right);
        if (!_releasable(order)) {
            _acted(act, words, right.counter, Outcome.RECORDED_REFUSAL);
            return;
        }
        right.state = uint8(RightState.USED);
        right.to = 0;
        right.reports = _own(words, 5);
        order.gone++;
        _done(act, words, right.counter);
    }

    function _returnEmpty(Header memory act, bytes calldata words) internal {
        (Order storage order, Right storage right) = _requireLaneAct(act, words, true);
        if (_recordedOfCancelled(act, words, order, right)) return;
        require(right.state == RightState.USED, WrongState(act.object, right.state));
        _useUp(act, words, right);
        right.state = uint8(RightState.RETURNED);
        order.returned++;
        _done(act, words, right.counter);
        _closeWhenAllIsBack(_own(words, 0), order, act.digest);
    }

    function _recordInterchange(Header memory act, bytes calldata words) internal {
        uint256 direction = _ownUint(words, 5);
        require(direction == Direction.OUT || direction == Direction.IN, DirectionUnknown(direction));
        (Order storage order, Right storage right) = _requireLaneAct(act, words, direction == Direction.IN);
        if (_recordedOfCancelled(act, words, order, right)) return;
        require(right.state != RightState.READY, WrongState(act.object, right.state));
        uint256 recorded = right.interchanged;
        require((recorded >> direction) & 1 == 0, InterchangeRecorded(act.object, direction));
        require(direction == Direction.OUT || recorded != 0, InterchangeOutMissing(act.object));
        _useUp(act, words, right);
        right.interchanged = uint8(recorded | (1 << direction));
        _done(act, words, right.counter);
        if (direction == Direction.IN) {
            order.received++;
            _closeWhenAllIsBack(_own(words, 0), order, act.digest);
        }
    }

    /// @dev The order is open, its conditions are met, and no authority stands in the way.
    function _releasable(Order storage order) private view returns (bool) {
        if (order.state != OrderState.OPEN || order.open != 0 || order.holds != 0) return false;
        ITitles.DeliveryFacts memory facts = _titles().deliveryFacts(order.title);
        return facts.state == TitleState.SURRENDERED && !facts.frozen;
    }

    function _recordedOfCancelled(Header memory act, bytes calldata words, Order storage order, Right storage right)
        private
        returns (bool recorded)
    {
        recorded = order.state == OrderState.CANCELLED;
        if (recorded) {
            _useUp(act, words, right);
            _acted(act, words, right.counter, Outcome.RECORDED_REFUSAL);
        }
    }

    function _closeWhenAllIsBack(bytes32 id, Order storage order, bytes32 cause) private {
        if (order.returned != order.containers || order.received != order.containers) return;
        emit Followed(id, cause, ++order.counter, OrderState.CLOSED);
        _settle(order, OrderState.CLOSED, TitleState.DELIVERED, cause);
    }

    /// @dev The act names the right's counter and a new device counter, and both move on.
    function _useUp(Header memory act, bytes calldata words, Right storage right) private {
        _requireCounter(act, right.counter);
        right.counter++;
        _devices().advance(_own(words, 2), _ownUint(words, 3));
    }

    /// @dev The act is signed by a good lane of the order's terminal, or where it may of a depot assigned at the port
    /// of discharge, and names a right of the order.
    function _requireLaneAct(Header memory act, bytes calldata words, bool orDepot)
        private
        returns (Order storage order, Right storage right)
    {
        bytes32 id = _own(words, 0);
        order = _orders[id];
        right = _rights[act.object];
        require(order.state != OrderState.NONE, ObjectUnknown(id));
        require(right.state != RightState.NONE && act.object == rightId(id, _own(words, 1)), ObjectUnknown(act.object));
        (uint256 principal,) = _member(act.principal);
        if (principal != order.terminal) {
            if (!orDepot || !_membership.assigned(order.discharge, Role.DEPOT, act.principal)) {
                revert NotTheTerminal(id, act.principal, _membership.memberAt(order.terminal));
            }
        }
        _devices().requireLane(_own(words, 2), act.principal, act.key, order.discharge);
        require(act.expires <= block.timestamp + LANE_ACT_SECONDS, LaneActTooFarAhead(act.expires));
    }
}
