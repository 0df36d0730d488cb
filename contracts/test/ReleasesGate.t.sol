// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, Direction, OrderState, Outcome, RightState, Role, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev What lanes see, from the gate-out to the order's close.
contract ReleasesGateTest is Delivery {
    // The gate

    function test_a_lane_uses_the_pickup_right_once() public {
        ready();
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        done(releases, act);
        same(stateOf(BOX), RightState.USED, "right");
        same(devices.deviceOf(LANE).deviceCounter, 1, "device counter");
        bytes memory reason = because(IReleases.RightUsed.selector, releases.rightId(ORDER, BOX));
        refused(releases, act, reason);
        refused(releases, passage(ReleasesVerbs.GATE_OUT, BOX), reason);
    }

    function test_an_early_gate_out_is_recorded_and_cannot_be_relayed_again_later() public {
        opened();
        bytes memory early = passage(ReleasesVerbs.GATE_OUT, BOX);
        acted(releases, early, Outcome.RECORDED_REFUSAL);
        same(stateOf(BOX), RightState.READY, "right");
        same(devices.deviceOf(LANE).deviceCounter, 1, "device counter");
        allMet();
        bytes32 right = releases.rightId(ORDER, BOX);
        refused(releases, early, because(IActs.StaleCounter.selector, right, bytes32(uint256(1)), 0));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        same(stateOf(BOX), RightState.USED, "right");
    }

    function test_a_gate_out_under_a_freeze_is_recorded_and_not_done() public {
        ready();
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        same(stateOf(BOX), RightState.READY, "right");
        done(titles, made(titles, TitlesVerbs.LIFT, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_a_gate_out_of_a_title_that_is_not_surrendered_is_recorded_and_not_done() public {
        // No story leads here: an open order's title stands surrendered. The contract does not rely on it.
        ready();
        ITitles.DeliveryFacts memory facts = titles.deliveryFacts(TITLE);
        facts.state = TitleState.LIVE;
        vm.mockCall(address(titles), abi.encodeCall(ITitles.deliveryFacts, (TITLE)), abi.encode(facts));
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        vm.clearMockedCalls();
        same(stateOf(BOX), RightState.READY, "right");
    }

    function test_a_freeze_keeps_no_empty_container_from_coming_back() public {
        ready();
        gone(BOX);
        gone(OTHER_BOX);
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        back(BOX);
        back(OTHER_BOX);
        same(titles.titleOf(TITLE).state, TitleState.DELIVERED, "title");
    }

    function test_a_right_of_no_order_or_of_another_is_refused() public {
        ready();
        bytes32 none = releases.rightId(ORDER, keccak256("no box"));
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, keccak256("no box"));
        refused(releases, act, because(IActs.ObjectUnknown.selector, none));
        bytes memory own = abi.encode(ORDER, OTHER_BOX, LANE, 9, block.timestamp, 0);
        bytes32 right = releases.rightId(ORDER, BOX);
        act = signed(releases, ReleasesVerbs.GATE_OUT, terminal, LANE_KEY, right, 0, own);
        refused(releases, act, because(IActs.ObjectUnknown.selector, right));
        own = abi.encode(TITLE, BOX, LANE, 9, block.timestamp, 0);
        act = signed(releases, ReleasesVerbs.GATE_OUT, terminal, LANE_KEY, right, 0, own);
        refused(releases, act, because(IActs.ObjectUnknown.selector, TITLE));
    }

    function test_another_terminal_uses_no_right_of_the_order() public {
        ready();
        _admit(stranger, Role.TERMINAL);
        bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, BOX, stranger, LANE, LANE_KEY, 1);
        refused(releases, act, because(IReleases.NotTheTerminal.selector, ORDER, stranger.id, terminal.id));
    }

    function test_a_lane_act_is_signed_by_the_lanes_own_key() public {
        ready();
        bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, terminal.key, 1);
        refused(releases, act, because(IActs.KeyNotValid.selector, terminal.id, keyId(terminal.key)));
    }

    function test_an_unknown_lane_is_refused() public {
        ready();
        bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, TITLE, LANE_KEY, 1);
        refused(releases, act, because(IDevices.DeviceUnknown.selector, TITLE));
    }

    function test_a_lane_at_another_port_is_refused() public {
        ready();
        _assign(8, Role.TERMINAL, terminal);
        done(devices, lane(keccak256("far lane"), 0xfa, 8));
        bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, keccak256("far lane"), 0xfa, 1);
        bytes32 far = keccak256("far lane");
        refused(releases, act, because(IDevices.WrongSite.selector, far, bytes32(uint256(8)), bytes32(PORT)));
    }

    function test_a_lane_whose_calibration_is_over_is_refused() public {
        ready();
        uint256 until = devices.deviceOf(LANE).calibratedUntil;
        vm.warp(until + 1);
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        refused(releases, act, because(IDevices.CalibrationExpired.selector, LANE, bytes32(until)));
        vm.warp(until);
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_a_device_counter_that_goes_back_or_stands_is_refused() public {
        ready();
        done(releases, passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5));
        for (uint256 given = 4; given <= 5; given++) {
            bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, given);
            bytes memory reason =
                because(IDevices.DeviceCounterBack.selector, LANE, bytes32(uint256(5)), bytes32(given));
            refused(releases, act, reason);
        }
    }

    function test_a_lane_act_expires_at_most_five_minutes_ahead() public {
        ready();
        expires = block.timestamp + 301;
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        refused(releases, act, because(IReleases.LaneActTooFarAhead.selector, bytes32(block.timestamp + 301)));
        expires = block.timestamp + 300;
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    // The empty return and the interchange

    function test_the_order_closes_when_every_container_is_back_with_its_eir_in() public {
        ready();
        gone(BOX);
        gone(OTHER_BOX);
        same(releases.orderOf(ORDER).gone, 2, "gone");
        same(back(BOX).length, 1, "events");
        done(releases, interchange(OTHER_BOX, Direction.IN));
        holds(isOpen(), "closed before the empty return");
        bytes memory last = passage(ReleasesVerbs.RETURN_EMPTY, OTHER_BOX);
        Vm.Log[] memory logs = done(releases, last);
        same(logs.length, 3, "events");
        same(logs[1].topics[0], IActs.Followed.selector, "event");
        same(logs[1].topics[1], ORDER, "object");
        same(logs[1].topics[2], releases.digestOf(last), "cause");
        same(keccak256(logs[1].data), keccak256(abi.encode(2, OrderState.CLOSED)), "counter and state");
        IReleases.OrderView memory order = releases.orderOf(ORDER);
        same(order.state, OrderState.CLOSED, "state");
        same(order.counter, 2, "counter");
        same(order.returned, 2, "returned");
        same(order.received, 2, "received");
    }

    function test_a_closed_orders_title_is_delivered_and_nothing_moves_any_more() public {
        closed();
        same(titles.titleOf(TITLE).state, TitleState.DELIVERED, "title");
        same(releases.tiesOf(numberOf(terminal)), 0, "ties");
        bytes memory act = condition(customs, ConditionKind.CUSTOMS, 0);
        refused(releases, act, because(IActs.WrongState.selector, ORDER, bytes32(OrderState.CLOSED)));
        bytes memory again = opening(keccak256("2"), threeKinds(), theirMembers(), array(BOX));
        bytes32 delivered = bytes32(TitleState.DELIVERED);
        refused(releases, again, because(IReleases.TitleNotSurrendered.selector, TITLE, delivered));
        act = passage(ReleasesVerbs.GATE_OUT, BOX);
        refused(releases, act, because(IReleases.RightUsed.selector, releases.rightId(ORDER, BOX)));
    }

    function test_the_title_follows_its_order_in_the_same_act() public {
        ready();
        gone(BOX);
        gone(OTHER_BOX);
        back(BOX);
        Vm.Log[] memory logs = back(OTHER_BOX);
        same(logs.length, 3, "events");
        holds(logs[2].emitter == address(titles), "emitter");
        same(logs[2].topics[0], IActs.Followed.selector, "event");
        same(logs[2].topics[1], TITLE, "object");
        same(logs[2].topics[2], logs[0].topics[3], "cause");
        (, uint256 state) = abi.decode(logs[2].data, (uint256, uint256));
        same(state, TitleState.DELIVERED, "state");
    }

    function test_a_container_that_is_not_out_does_not_return() public {
        ready();
        bytes32 right = releases.rightId(ORDER, BOX);
        bytes memory act = passage(ReleasesVerbs.RETURN_EMPTY, BOX);
        refused(releases, act, because(IActs.WrongState.selector, right, bytes32(RightState.READY)));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        done(releases, passage(ReleasesVerbs.RETURN_EMPTY, BOX));
        act = passage(ReleasesVerbs.RETURN_EMPTY, BOX);
        refused(releases, act, because(IActs.WrongState.selector, right, bytes32(RightState.RETURNED)));
    }

    function test_an_empty_container_comes_back_to_a_depot_of_the_port() public {
        ready();
        withDepot();
        gone(BOX);
        done(releases, passageOf(ReleasesVerbs.RETURN_EMPTY, BOX, depot, keccak256("depot lane"), 0xde, 1));
        done(releases, interchangeOf(BOX, Direction.IN, depot, keccak256("depot lane"), 0xde, 2));
        same(stateOf(BOX), RightState.RETURNED, "right");
        same(rightOf(BOX).interchanged, 6, "interchanged");
    }

    function test_a_depot_lets_no_container_out() public {
        ready();
        withDepot();
        bytes memory reason = because(IReleases.NotTheTerminal.selector, ORDER, depot.id, terminal.id);
        refused(releases, passageOf(ReleasesVerbs.GATE_OUT, BOX, depot, keccak256("depot lane"), 0xde, 1), reason);
        gone(BOX);
        refused(releases, interchangeOf(BOX, Direction.OUT, depot, keccak256("depot lane"), 0xde, 1), reason);
    }

    function test_a_depot_that_is_not_assigned_at_the_port_takes_nothing_back() public {
        ready();
        gone(BOX);
        _admit(depot, Role.DEPOT);
        bytes memory reason = because(IReleases.NotTheTerminal.selector, ORDER, depot.id, terminal.id);
        refused(releases, passageOf(ReleasesVerbs.RETURN_EMPTY, BOX, depot, LANE, LANE_KEY, 9), reason);
        refused(releases, interchangeOf(BOX, Direction.IN, depot, LANE, LANE_KEY, 9), reason);
    }

    function test_each_direction_is_recorded_once_out_before_in() public {
        ready();
        bytes32 right = releases.rightId(ORDER, BOX);
        bytes memory act = interchange(BOX, Direction.OUT);
        refused(releases, act, because(IActs.WrongState.selector, right, bytes32(RightState.READY)));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        act = interchange(BOX, Direction.IN);
        refused(releases, act, because(IReleases.InterchangeOutMissing.selector, right));
        done(releases, interchange(BOX, Direction.OUT));
        act = interchange(BOX, Direction.OUT);
        refused(releases, act, because(IReleases.InterchangeRecorded.selector, right, bytes32(Direction.OUT)));
        done(releases, interchange(BOX, Direction.IN));
        act = interchange(BOX, Direction.IN);
        refused(releases, act, because(IReleases.InterchangeRecorded.selector, right, bytes32(Direction.IN)));
    }

    function test_equipment_is_handed_over_out_or_in() public {
        ready();
        refused(releases, interchange(BOX, 0), because(IReleases.DirectionUnknown.selector, 0));
        bytes32 three = bytes32(uint256(3));
        refused(releases, interchange(BOX, 3), because(IReleases.DirectionUnknown.selector, three));
    }

    function test_a_lane_act_on_a_stale_right_is_refused_and_moves_no_device_counter() public {
        ready();
        bytes memory stale = passage(ReleasesVerbs.RETURN_EMPTY, BOX);
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        bytes32 right = releases.rightId(ORDER, BOX);
        refused(releases, stale, because(IActs.StaleCounter.selector, right, bytes32(uint256(1)), 0));
        same(devices.deviceOf(LANE).deviceCounter, 2, "device counter");
    }

    function test_a_lane_act_is_never_made_under_a_delegation() public {
        ready();
        delegation = keccak256("delegation");
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        refused(releases, act, because(IActs.VerbNotDelegable.selector, bytes32(ReleasesVerbs.GATE_OUT)));
        delegation = keccak256("delegation");
        act = passage(ReleasesVerbs.RETURN_EMPTY, BOX);
        refused(releases, act, because(IActs.VerbNotDelegable.selector, bytes32(ReleasesVerbs.RETURN_EMPTY)));
        delegation = keccak256("delegation");
        act = interchange(BOX, Direction.OUT);
        refused(releases, act, because(IActs.VerbNotDelegable.selector, bytes32(ReleasesVerbs.RECORD_INTERCHANGE)));
    }

    function closed() private {
        ready();
        gone(BOX);
        gone(OTHER_BOX);
        back(BOX);
        back(OTHER_BOX);
    }
}
