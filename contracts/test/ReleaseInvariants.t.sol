// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderState, RightState, TitleState} from "../src/generated/Words.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ReleaseGate} from "./ReleaseGate.sol";

/// @dev The sentences on Releases and Devices, held against the gate.
/// forge-config: default.invariant.depth = 60
contract ReleaseInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant IN = 4; // bit of Direction.IN

    ReleaseGate private _gate;

    function setUp() public {
        _gate = new ReleaseGate();
        _gate.begin();
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = ReleaseGate.setCondition.selector;
        selectors[1] = ReleaseGate.passGate.selector;
        selectors[2] = ReleaseGate.handOver.selector;
        selectors[3] = ReleaseGate.goOn.selector;
        selectors[4] = ReleaseGate.holdOrLift.selector;
        selectors[5] = ReleaseGate.sayMisread.selector;
        selectors[6] = ReleaseGate.passRight.selector;
        selectors[7] = ReleaseGate.cancel.selector;
        selectors[8] = ReleaseGate.correct.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_gate), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_gate);
    }

    function invariant_no_release_twice() public view {
        assert(!_gate.releasedTwice());
        assert(!_gate.deadOrderMoved());
    }

    function invariant_no_release_with_a_condition_open_or_under_a_hold() public view {
        assert(!_gate.usedWhileBarred());
    }

    function invariant_only_the_member_named_for_a_condition_sets_it() public view {
        assert(!_gate.setByAnother());
    }

    function invariant_a_lanes_device_counter_never_goes_back() public view {
        assert(!_gate.readingWentBack());
    }

    function invariant_corrections_never_overwrite() public view {
        assert(!_gate.correctionOverwritten());
    }

    function invariant_the_order_closes_exactly_when_every_container_is_back_with_its_eir_in() public view {
        (IReleases.RightView memory first, IReleases.RightView memory second) = _gate.rights();
        bool back = first.state == RightState.RETURNED && second.state == RightState.RETURNED;
        bool received = first.interchanged & second.interchanged & IN != 0;
        assert((_gate.order().state == OrderState.CLOSED) == (back && received));
    }

    function invariant_an_orders_counts_are_those_of_its_rights() public view {
        (IReleases.RightView memory first, IReleases.RightView memory second) = _gate.rights();
        IReleases.OrderView memory order = _gate.order();
        assert(order.gone == count(first.state >= RightState.USED, second.state >= RightState.USED));
        assert(order.returned == count(first.state == RightState.RETURNED, second.state == RightState.RETURNED));
        assert(order.received == count(first.interchanged & IN != 0, second.interchanged & IN != 0));
    }

    function invariant_title_and_ties_follow_the_order() public view {
        uint256 state = _gate.order().state;
        assert(_gate.tiesOfTerminal() == (state == OrderState.OPEN ? 1 : 0));
        uint256 title = _gate.titleState();
        if (state == OrderState.OPEN) assert(title == TitleState.SURRENDERED);
        else assert(title == (state == OrderState.CLOSED ? TitleState.DELIVERED : TitleState.LIVE));
    }

    function count(bool a, bool b) private pure returns (uint256) {
        return (a ? 1 : 0) + (b ? 1 : 0);
    }
}
