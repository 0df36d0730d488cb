// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Membership} from "../src/Membership.sol";
import {Network} from "../src/Network.sol";
import {MembershipVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Outcome, Role, TitleKind} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMotions} from "../src/interfaces/IMotions.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {Decisions} from "./Decisions.sol";

/// @dev The council as founded; admission of members and assignment of authorities.
contract MembershipTest is Decisions {
    bytes32 private constant NUMBERING = keccak256("modulus");

    function test_two_of_three_seats_admit_a_member() public {
        bytes memory own = admission(Role.SHIPPER | Role.CONSIGNEE, keyId(stranger.key));
        acted(membership, admit(0, own), Outcome.ASSENTED);
        (uint256 number,,,,,) = membership.memberOf(stranger.id);
        same(number, 0, "not yet");
        expires = START + 3;
        done(membership, admit(2, own));
        uint256 roles;
        uint256 status;
        uint256 counter;
        bytes32 profile;
        bytes32 accepted;
        (number, roles, status, counter, profile, accepted) = membership.memberOf(stranger.id);
        same(number, 7, "number");
        same(roles, Role.SHIPPER | Role.CONSIGNEE, "roles");
        same(status, MemberStatus.ACTIVE, "status");
        same(counter, 1, "counter");
        same(profile, keccak256("profile"), "profile");
        same(accepted, RULEBOOK, "rulebook");
        same(membership.memberAt(7), stranger.id, "member at");
        (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt) =
            membership.keyOf(stranger.id, keyId(stranger.key));
        same(purpose, KeyPurpose.ACT, "purpose");
        same(validFrom, START, "from");
        same(validUntil + revokedAt, 0, "until");
    }

    function test_a_seat_assents_once() public {
        bytes memory own = admission(Role.SHIPPER, keyId(stranger.key));
        bytes memory act = admit(0, own);
        acted(membership, act, Outcome.ASSENTED);
        bytes32 motion =
            keccak256(abi.encodePacked(uint256(0), MembershipVerbs.ADMIT_MEMBER, stranger.id, uint256(0), own));
        bytes memory reason = because(IMotions.SeatAssented.selector, motion, carrier.id);
        refused(membership, act, reason);
        expires = START + 3;
        refused(membership, admit(0, own), reason);
        same(membership.assentsTo(motion), 1, "assents");
    }

    function test_assents_to_different_motions_do_not_add_up() public {
        acted(membership, admit(0, admission(Role.SHIPPER, keyId(stranger.key))), Outcome.ASSENTED);
        acted(membership, admit(1, admission(Role.BANK, keyId(stranger.key))), Outcome.ASSENTED);
        (uint256 number,,,,,) = membership.memberOf(stranger.id);
        same(number, 0, "number");
    }

    function test_only_a_seats_council_key_assents_and_only_in_its_own_name() public {
        bytes memory own = admission(Role.SHIPPER, keyId(stranger.key));
        bytes memory act = signed(membership, MembershipVerbs.ADMIT_MEMBER, carrier, carrier.key, stranger.id, 0, own);
        refused(membership, act, because(IMotions.NotACouncilSeat.selector, carrier.id, keyId(carrier.key)));
        act = signed(membership, MembershipVerbs.ADMIT_MEMBER, bank, seat(0).key, stranger.id, 0, own);
        refused(membership, act, because(IMotions.NotACouncilSeat.selector, bank.id, keyId(seat(0).key)));
    }

    function test_a_council_key_acts_on_no_title() public {
        bytes memory own = abi.encode(TitleKind.ORDER, 0, shipper.id, START + 1, PORT, PORT, ROOT);
        bytes memory act = signed(titles, TitlesVerbs.ISSUE, carrier, seat(0).key, TITLE, 0, own);
        refused(titles, act, because(IActs.KeyNotValid.selector, carrier.id, keyId(seat(0).key)));
    }

    function test_a_member_is_admitted_once() public {
        bytes memory act =
            made(membership, MembershipVerbs.ADMIT_MEMBER, seat(0), bank.id, 0, admission(1, keyId(0x99)));
        refused(membership, act, because(IMembership.MemberExists.selector, bank.id));
    }

    function test_an_admission_with_wrong_roles_or_rulebook_is_refused() public {
        bytes32 key = keyId(stranger.key);
        refused(membership, admit(0, admission(0, key)), because(IMembership.RoleUnknown.selector, 0));
        bytes memory reason = because(IMembership.RoleUnknown.selector, bytes32(uint256(2048)));
        refused(membership, admit(0, admission(2048, key)), reason);
        bytes memory own = abi.encode(Role.BANK, keccak256("profile"), keccak256("another rulebook"));
        own = bytes.concat(own, array(key), array(bytes32(KeyPurpose.ACT)));
        reason = because(IMembership.RulebookNotInForce.selector, keccak256("another rulebook"));
        refused(membership, admit(0, own), reason);
    }

    function test_an_admission_with_wrong_keys_is_refused() public {
        refused(membership, admitWith(keyId(1), 0), because(IActs.PurposeUnknown.selector, 0));
        bytes memory reason = because(IActs.PurposeUnknown.selector, bytes32(uint256(5)));
        refused(membership, admitWith(keyId(1), 5), reason);
        refused(membership, admitWith(0, 1), because(IMembership.KeyMalformed.selector, 0));
        refused(membership, admitWith(NUMBERING, 1), because(IMembership.KeyMalformed.selector, NUMBERING));
        reason = because(IMembership.KeyInUse.selector, keyId(bank.key));
        refused(membership, admitWith(keyId(bank.key), 1), reason);
        reason = because(IMembership.KeyInUse.selector, keyId(seat(1).key));
        refused(membership, admitWith(keyId(seat(1).key), 1), reason);
        bytes memory head = abi.encode(Role.BANK, keccak256("profile"), RULEBOOK);
        bytes memory own = bytes.concat(head, array(keyId(1), keyId(2)), array(bytes32(uint256(1))));
        refused(membership, admit(0, own), because(IActs.ActMalformed.selector));
        own = bytes.concat(head, array(keyId(1), keyId(1)), array(bytes32(uint256(1)), bytes32(uint256(2))));
        refused(membership, admit(0, own), because(IMembership.KeyInUse.selector, keyId(1)));
    }

    function test_an_admission_registers_at_most_one_numbering_key() public {
        bytes32 four = bytes32(KeyPurpose.NUMBERING);
        bytes memory head = abi.encode(Role.CARRIER, keccak256("profile"), RULEBOOK);
        bytes memory own = bytes.concat(head, array(NUMBERING, keccak256("2")), array(four, four));
        refused(membership, admit(0, own), because(IMembership.NumberingKeyFixed.selector, stranger.id));
        own = bytes.concat(head, array(NUMBERING, keyId(stranger.key)), array(four, bytes32(KeyPurpose.ACT)));
        carried(MembershipVerbs.ADMIT_MEMBER, stranger.id, 0, own);
        (uint256 purpose,,,) = membership.keyOf(stranger.id, NUMBERING);
        same(purpose, KeyPurpose.NUMBERING, "purpose");
    }

    function test_an_admission_names_a_member_and_no_counter() public {
        bytes memory own = admission(Role.BANK, keyId(stranger.key));
        bytes memory act = made(membership, MembershipVerbs.ADMIT_MEMBER, seat(0), 0, 0, own);
        refused(membership, act, because(IActs.ActMalformed.selector));
        act = made(membership, MembershipVerbs.ADMIT_MEMBER, seat(0), stranger.id, 1, own);
        refused(membership, act, stale(stranger.id, 0, 1));
    }

    function test_an_admission_with_16_keys_fits_its_gas_cap() public {
        bytes memory keys = abi.encode(16);
        bytes memory purposes = abi.encode(16);
        for (uint256 i = 1; i <= 16; i++) {
            keys = bytes.concat(keys, keyId(i));
            purposes = bytes.concat(purposes, bytes32(uint256(1)));
        }
        bytes memory head = abi.encode(Role.BANK, keccak256("profile"), RULEBOOK);
        carried(MembershipVerbs.ADMIT_MEMBER, stranger.id, 0, bytes.concat(head, keys, purposes));
    }

    function test_the_council_assigns_an_authority_and_ends_the_assignment() public {
        holds(membership.assigned(PORT, Role.CUSTOMS, customs.id), "assigned");
        same(membership.assignmentCounter(PORT, Role.CUSTOMS), 1, "counter");
        bytes memory own = abi.encode(PORT, Role.CUSTOMS, customs.id, 0);
        carried(MembershipVerbs.ASSIGN_AUTHORITY, assignmentId(PORT, Role.CUSTOMS), 1, own);
        holds(!membership.assigned(PORT, Role.CUSTOMS, customs.id), "ended");
        same(membership.assignmentCounter(PORT, Role.CUSTOMS), 2, "counter");
        refused(
            membership,
            assign(PORT, Role.CUSTOMS, customs.id, 0),
            abi.encodeWithSelector(IActs.NotAssigned.selector, PORT, Role.CUSTOMS, customs.id)
        );
    }

    function test_an_assignment_that_cannot_be_is_refused() public {
        refused(membership, assign(0, Role.CUSTOMS, customs.id, 1), because(IActs.PortUnknown.selector, 0));
        refused(membership, assign(PORT, 0, customs.id, 1), because(IMembership.RoleUnknown.selector, 0));
        bytes memory reason = because(IMembership.RoleUnknown.selector, bytes32(uint256(48)));
        refused(membership, assign(PORT, 48, customs.id, 1), reason);
        reason = because(IActs.RoleMissing.selector, bank.id, bytes32(Role.CUSTOMS));
        refused(membership, assign(PORT, Role.CUSTOMS, bank.id, 1), reason);
        reason = because(IActs.MemberUnknown.selector, stranger.id);
        refused(membership, assign(PORT, Role.CUSTOMS, stranger.id, 1), reason);
        reason = because(IActs.ActMalformed.selector);
        refused(membership, assign(PORT, Role.CUSTOMS, customs.id, 2), reason);
        bytes memory own = abi.encode(PORT, Role.CUSTOMS, customs.id, 1);
        bytes memory act = made(membership, MembershipVerbs.ASSIGN_AUTHORITY, seat(0), TITLE, 0, own);
        refused(membership, act, because(IActs.ObjectUnknown.selector, TITLE));
        bytes32 object = assignmentId(PORT, Role.CUSTOMS);
        act = made(membership, MembershipVerbs.ASSIGN_AUTHORITY, seat(0), object, 7, own);
        refused(membership, act, stale(object, 1, 7));
        refused(
            membership,
            assign(1 << 16, Role.CUSTOMS, customs.id, 1),
            because(IActs.PortUnknown.selector, bytes32(uint256(1 << 16)))
        );
        reason = because(IMembership.RoleUnknown.selector, bytes32(uint256(2048)));
        refused(membership, assign(PORT, 2048, customs.id, 1), reason);
    }

    function test_a_member_may_be_assigned_to_several_roles_at_a_port() public {
        giveRoles(customs.id, Role.CUSTOMS | Role.INSPECTION | Role.QUARANTINE);
        _assign(PORT, Role.INSPECTION, customs);
        same(membership.assignedRoles(PORT, customs.id), Role.CUSTOMS | Role.INSPECTION, "roles");
        holds(membership.assigned(PORT, Role.INSPECTION | Role.QUARANTINE, customs.id), "any");
        holds(!membership.assigned(PORT, Role.QUARANTINE, customs.id), "not assigned");
        holds(!membership.assigned(PORT + 1, Role.CUSTOMS, customs.id), "another port");
        bytes memory own = abi.encode(PORT, Role.CUSTOMS, customs.id, 0);
        carried(MembershipVerbs.ASSIGN_AUTHORITY, assignmentId(PORT, Role.CUSTOMS), 1, own);
        same(membership.assignedRoles(PORT, customs.id), Role.INSPECTION, "the other stays");
        same(membership.assignedRoles(PORT, stranger.id), 0, "no member");
    }

    function test_an_assignment_sleeps_while_the_member_lacks_the_role() public {
        giveRoles(customs.id, Role.REGULATOR);
        same(membership.assignedRoles(PORT, customs.id), 0, "roles");
        holds(!membership.assigned(PORT, Role.CUSTOMS, customs.id), "assigned");
        giveRoles(customs.id, Role.REGULATOR | Role.CUSTOMS);
        same(membership.assignedRoles(PORT, customs.id), Role.CUSTOMS, "roles");
    }

    function test_a_network_is_not_founded_with_waiting_times_out_of_range() public {
        (bytes32[] memory seats, address[] memory keys) = (new bytes32[](1), new address[](1));
        (seats[0], keys[0]) = (bank.id, address(1));
        Network other = another();
        vm.expectRevert(because(IMembership.WaitOutOfRange.selector, 0));
        new Membership(other, seats, keys, 1, RELAYER, RULEBOOK, 0, TRANSFER);
        other = another();
        vm.expectRevert(because(IMembership.WaitOutOfRange.selector, bytes32(uint256(366 days + 1))));
        new Membership(other, seats, keys, 1, RELAYER, RULEBOOK, ENFORCEMENT, 366 days + 1);
    }

    function test_the_council_is_as_founded() public view {
        (uint256 threshold, bytes32[] memory seats, address[] memory keys) = membership.council();
        same(threshold, 2, "threshold");
        same(seats.length, 3, "seats");
        same(seats[2], customs.id, "seat");
        holds(keys[2] == vm.addr(seat(2).key), "key");
        same(membership.rulebook(), RULEBOOK, "rulebook");
    }

    function test_a_council_that_cannot_decide_is_not_founded() public {
        bytes32[] memory seats = new bytes32[](2);
        address[] memory keys = new address[](2);
        (seats[0], seats[1], keys[0], keys[1]) = (bank.id, carrier.id, address(1), address(1));
        notFounded(seats, keys, 1);
        keys[1] = address(0);
        notFounded(seats, keys, 1);
        keys[1] = address(2);
        notFounded(seats, keys, 0);
        notFounded(seats, keys, 3);
        notFounded(seats, new address[](1), 1);
        seats[1] = 0;
        notFounded(seats, keys, 1);
        notFounded(new bytes32[](17), new address[](17), 1);
    }

    function admit(uint256 i, bytes memory own) private returns (bytes memory) {
        return made(membership, MembershipVerbs.ADMIT_MEMBER, seat(i), stranger.id, 0, own);
    }

    function admitWith(bytes32 key, uint256 purpose) private returns (bytes memory) {
        bytes memory head = abi.encode(Role.BANK, keccak256("profile"), RULEBOOK);
        return admit(0, bytes.concat(head, array(key), array(bytes32(purpose))));
    }

    function assign(uint256 port, uint256 role, bytes32 member, uint256 whether) private returns (bytes memory) {
        bytes32 object = assignmentId(port, role);
        bytes memory own = abi.encode(port, role, member, whether);
        uint256 counter = membership.assignmentCounter(port, role);
        return made(membership, MembershipVerbs.ASSIGN_AUTHORITY, seat(2), object, counter, own);
    }

    function notFounded(bytes32[] memory seats, address[] memory keys, uint256 threshold) private {
        Network other = another();
        vm.expectRevert(IMembership.CouncilMalformed.selector);
        new Membership(other, seats, keys, threshold, RELAYER, RULEBOOK, ENFORCEMENT, TRANSFER);
    }

    /// @dev A network whose Membership is the next contract of this test.
    function another() private returns (Network) {
        bytes32[] memory names = new bytes32[](1);
        address[] memory contracts = new address[](1);
        names[0] = keccak256("Membership");
        contracts[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        return new Network(NETWORK_ID, names, contracts);
    }
}
