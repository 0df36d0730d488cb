// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Direction, RightState, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";

/// @dev Pickup rights pass to truck companies, and a misread one lives again.
contract ReleasesRightsTest is Delivery {
    bytes32 private _right;

    function setUp() public override {
        super.setUp();
        withTrucks();
        ready();
        _right = releases.rightId(ORDER, BOX);
    }

    // Transfer

    function test_the_holder_that_surrendered_passes_a_right_to_a_truck_company() public {
        bytes memory act = transfer(shipper, truck);
        done(releases, act);
        IReleases.RightView memory offered = rightOf(BOX);
        same(offered.order, ORDER, "order");
        same(offered.owner, 0, "owner before");
        same(offered.to, truck.id, "to");
        same(offered.offer, releases.digestOf(act), "offer");
        same(offered.deadline, block.timestamp + 1 days, "deadline");
        done(releases, accept(truck));
        same(rightOf(BOX).owner, truck.id, "owner");
        same(rightOf(BOX).to, 0, "to after");
        same(rightOf(BOX).offer, 0, "offer after");
        same(rightOf(BOX).deadline, 0, "deadline after");
        same(rightOf(OTHER_BOX).owner, 0, "the other container's right");
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_its_new_owner_alone_passes_it_on() public {
        done(releases, transfer(shipper, truck));
        done(releases, accept(truck));
        bytes memory reason = because(IReleases.NotTheRightsOwner.selector, _right, shipper.id, truck.id);
        refused(releases, transfer(shipper, otherTruck), reason);
        done(releases, transfer(truck, otherTruck));
        done(releases, accept(otherTruck));
        same(rightOf(BOX).owner, otherTruck.id, "owner");
    }

    function test_a_right_passes_to_a_truck_company_alone() public {
        refused(
            releases,
            transfer(shipper, consignee),
            because(IActs.RoleMissing.selector, consignee.id, bytes32(Role.TRUCK))
        );
        refused(releases, transfer(shipper, stranger), because(IActs.MemberUnknown.selector, stranger.id));
        done(releases, transfer(shipper, truck));
        done(releases, accept(truck));
        refused(releases, transfer(truck, truck), because(IReleases.OfferToOwner.selector, _right));
    }

    function test_a_stranger_offers_no_right() public {
        refused(
            releases,
            transfer(carrier, truck),
            because(IReleases.NotTheRightsOwner.selector, _right, carrier.id, shipper.id)
        );
    }

    function test_an_offer_of_a_right_lies_ahead_by_at_most_ninety_days() public {
        uint256[2] memory refusedDeadlines = [block.timestamp, block.timestamp + 90 days + 1];
        for (uint256 i = 0; i < 2; i++) {
            bytes memory own = abi.encode(truck.id, refusedDeadlines[i]);
            bytes memory act = onRight(ReleasesVerbs.TRANSFER_RIGHT, shipper, BOX, own);
            refused(releases, act, because(ITitles.DeadlineOutOfRange.selector, bytes32(refusedDeadlines[i])));
        }
        bytes memory longest = abi.encode(truck.id, block.timestamp + 90 days);
        done(releases, onRight(ReleasesVerbs.TRANSFER_RIGHT, shipper, BOX, longest));
    }

    function test_a_later_offer_of_a_right_takes_the_place_of_an_earlier_one() public {
        done(releases, transfer(shipper, truck));
        bytes memory late = accept(truck);
        done(releases, transfer(shipper, otherTruck));
        refused(releases, late, because(IReleases.NotTheOfferee.selector, _right, truck.id, otherTruck.id));
        done(releases, accept(otherTruck));
    }

    function test_only_the_named_offer_is_accepted_in_time_by_its_truck_company() public {
        refused(releases, accept(truck), because(IReleases.RightNotOffered.selector, _right));
        done(releases, transfer(shipper, truck));
        bytes32 open = rightOf(BOX).offer;
        bytes32 other = keccak256("other offer");
        bytes memory act = onRight(ReleasesVerbs.ACCEPT_RIGHT, truck, BOX, abi.encode(other));
        refused(releases, act, because(IReleases.RightOfferMismatch.selector, _right, open, other));
        act = accept(otherTruck);
        refused(releases, act, because(IReleases.NotTheOfferee.selector, _right, otherTruck.id, truck.id));
        uint256 deadline = rightOf(BOX).deadline;
        vm.warp(deadline + 1);
        refused(releases, accept(truck), because(IReleases.RightOfferLapsed.selector, _right, bytes32(deadline)));
        vm.warp(deadline);
        done(releases, accept(truck));
    }

    function test_acts_on_a_right_name_its_counter() public {
        bytes memory first = transfer(shipper, truck);
        bytes memory second = transfer(shipper, otherTruck);
        done(releases, first);
        bytes32 one = bytes32(uint256(1));
        refused(releases, second, because(IActs.StaleCounter.selector, _right, one, 0));
        bytes memory early = made(releases, ReleasesVerbs.ACCEPT_RIGHT, truck, _right, 0, abi.encode(uint256(7)));
        refused(releases, early, because(IActs.StaleCounter.selector, _right, one, 0));
    }

    function test_a_suspended_owners_offer_is_not_accepted() public {
        done(releases, transfer(shipper, truck));
        _suspend(shipper);
        refused(releases, accept(truck), because(IActs.MemberNotActive.selector, shipper.id));
    }

    function test_a_truck_company_that_is_one_no_more_accepts_no_right() public {
        done(releases, transfer(shipper, truck));
        carried(
            MembershipVerbs.CHANGE_ROLES, truck.id, 0, abi.encode(Role.CONSIGNEE, keccak256("minutes of the council"))
        );
        refused(releases, accept(truck), because(IActs.RoleMissing.selector, truck.id, bytes32(Role.TRUCK)));
    }

    function test_a_used_right_passes_to_nobody() public {
        done(releases, transfer(shipper, truck));
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        same(rightOf(BOX).to, 0, "to");
        bytes memory reason = because(IActs.WrongState.selector, _right, bytes32(RightState.USED));
        refused(releases, accept(truck), reason);
        refused(releases, transfer(shipper, truck), reason);
    }

    function test_a_right_of_no_order_passes_to_nobody() public {
        bytes32 none = releases.rightId(ORDER, keccak256("no box"));
        bytes memory own = abi.encode(truck.id, block.timestamp + 1);
        bytes memory act = made(releases, ReleasesVerbs.TRANSFER_RIGHT, shipper, none, 0, own);
        refused(releases, act, because(IActs.ObjectUnknown.selector, none));
    }

    function test_under_a_hold_no_right_passes() public {
        done(releases, transfer(shipper, truck));
        done(releases, hold(ReleasesVerbs.HOLD_ORDER, customs, PORT, LEGAL_ORDER));
        refused(releases, accept(truck), because(IReleases.OrderHeld.selector, ORDER));
        refused(releases, transfer(shipper, otherTruck), because(IReleases.OrderHeld.selector, ORDER));
        done(releases, hold(ReleasesVerbs.LIFT_HOLD, customs, PORT, LEGAL_ORDER));
        done(releases, accept(truck));
    }

    function test_of_a_frozen_title_no_right_passes() public {
        done(releases, transfer(shipper, truck));
        done(titles, made(titles, TitlesVerbs.FREEZE, customs, TITLE, 0, abi.encode(PORT, LEGAL_ORDER)));
        refused(releases, accept(truck), because(ITitles.TitleFrozen.selector, TITLE));
        refused(releases, transfer(shipper, otherTruck), because(ITitles.TitleFrozen.selector, TITLE));
    }

    // Reinstatement

    function test_terminal_and_carrier_together_reinstate_a_misread() public {
        gone(BOX);
        bytes memory proposed = proposal(terminal, REPORTS);
        done(releases, proposed);
        same(rightOf(BOX).misread, releases.digestOf(proposed), "proposal");
        same(stateOf(BOX), RightState.USED, "state while proposed");
        done(releases, confirmation(carrier));
        IReleases.RightView memory right = rightOf(BOX);
        same(right.state, RightState.READY, "state");
        same(right.interchanged, 0, "interchanged");
        same(right.misread, 0, "proposal after");
        same(releases.orderOf(ORDER).gone, 0, "gone");
        gone(BOX);
        same(stateOf(BOX), RightState.USED, "used again");
    }

    function test_neither_reinstates_alone_and_nobody_else_does() public {
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        bytes memory act = proposal(carrier, REPORTS);
        refused(releases, act, because(IReleases.NotTheTerminal.selector, ORDER, carrier.id, terminal.id));
        refused(releases, confirmation(carrier), because(IReleases.NotTheProposal.selector, _right, 0, 0));
        done(releases, proposal(terminal, REPORTS));
        act = confirmation(terminal);
        refused(releases, act, because(ITitles.NotTheCarrier.selector, TITLE, terminal.id, carrier.id));
        same(stateOf(BOX), RightState.USED, "state");
    }

    function test_a_reinstatement_names_the_reports_with_which_the_right_was_used() public {
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        bytes32 other = keccak256("other reports");
        bytes memory act = proposal(terminal, other);
        refused(releases, act, because(IReleases.ReportsMismatch.selector, _right, REPORTS, other));
    }

    function test_a_confirmation_names_the_proposal() public {
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        done(releases, proposal(terminal, REPORTS));
        bytes32 first = rightOf(BOX).misread;
        done(releases, proposal(terminal, REPORTS));
        bytes memory act = onRight(ReleasesVerbs.CONFIRM_REINSTATEMENT, carrier, BOX, abi.encode(first));
        refused(releases, act, because(IReleases.NotTheProposal.selector, _right, rightOf(BOX).misread, first));
    }

    function test_both_reinstating_acts_name_the_rights_counter() public {
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        bytes memory stale =
            made(releases, ReleasesVerbs.PROPOSE_REINSTATEMENT, terminal, _right, 0, abi.encode(REPORTS));
        bytes32 one = bytes32(uint256(1));
        refused(releases, stale, because(IActs.StaleCounter.selector, _right, one, 0));
        stale = made(releases, ReleasesVerbs.CONFIRM_REINSTATEMENT, carrier, _right, 0, abi.encode(uint256(0)));
        refused(releases, stale, because(IActs.StaleCounter.selector, _right, one, 0));
    }

    function test_a_right_that_was_not_used_or_whose_container_is_back_is_not_reinstated() public {
        bytes memory act = proposal(terminal, REPORTS);
        refused(releases, act, because(IActs.WrongState.selector, _right, bytes32(RightState.READY)));
        gone(BOX);
        done(releases, proposal(terminal, REPORTS));
        done(releases, interchange(BOX, Direction.IN));
        bytes memory reason = because(IReleases.InterchangeRecorded.selector, _right, bytes32(Direction.IN));
        refused(releases, proposal(terminal, REPORTS), reason);
        refused(releases, confirmation(carrier), reason);
        done(releases, passage(ReleasesVerbs.RETURN_EMPTY, BOX));
        act = confirmation(carrier);
        refused(releases, act, because(IActs.WrongState.selector, _right, bytes32(RightState.RETURNED)));
    }

    function test_an_old_lane_act_does_not_use_a_reinstated_right() public {
        bytes memory used = passage(ReleasesVerbs.GATE_OUT, BOX);
        bytes memory second = passage(ReleasesVerbs.GATE_OUT, BOX);
        done(releases, used);
        done(releases, proposal(terminal, REPORTS));
        done(releases, confirmation(carrier));
        bytes32 three = bytes32(uint256(3));
        refused(releases, used, because(IActs.StaleCounter.selector, _right, three, 0));
        refused(releases, second, because(IActs.StaleCounter.selector, _right, three, 0));
    }

    function proposal(Member memory by, bytes32 reports) private returns (bytes memory) {
        return onRight(ReleasesVerbs.PROPOSE_REINSTATEMENT, by, BOX, abi.encode(reports));
    }

    function confirmation(Member memory by) private returns (bytes memory) {
        return onRight(ReleasesVerbs.CONFIRM_REINSTATEMENT, by, BOX, abi.encode(rightOf(BOX).misread));
    }

    function _suspend(Member memory member) private {
        carried(MembershipVerbs.SUSPEND_MEMBER, member.id, 0, abi.encode(keccak256("minutes of the council")));
    }
}
