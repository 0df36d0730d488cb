// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {Decisions} from "./Decisions.sol";

/// @dev What members change of themselves: keys, profile, acceptance of the rulebook.
contract MembershipKeysTest is Decisions {
    function test_a_member_adds_a_key_that_counts_within_its_period() public {
        bytes memory own = abi.encode(keyId(0x77), KeyPurpose.ACT, START + 10, START + 20);
        done(membership, self(MembershipVerbs.ADD_KEY, bank, own));
        bytes memory reason = because(IActs.KeyNotValid.selector, bank.id, keyId(0x77));
        refused(membership, profileBy(bank, 0x77), reason);
        vm.warp(START + 10);
        done(membership, profileBy(bank, 0x77));
        vm.warp(START + 20);
        refused(membership, profileBy(bank, 0x77), reason);
    }

    function test_a_key_with_an_empty_or_finished_period_is_refused() public {
        refusedPeriod(START + 20, START + 20);
        refusedPeriod(0, START);
        refusedPeriod(uint256(1) << 48, 0);
        refusedPeriod(0, uint256(1) << 48);
    }

    function test_a_key_of_another_purpose_signs_no_act() public {
        bytes memory own = abi.encode(keyId(0x77), KeyPurpose.WITNESS, 0, 0);
        done(membership, self(MembershipVerbs.ADD_KEY, bank, own));
        refused(membership, profileBy(bank, 0x77), because(IActs.KeyNotValid.selector, bank.id, keyId(0x77)));
    }

    function test_a_revoked_key_signs_no_act_and_is_never_used_again() public {
        bytes memory own = abi.encode(keyId(0x77), KeyPurpose.ACT, 0, 0);
        done(membership, self(MembershipVerbs.ADD_KEY, bank, own));
        done(membership, self(MembershipVerbs.REVOKE_KEY, bank, abi.encode(keyId(0x77))));
        (,,, uint256 revokedAt) = membership.keyOf(bank.id, keyId(0x77));
        same(revokedAt, START, "revoked at");
        bytes memory notValid = because(IActs.KeyNotValid.selector, bank.id, keyId(0x77));
        refused(membership, profileBy(bank, 0x77), notValid);
        refused(membership, self(MembershipVerbs.REVOKE_KEY, bank, abi.encode(keyId(0x77))), notValid);
        bytes memory reason = because(IMembership.KeyInUse.selector, keyId(0x77));
        refused(membership, self(MembershipVerbs.ADD_KEY, bank, own), reason);
    }

    function test_a_member_revokes_no_key_but_its_own() public {
        bytes memory act = self(MembershipVerbs.REVOKE_KEY, bank, abi.encode(keyId(carrier.key)));
        refused(membership, act, because(IActs.KeyNotValid.selector, bank.id, keyId(carrier.key)));
        (uint256 purpose,,,) = membership.keyOf(bank.id, keyId(carrier.key));
        same(purpose, 0, "purpose");
        (purpose,,,) = membership.keyOf(0, keccak256("nobody's key"));
        same(purpose, 0, "purpose");
    }

    function test_a_seat_key_is_never_a_members() public {
        bytes memory own = abi.encode(keyId(seat(2).key), KeyPurpose.ACT, 0, 0);
        bytes memory reason = because(IMembership.KeyInUse.selector, keyId(seat(2).key));
        refused(membership, self(MembershipVerbs.ADD_KEY, bank, own), reason);
    }

    function test_a_member_adds_no_numbering_key_and_revokes_none() public {
        bytes32 modulus = keccak256("modulus");
        bytes memory own = abi.encode(Role.CARRIER, keccak256("profile"), RULEBOOK);
        bytes memory purposes = array(bytes32(KeyPurpose.NUMBERING), bytes32(KeyPurpose.ACT));
        own = bytes.concat(own, array(modulus, keyId(stranger.key)), purposes);
        carried(MembershipVerbs.ADMIT_MEMBER, stranger.id, 0, own);
        bytes memory reason = because(IMembership.NumberingKeyFixed.selector, stranger.id);
        own = abi.encode(keccak256("2"), KeyPurpose.NUMBERING, 0, 0);
        refused(membership, self(MembershipVerbs.ADD_KEY, stranger, own), reason);
        refused(membership, self(MembershipVerbs.REVOKE_KEY, stranger, abi.encode(modulus)), reason);
        (uint256 purpose,,, uint256 revokedAt) = membership.keyOf(stranger.id, modulus);
        same(purpose, KeyPurpose.NUMBERING, "purpose");
        same(revokedAt, 0, "revoked at");
    }

    function test_a_relay_key_counts_within_its_period_and_as_nothing_else() public {
        bytes memory own = abi.encode(keyId(0x7e), KeyPurpose.RELAY, START + 10, START + 20);
        done(membership, self(MembershipVerbs.ADD_KEY, bank, own));
        bytes memory reason = because(IActs.RelayerNotActive.selector, keyId(0x7e));
        vm.expectRevert(reason);
        membership.requireRelayer(vm.addr(0x7e));
        vm.warp(START + 10);
        membership.requireRelayer(vm.addr(0x7e));
        refused(membership, profileBy(bank, 0x7e), because(IActs.KeyNotValid.selector, bank.id, keyId(0x7e)));
        vm.warp(START + 20);
        vm.expectRevert(reason);
        membership.requireRelayer(vm.addr(0x7e));
        vm.expectRevert(because(IActs.RelayerNotActive.selector, keyId(bank.key)));
        membership.requireRelayer(vm.addr(bank.key));
    }

    function test_a_member_acts_on_no_counter_but_its_records_own() public {
        bytes memory act = made(membership, MembershipVerbs.UPDATE_PROFILE, bank, bank.id, 2, abi.encode(1));
        refused(membership, act, stale(bank.id, 1, 2));
    }

    function test_who_is_no_member_acts_on_nothing() public {
        bytes memory act = self(MembershipVerbs.UPDATE_PROFILE, stranger, abi.encode(1));
        refused(membership, act, because(IActs.MemberUnknown.selector, stranger.id));
    }

    function test_membership_executes_no_verb_of_another_contract() public {
        expectUnknown(0);
        expectUnknown(MembershipVerbs.END_DELEGATION + 1);
    }

    function expectUnknown(uint256 verb) private {
        bytes memory act = abi.encodePacked(uint8(verb), new bytes(74 + 65));
        refused(membership, act, because(IActs.VerbUnknown.selector, bytes32(verb)));
    }

    function test_a_member_changes_no_record_but_its_own() public {
        bytes memory act = made(membership, MembershipVerbs.UPDATE_PROFILE, bank, carrier.id, 1, abi.encode(1));
        refused(membership, act, because(IMembership.NotTheMember.selector, carrier.id, bank.id));
    }

    function test_a_member_names_its_new_profile() public {
        done(membership, self(MembershipVerbs.UPDATE_PROFILE, bank, abi.encode(keccak256("new profile"))));
        (,,, uint256 counter, bytes32 profile,) = membership.memberOf(bank.id);
        same(profile, keccak256("new profile"), "profile");
        same(counter, 2, "counter");
    }

    function test_a_member_accepts_the_rulebook_in_force_and_no_other() public {
        done(membership, self(MembershipVerbs.ACCEPT_RULEBOOK, bank, abi.encode(RULEBOOK)));
        bytes memory act = self(MembershipVerbs.ACCEPT_RULEBOOK, bank, abi.encode(keccak256("other")));
        refused(membership, act, because(IMembership.RulebookNotInForce.selector, keccak256("other")));
    }

    function refusedPeriod(uint256 validFrom, uint256 validUntil) private {
        bytes memory own = abi.encode(keyId(0x77), KeyPurpose.ACT, validFrom, validUntil);
        refused(
            membership,
            self(MembershipVerbs.ADD_KEY, bank, own),
            because(IMembership.KeyPeriodMalformed.selector, bytes32(validFrom), bytes32(validUntil))
        );
    }
}
