// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Direction, OrderState, Outcome, RightState, Role, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev Authorities hold orders; carrier and holder cancel them.
contract ReleasesOrdersTest is Delivery {
    uint256 private constant AUTHORITIES = Role.CUSTOMS | Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE;

    // Holds

    function test_an_authority_holds_an_order_and_lifts_its_hold() public {
        ready();
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER));
        same(releases.orderOf(ORDER).holds, 1, "holds");
        same(releases.orderOf(ORDER).counter, 2, "counter");
        (bytes32 by, bool stands) = releases.holdOf(ORDER, LEGAL_ORDER);
        holds(by == customs.id && stands, "hold");
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        same(stateOf(BOX), RightState.READY, "right");
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, customs, PORT, LEGAL_ORDER));
        same(releases.orderOf(ORDER).holds, 0, "holds after");
        (, stands) = releases.holdOf(ORDER, LEGAL_ORDER);
        holds(!stands, "stands after");
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_two_holds_are_lifted_each_by_its_own_authority() public {
        ready();
        withInspector(PORT);
        bytes32 second = keccak256("second order");
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER));
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, inspector, PORT, second));
        bytes memory act = hold(ReleasesVerbs.LIFT_HOLD, inspector, PORT, LEGAL_ORDER);
        refused(releases, act, because(IReleases.NotTheHoldingAuthority.selector, ORDER, inspector.id, customs.id));
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, customs, PORT, LEGAL_ORDER));
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, inspector, PORT, second));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_a_legal_order_holds_an_order_once() public {
        ready();
        bytes memory act = hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER);
        bytes memory lift = hold(ReleasesVerbs.LIFT_HOLD, customs, PORT, LEGAL_ORDER);
        refused(releases, lift, because(IReleases.NotHeldUnder.selector, ORDER, LEGAL_ORDER));
        done(releases, act);
        refused(releases, act, because(IReleases.LegalOrderUsed.selector, ORDER, LEGAL_ORDER));
        done(releases, lift);
        refused(releases, lift, because(IReleases.NotHeldUnder.selector, ORDER, LEGAL_ORDER));
        refused(releases, act, because(IReleases.LegalOrderUsed.selector, ORDER, LEGAL_ORDER));
    }

    function test_a_hold_needs_no_counter_so_that_nobody_can_keep_it_out() public {
        opened();
        bytes memory act = hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER);
        for (uint256 i = 0; i < 3; i++) {
            done(releases, onOrder(ReleasesVerbs.PROPOSE_CANCELLATION, carrier, abi.encode(i)));
        }
        done(releases, act);
    }

    function test_only_an_authority_assigned_at_one_of_the_titles_ports_holds() public {
        ready();
        bytes memory act = hold(ReleasesVerbs.HOLD_ORDER, terminal, PORT, LEGAL_ORDER);
        bytes memory reason = because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(AUTHORITIES), terminal.id);
        refused(releases, act, reason);
        refused(releases, hold(ReleasesVerbs.LIFT_HOLD, terminal, PORT, LEGAL_ORDER), reason);
        bytes32 elsewhere = bytes32(uint256(8));
        _assign(8, Role.CUSTOMS, customs);
        act = hold(ReleasesVerbs.HOLD_ORDER, customs, 8, LEGAL_ORDER);
        refused(releases, act, because(IActs.PortUnknown.selector, elsewhere));
    }

    function test_regulator_inspection_and_quarantine_hold_as_customs_does() public {
        ready();
        _admit(stranger, Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE);
        uint256[3] memory roles = [Role.REGULATOR, Role.INSPECTION, Role.QUARANTINE];
        for (uint256 i = 0; i < 3; i++) {
            _assign(PORT, roles[i], stranger);
            bytes32 legal = keccak256(abi.encode(i));
            done(releases, hold(ReleasesVerbs.HOLD_ORDER, stranger, PORT, legal));
            done(releases, hold(ReleasesVerbs.LIFT_HOLD, stranger, PORT, legal));
            _unassign(PORT, roles[i], stranger);
        }
    }

    function test_an_order_that_is_not_there_or_not_open_is_not_held() public {
        bytes memory act = hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER);
        bytes memory lift = hold(ReleasesVerbs.LIFT_HOLD, customs, PORT, LEGAL_ORDER);
        refused(releases, act, because(IActs.ObjectUnknown.selector, ORDER));
        refused(releases, lift, because(IActs.ObjectUnknown.selector, ORDER));
        cancelled();
        refused(releases, act, because(IActs.WrongState.selector, ORDER, bytes32(OrderState.CANCELLED)));
    }

    // Cancellation

    function test_carrier_and_holder_cancel_an_order_and_the_title_lives_again() public {
        opened();
        same(releases.tiesOf(numberOf(terminal)), 1, "ties");
        bytes memory proposed = proposal(carrier);
        done(releases, proposed);
        same(releases.orderOf(ORDER).cancellation, releases.digestOf(proposed), "proposal");
        Vm.Log[] memory logs = done(releases, confirmation(shipper));
        same(logs.length, 2, "events");
        same(logs[1].topics[1], TITLE, "followed");
        same(releases.orderOf(ORDER).state, OrderState.CANCELLED, "order");
        same(releases.orderOf(ORDER).counter, 3, "counter");
        same(titles.titleOf(TITLE).state, TitleState.LIVE, "title");
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
        same(releases.tiesOf(numberOf(terminal)), 0, "ties after");
    }

    function test_after_a_cancellation_a_new_order_opens_and_the_old_ones_rights_are_dead() public {
        cancelled();
        done(titles, surrender(shipper));
        done(titles, answer(TitlesVerbs.ACCEPT, carrier));
        bytes32 second = keccak256("second order");
        bytes memory again = opening(ORDER, threeKinds(), theirMembers(), array(BOX));
        refused(releases, again, because(IReleases.OrderExists.selector, ORDER));
        done(releases, opening(second, threeKinds(), theirMembers(), array(BOX)));
        same(releases.orderOfTitle(TITLE), second, "order of the title");
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
        same(stateOf(BOX), RightState.READY, "right");
    }

    function test_of_a_cancelled_order_every_lane_act_is_recorded_and_used_up() public {
        cancelled();
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        acted(releases, act, Outcome.RECORDED_REFUSAL);
        acted(releases, passage(ReleasesVerbs.RETURN_EMPTY, BOX), Outcome.RECORDED_REFUSAL);
        acted(releases, interchange(BOX, Direction.OUT), Outcome.RECORDED_REFUSAL);
        acted(releases, interchange(BOX, Direction.IN), Outcome.RECORDED_REFUSAL);
        same(devices.deviceOf(LANE).deviceCounter, 4, "device counter");
        same(rightOf(BOX).counter, 4, "counter");
        same(stateOf(BOX), RightState.READY, "right");
        bytes32 right = releases.rightId(ORDER, BOX);
        refused(releases, act, because(IActs.StaleCounter.selector, right, bytes32(uint256(4)), 0));
    }

    function test_only_the_carrier_proposes_and_only_the_holder_confirms() public {
        opened();
        bytes memory act = proposal(shipper);
        refused(releases, act, because(ITitles.NotTheCarrier.selector, TITLE, shipper.id, carrier.id));
        refused(releases, confirmation(shipper), because(IReleases.NotTheProposal.selector, ORDER, 0, 0));
        done(releases, proposal(carrier));
        act = confirmation(carrier);
        refused(releases, act, because(ITitles.NotTheHolder.selector, TITLE, carrier.id, shipper.id));
    }

    function test_a_confirmed_cancellation_is_the_proposed_one() public {
        opened();
        done(releases, proposal(carrier));
        bytes32 first = releases.orderOf(ORDER).cancellation;
        done(releases, proposal(carrier));
        bytes memory act = onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, shipper, abi.encode(first));
        bytes32 second = releases.orderOf(ORDER).cancellation;
        refused(releases, act, because(IReleases.NotTheProposal.selector, ORDER, second, first));
    }

    function test_both_cancelling_acts_name_the_orders_counter() public {
        opened();
        bytes memory act = made(releases, ReleasesVerbs.PROPOSE_CANCELLATION, carrier, ORDER, 0, abi.encode(uint256(0)));
        bytes32 one = bytes32(uint256(1));
        refused(releases, act, because(IActs.StaleCounter.selector, ORDER, one, 0));
        act = made(releases, ReleasesVerbs.CONFIRM_CANCELLATION, shipper, ORDER, 0, abi.encode(uint256(0)));
        refused(releases, act, because(IActs.StaleCounter.selector, ORDER, one, 0));
    }

    function test_an_order_of_which_a_container_is_gone_is_not_cancelled() public {
        ready();
        done(releases, proposal(carrier));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        bytes memory reason = because(IReleases.ContainersGone.selector, ORDER, bytes32(uint256(1)));
        refused(releases, proposal(carrier), reason);
        refused(releases, confirmation(shipper), reason);
    }

    function test_under_a_hold_no_order_is_cancelled() public {
        opened();
        done(releases, proposal(carrier));
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER));
        refused(releases, confirmation(shipper), because(IReleases.OrderHeld.selector, ORDER));
    }

    function test_of_a_frozen_title_no_order_is_cancelled() public {
        opened();
        done(releases, proposal(carrier));
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        refused(releases, confirmation(shipper), because(ITitles.TitleFrozen.selector, TITLE));
    }

    function test_a_cancelled_order_is_over_for_everyone() public {
        cancelled();
        withTrucks();
        bytes memory reason = because(IActs.WrongState.selector, ORDER, bytes32(OrderState.CANCELLED));
        refused(releases, proposal(carrier), reason);
        refused(releases, confirmation(shipper), reason);
        refused(releases, transfer(shipper, truck), reason);
        refused(releases, condition(customs, 2, 1), reason);
    }

    function proposal(Member memory by) private returns (bytes memory) {
        return onOrder(ReleasesVerbs.PROPOSE_CANCELLATION, by, abi.encode(keccak256("reason")));
    }

    function confirmation(Member memory by) private returns (bytes memory) {
        bytes memory own = abi.encode(releases.orderOf(ORDER).cancellation);
        return onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, by, own);
    }

    function cancelled() private {
        opened();
        done(releases, proposal(carrier));
        done(releases, confirmation(shipper));
    }
}
