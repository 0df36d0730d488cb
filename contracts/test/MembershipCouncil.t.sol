// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {IMotions} from "../src/interfaces/IMotions.sol";
import {Member} from "./Consortium.sol";
import {Decisions} from "./Decisions.sol";

/// @dev The council's own motions: its seats and the rulebook.
contract MembershipCouncilTest is Decisions {
    uint256 private constant NEW_KEY = 0xd1;

    // Rotation

    function test_the_council_replaces_its_own_seats() public {
        rotate(1, array(bank.id, shipper.id), array(keyId(seat(1).key), keyId(NEW_KEY)));
        (uint256 threshold, bytes32[] memory seats, address[] memory keys) = membership.council();
        same(threshold, 1, "threshold");
        same(seats.length, 2, "seats");
        same(seats[0], bank.id, "kept");
        same(seats[1], shipper.id, "new");
        holds(keys[1] == vm.addr(NEW_KEY), "key");
        same(membership.councilEpoch(), 1, "epoch");
        (uint256 place, uint256 epoch, uint256 k) = membership.seatOf(shipper.id, vm.addr(NEW_KEY));
        same(place, 1, "place");
        same(epoch, 1, "epoch");
        same(k, 1, "threshold");
    }

    function test_after_a_rotation_only_the_new_seats_assent() public {
        rotate(1, array(bank.id, shipper.id), array(keyId(seat(1).key), keyId(NEW_KEY)));
        bytes memory own = abi.encode(REASON);
        bytes memory reason = because(IMotions.NotACouncilSeat.selector, carrier.id, keyId(seat(0).key));
        refused(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, consignee.id, own), reason);
        Member memory newSeat = Member(shipper.id, NEW_KEY);
        done(membership, made(membership, MembershipVerbs.SUSPEND_MEMBER, newSeat, consignee.id, 0, own));
    }

    function test_a_rotation_voids_every_open_motion() public {
        bytes memory own = abi.encode(REASON);
        assented(MembershipVerbs.SUSPEND_MEMBER, 0, shipper.id, 0, own);
        rotate(2, array(carrier.id, bank.id), array(keyId(seat(0).key), keyId(seat(1).key)));
        assented(MembershipVerbs.SUSPEND_MEMBER, 1, shipper.id, 0, own);
        same(membership.assentsTo(motionId(1, MembershipVerbs.SUSPEND_MEMBER, shipper.id, 0, own)), 2, "only its own");
        done(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, shipper.id, own));
    }

    function test_a_rotation_is_carried_once() public {
        bytes memory own = rotation(2, array(carrier.id, bank.id), array(keyId(seat(0).key), keyId(seat(1).key)));
        carried(MembershipVerbs.ROTATE_COUNCIL, COUNCIL, 0, own);
        bytes memory act = made(membership, MembershipVerbs.ROTATE_COUNCIL, seat(0), COUNCIL, 0, own);
        refused(membership, act, stale(COUNCIL, 1, 0));
    }

    function test_a_rotation_names_the_council_and_its_epoch() public {
        bytes memory own = rotation(1, array(bank.id), array(keyId(NEW_KEY)));
        bytes memory act = made(membership, MembershipVerbs.ROTATE_COUNCIL, seat(0), RULES, 0, own);
        refused(membership, act, because(IActs.ObjectUnknown.selector, RULES));
        act = made(membership, MembershipVerbs.ROTATE_COUNCIL, seat(0), COUNCIL, 1, own);
        refused(membership, act, stale(COUNCIL, 0, 1));
    }

    function test_a_council_that_cannot_decide_is_not_seated() public {
        bytes memory reason = because(IMembership.CouncilMalformed.selector);
        refusedRotation(rotation(1, abi.encode(0), abi.encode(0)), reason);
        refusedRotation(rotation(0, array(bank.id), array(keyId(NEW_KEY))), reason);
        refusedRotation(rotation(2, array(bank.id), array(keyId(NEW_KEY))), reason);
        refusedRotation(rotation(1, array(bank.id, bank.id), array(keyId(NEW_KEY))), reason);
        refusedRotation(rotation(1, array(0), array(keyId(NEW_KEY))), reason);
        refusedRotation(rotation(1, array(bank.id), array(0)), reason);
        refusedRotation(rotation(1, array(bank.id, bank.id), array(keyId(NEW_KEY), keyId(NEW_KEY))), reason);
        bytes32 long = keccak256("no address");
        reason = because(IMembership.KeyMalformed.selector, long);
        refusedRotation(rotation(1, array(bank.id), array(long)), reason);
    }

    function test_a_seats_key_is_no_members_and_no_other_seats() public {
        bytes memory reason = because(IMembership.KeyInUse.selector, keyId(bank.key));
        refusedRotation(rotation(1, array(bank.id), array(keyId(bank.key))), reason);
        reason = because(IMembership.KeyInUse.selector, keyId(seat(0).key));
        refusedRotation(rotation(1, array(bank.id), array(keyId(seat(0).key))), reason);
    }

    function test_a_former_seats_key_returns_to_its_own_member_alone() public {
        rotate(1, array(bank.id), array(keyId(seat(1).key)));
        bytes memory own = abi.encode(keyId(seat(0).key), KeyPurpose.ACT, 0, 0);
        bytes memory reason = because(IMembership.KeyInUse.selector, keyId(seat(0).key));
        refused(membership, self(MembershipVerbs.ADD_KEY, carrier, own), reason);
        own = rotation(1, array(carrier.id), array(keyId(seat(0).key)));
        done(membership, made(membership, MembershipVerbs.ROTATE_COUNCIL, seat(1), COUNCIL, 1, own));
        membership.seatOf(carrier.id, vm.addr(seat(0).key));
    }

    function test_a_key_that_was_never_a_seats_is_nobodys_seat() public {
        vm.expectRevert(because(IMotions.NotACouncilSeat.selector, 0, keyId(NEW_KEY)));
        membership.seatOf(0, vm.addr(NEW_KEY));
    }

    function test_sixteen_seats_fit_the_gas_cap_again_and_again() public {
        for (uint256 round = 0; round < 2; round++) {
            bytes memory seats = abi.encode(16);
            bytes memory keys = abi.encode(16);
            for (uint256 i = 1; i <= 16; i++) {
                seats = bytes.concat(seats, keccak256(abi.encode(round, i)));
                keys = bytes.concat(keys, keyId(round * 16 + i));
            }
            bytes memory own = bytes.concat(abi.encode(1), seats, keys);
            Member memory by = round == 0 ? seat(0) : Member(keccak256(abi.encode(0, 1)), 1);
            if (round == 0) assented(MembershipVerbs.ROTATE_COUNCIL, 1, COUNCIL, 0, own);
            done(membership, made(membership, MembershipVerbs.ROTATE_COUNCIL, by, COUNCIL, round, own));
        }
    }

    // The rulebook

    function test_the_council_puts_a_rulebook_with_its_waiting_times_in_force() public {
        bytes32 next = keccak256("next rulebook");
        carried(MembershipVerbs.CHANGE_RULEBOOK, RULES, 1, abi.encode(next, 1, 366 days));
        same(membership.rulebook(), next, "rulebook");
        same(membership.rulebookVersion(), 2, "version");
        (uint256 enforcement, uint256 transfer) = membership.waitingTimes();
        same(enforcement, 1, "enforcement");
        same(transfer, 366 days, "transfer");
        (,,,,, bytes32 accepted) = membership.memberOf(bank.id);
        same(accepted, RULEBOOK, "accepted before");
        done(membership, self(MembershipVerbs.ACCEPT_RULEBOOK, bank, abi.encode(next)));
        (,,,,, accepted) = membership.memberOf(bank.id);
        same(accepted, next, "accepted now");
        bytes memory reason = because(IMembership.RulebookNotInForce.selector, RULEBOOK);
        refused(membership, self(MembershipVerbs.ACCEPT_RULEBOOK, bank, abi.encode(RULEBOOK)), reason);
    }

    function test_the_founding_rulebook_is_version_one_with_its_waiting_times() public view {
        same(membership.rulebookVersion(), 1, "version");
        (uint256 enforcement, uint256 transfer) = membership.waitingTimes();
        same(enforcement, ENFORCEMENT, "enforcement");
        same(transfer, TRANSFER, "transfer");
    }

    function test_a_change_of_rulebook_names_the_rulebook_and_its_version() public {
        bytes memory own = abi.encode(REASON, 1, 1);
        bytes memory act = made(membership, MembershipVerbs.CHANGE_RULEBOOK, seat(0), COUNCIL, 1, own);
        refused(membership, act, because(IActs.ObjectUnknown.selector, COUNCIL));
        act = made(membership, MembershipVerbs.CHANGE_RULEBOOK, seat(0), RULES, 2, own);
        refused(membership, act, stale(RULES, 1, 2));
    }

    function test_a_waiting_time_is_one_second_to_366_days() public {
        refusedWaits(0, 1, 0);
        refusedWaits(1, 0, 0);
        refusedWaits(366 days + 1, 1, 366 days + 1);
        refusedWaits(1, type(uint256).max, type(uint256).max);
    }

    // Whose motions they are

    function test_no_member_key_and_no_stranger_assents_to_anything() public {
        uint256[9] memory verbs = [
            MembershipVerbs.ASSIGN_AUTHORITY,
            MembershipVerbs.CHANGE_RULEBOOK,
            MembershipVerbs.CHANGE_ROLES,
            MembershipVerbs.SUSPEND_MEMBER,
            MembershipVerbs.REINSTATE_MEMBER,
            MembershipVerbs.EXIT_MEMBER,
            MembershipVerbs.NAME_SUCCESSOR,
            MembershipVerbs.ROTATE_COUNCIL,
            MembershipVerbs.RECOVER_KEYS
        ];
        for (uint256 i = 0; i < verbs.length; i++) {
            bytes memory own = wordsFor(verbs[i]);
            bytes memory act = made(membership, verbs[i], carrier, bank.id, 0, own);
            refused(membership, act, because(IMotions.NotACouncilSeat.selector, carrier.id, keyId(carrier.key)));
            act = made(membership, verbs[i], Member(carrier.id, seat(1).key), bank.id, 0, own);
            refused(membership, act, because(IMotions.NotACouncilSeat.selector, carrier.id, keyId(seat(1).key)));
        }
    }

    function test_an_assent_under_a_delegation_is_refused() public {
        delegation = keccak256("delegation");
        bytes memory act = motion(0, MembershipVerbs.SUSPEND_MEMBER, bank.id, abi.encode(REASON));
        bytes32 verb = bytes32(MembershipVerbs.SUSPEND_MEMBER);
        refused(membership, act, because(IActs.VerbNotDelegable.selector, verb));
    }

    function wordsFor(uint256 verb) private view returns (bytes memory) {
        if (verb == MembershipVerbs.ASSIGN_AUTHORITY) return abi.encode(PORT, Role.CUSTOMS, customs.id, 1);
        if (verb == MembershipVerbs.CHANGE_RULEBOOK) return abi.encode(REASON, 1, 1);
        if (verb == MembershipVerbs.CHANGE_ROLES) return abi.encode(Role.BANK, REASON);
        if (verb == MembershipVerbs.NAME_SUCCESSOR) return abi.encode(0, REASON);
        if (verb == MembershipVerbs.ROTATE_COUNCIL) return rotation(1, array(bank.id), array(keyId(NEW_KEY)));
        if (verb == MembershipVerbs.RECOVER_KEYS) {
            return recovery(0, array(keyId(NEW_KEY)), array(bytes32(uint256(1))));
        }
        return abi.encode(REASON);
    }

    function rotation(uint256 threshold, bytes memory seats, bytes memory keys) private pure returns (bytes memory) {
        return bytes.concat(abi.encode(threshold), seats, keys);
    }

    function rotate(uint256 threshold, bytes memory seats, bytes memory keys) private {
        carried(MembershipVerbs.ROTATE_COUNCIL, COUNCIL, 0, rotation(threshold, seats, keys));
    }

    function refusedRotation(bytes memory own, bytes memory reason) private {
        refused(membership, made(membership, MembershipVerbs.ROTATE_COUNCIL, seat(0), COUNCIL, 0, own), reason);
    }

    function refusedWaits(uint256 enforcement, uint256 transfer, uint256 wrong) private {
        bytes memory own = abi.encode(REASON, enforcement, transfer);
        bytes memory act = made(membership, MembershipVerbs.CHANGE_RULEBOOK, seat(0), RULES, 1, own);
        refused(membership, act, because(IMembership.WaitOutOfRange.selector, bytes32(wrong)));
    }
}
