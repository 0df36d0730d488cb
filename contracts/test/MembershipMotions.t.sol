// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Outcome, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {IMotions} from "../src/interfaces/IMotions.sol";
import {Decisions} from "./Decisions.sol";
import {Vm} from "./Vm.sol";

/// @dev Motions about a member: its roles, its suspension, its successor.
contract MembershipMotionsTest is Decisions {
    // What all of them have in common

    function test_a_member_acting_in_every_block_cannot_hold_up_a_motion_about_it() public {
        acted(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, abi.encode(REASON)), Outcome.ASSENTED);
        bytes memory late = motion(1, MembershipVerbs.SUSPEND_MEMBER, bank.id, abi.encode(REASON));
        for (uint256 i = 1; i <= 3; i++) {
            vm.warp(START + i);
            done(membership, profileBy(bank, bank.key));
        }
        done(membership, late);
        same(statusOf(bank.id), MemberStatus.SUSPENDED, "status");
    }

    function test_the_event_of_a_motion_carries_the_members_counter() public {
        done(membership, profileBy(bank, bank.key));
        bytes memory own = abi.encode(Role.BANK | Role.SHIPPER, REASON);
        bytes memory act = motion(0, MembershipVerbs.CHANGE_ROLES, bank.id, own);
        same(counterIn(acted(membership, act, Outcome.ASSENTED)), 2, "an assent leaves it");
        act = motion(1, MembershipVerbs.CHANGE_ROLES, bank.id, own);
        same(counterIn(done(membership, act)), 3, "in the event");
        same(counterOf(bank.id), 3, "of the member");
    }

    function test_a_carried_motion_is_never_carried_again() public {
        suspend(bank.id);
        carried(MembershipVerbs.REINSTATE_MEMBER, bank.id, 0, abi.encode(REASON));
        bytes memory own = abi.encode(REASON);
        bytes32 id = motionId(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, 0, own);
        bytes memory reason = because(IMotions.MotionCarried.selector, id);
        for (uint256 i = 0; i < 3; i++) {
            refused(membership, motion(i, MembershipVerbs.SUSPEND_MEMBER, bank.id, own), reason);
        }
        same(membership.assentsTo(id), 3, "assents");
        carried(MembershipVerbs.SUSPEND_MEMBER, bank.id, 0, abi.encode(keccak256("another reason")));
    }

    function test_a_motion_about_a_member_has_no_counter() public {
        bytes memory own = abi.encode(REASON);
        bytes memory act = made(membership, MembershipVerbs.SUSPEND_MEMBER, seat(0), bank.id, 1, own);
        refused(membership, act, stale(bank.id, 0, 1));
    }

    function test_a_motion_about_nobody_is_refused() public {
        bytes memory reason = because(IActs.MemberUnknown.selector, stranger.id);
        refused(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, stranger.id, abi.encode(REASON)), reason);
    }

    function test_a_seat_assents_to_a_motion_about_a_member_once() public {
        bytes memory own = abi.encode(REASON);
        acted(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, own), Outcome.ASSENTED);
        expires = START + 9;
        bytes32 id = motionId(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, 0, own);
        bytes memory reason = because(IMotions.SeatAssented.selector, id, carrier.id);
        refused(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, own), reason);
    }

    // Roles

    function test_the_council_changes_a_members_roles() public {
        giveRoles(bank.id, Role.BANK | Role.TRUCK);
        same(rolesOf(bank.id), Role.BANK | Role.TRUCK, "roles");
        refusedMotion(MembershipVerbs.CHANGE_ROLES, abi.encode(0, REASON), because(IMembership.RoleUnknown.selector, 0));
        bytes memory reason = because(IMembership.RoleUnknown.selector, bytes32(uint256(2049)));
        refusedMotion(MembershipVerbs.CHANGE_ROLES, abi.encode(2049, REASON), reason);
    }

    // Suspension

    function test_a_suspended_member_neither_acts_nor_relays() public {
        addKey(bank, 0x7e, KeyPurpose.RELAY);
        suspend(bank.id);
        bytes memory reason = because(IActs.MemberNotActive.selector, bank.id);
        refused(membership, profileBy(bank, bank.key), reason);
        vm.expectRevert(because(IActs.RelayerNotActive.selector, keyId(0x7e)));
        membership.requireRelayer(vm.addr(0x7e));
        vm.expectRevert(reason);
        membership.requireActive(3);
        vm.expectRevert(reason);
        membership.activeMember(bank.id);
    }

    function test_a_reinstated_member_acts_again() public {
        suspend(bank.id);
        carried(MembershipVerbs.REINSTATE_MEMBER, bank.id, 0, abi.encode(REASON));
        done(membership, profileBy(bank, bank.key));
        membership.requireActive(3);
    }

    function test_only_an_active_member_is_suspended_and_only_a_suspended_one_reinstated() public {
        refusedMotion(MembershipVerbs.REINSTATE_MEMBER, abi.encode(REASON), wrongState(bank.id, MemberStatus.ACTIVE));
        suspend(bank.id);
        bytes memory again = abi.encode(keccak256("again"));
        refusedMotion(MembershipVerbs.SUSPEND_MEMBER, again, wrongState(bank.id, MemberStatus.SUSPENDED));
    }

    // Successors

    function test_a_carrier_answers_for_itself_until_the_council_names_its_successor() public {
        uint256 number = numberOf(carrier.id);
        same(membership.answering(number), number, "itself");
        giveRoles(shipper.id, Role.CARRIER);
        nameSuccessor(carrier.id, shipper.id);
        same(membership.answering(number), numberOf(shipper.id), "its successor");
        same(membership.successorOf(carrier.id), shipper.id, "named");
        carried(MembershipVerbs.NAME_SUCCESSOR, carrier.id, 0, abi.encode(0, REASON));
        same(membership.answering(number), number, "itself again");
        same(membership.successorOf(carrier.id), 0, "none");
    }

    function test_a_suspended_carriers_successor_answers_and_a_suspended_successor_does_not() public {
        uint256 number = numberOf(carrier.id);
        suspend(carrier.id);
        vm.expectRevert(because(IActs.MemberNotActive.selector, carrier.id));
        membership.answering(number);
        giveRoles(shipper.id, Role.CARRIER);
        nameSuccessor(carrier.id, shipper.id);
        same(membership.answering(number), numberOf(shipper.id), "its successor");
        suspend(shipper.id);
        vm.expectRevert(because(IActs.MemberNotActive.selector, shipper.id));
        membership.answering(number);
    }

    function test_a_successor_is_another_active_carrier() public {
        bytes memory reason = because(IMembership.SuccessorIsMember.selector, bank.id);
        refusedMotion(MembershipVerbs.NAME_SUCCESSOR, abi.encode(bank.id, REASON), reason);
        reason = because(IActs.RoleMissing.selector, shipper.id, bytes32(Role.CARRIER));
        refusedMotion(MembershipVerbs.NAME_SUCCESSOR, abi.encode(shipper.id, REASON), reason);
        reason = because(IActs.MemberUnknown.selector, stranger.id);
        refusedMotion(MembershipVerbs.NAME_SUCCESSOR, abi.encode(stranger.id, REASON), reason);
        suspend(carrier.id);
        reason = because(IActs.MemberNotActive.selector, carrier.id);
        refusedMotion(MembershipVerbs.NAME_SUCCESSOR, abi.encode(carrier.id, REASON), reason);
    }

    function test_nobody_answers_for_a_number_that_is_no_members() public {
        vm.expectRevert(because(IActs.MemberUnknown.selector, 0));
        membership.answering(99);
        vm.expectRevert(because(IActs.MemberNotActive.selector, 0));
        membership.requireActive(99);
    }

    function refusedMotion(uint256 verb, bytes memory own, bytes memory reason) private {
        refused(membership, motion(2, verb, bank.id, own), reason);
    }

    function counterIn(Vm.Log[] memory logs) private pure returns (uint256 counter) {
        (, counter,,) = told(logs[0]);
    }
}
