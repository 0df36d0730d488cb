// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {Decisions} from "./Decisions.sol";

/// @dev New keys from the council for a member that lost its own.
contract MembershipRecoveryTest is Decisions {
    bytes32 private constant MODULUS = keccak256("modulus");
    bytes32 private constant SECOND = keccak256("second modulus");
    bytes32 private constant SERIES = keccak256("number series");
    bytes32 private constant FOR_ACTS = bytes32(KeyPurpose.ACT);
    bytes32 private constant FOR_NUMBERING = bytes32(KeyPurpose.NUMBERING);

    function test_after_a_recovery_only_the_new_keys_count() public {
        addKey(bank, 0x7e, KeyPurpose.RELAY);
        addKey(bank, 0x7d, KeyPurpose.WITNESS);
        vm.warp(START + 50);
        recover(0, array(keyId(0x77)), array(FOR_ACTS));
        bytes memory reason = because(IActs.KeyNotValid.selector, bank.id, keyId(bank.key));
        refused(membership, profileBy(bank, bank.key), reason);
        vm.expectRevert(because(IActs.RelayerNotActive.selector, keyId(0x7e)));
        membership.requireRelayer(vm.addr(0x7e));
        same(revokedAt(keyId(0x7d)), START + 50, "witness key");
        same(revokedAt(keyId(bank.key)), START + 50, "act key");
        done(membership, profileBy(bank, 0x77));
        same(revokedAt(keyId(0x77)), 0, "new key");
    }

    function test_each_recovery_ends_the_keys_of_the_one_before() public {
        vm.warp(START + 50);
        recover(0, array(keyId(0x77)), array(FOR_ACTS));
        vm.warp(START + 60);
        recover(0, array(keyId(0x78)), array(FOR_ACTS));
        same(revokedAt(keyId(bank.key)), START + 50, "first");
        same(revokedAt(keyId(0x77)), START + 60, "second");
        bytes memory reason = because(IActs.KeyNotValid.selector, bank.id, keyId(0x77));
        refused(membership, profileBy(bank, 0x77), reason);
        done(membership, profileBy(bank, 0x78));
    }

    function test_a_key_revoked_before_a_recovery_keeps_its_time() public {
        addKey(bank, 0x77, KeyPurpose.ACT);
        done(membership, self(MembershipVerbs.REVOKE_KEY, bank, abi.encode(keyId(0x77))));
        vm.warp(START + 50);
        recover(0, array(keyId(0x78)), array(FOR_ACTS));
        same(revokedAt(keyId(0x77)), START, "revoked at");
    }

    function test_a_key_of_before_the_recovery_is_never_used_again() public {
        recover(0, array(keyId(0x77)), array(FOR_ACTS));
        bytes memory own = recovery(0, array(keyId(bank.key)), array(FOR_ACTS));
        refusedRecovery(own, because(IMembership.KeyInUse.selector, keyId(bank.key)));
    }

    function test_a_lost_numbering_key_is_succeeded_by_one_for_another_series_named_in_the_motion() public {
        recover(SERIES, array(MODULUS, keyId(0x77)), array(FOR_NUMBERING, FOR_ACTS));
        vm.warp(START + 50);
        recover(keccak256("third"), array(SECOND, keyId(0x78)), array(FOR_NUMBERING, FOR_ACTS));
        (uint256 purpose,,,) = membership.keyOf(bank.id, MODULUS);
        same(purpose, KeyPurpose.NUMBERING, "the old one stays");
        same(revokedAt(MODULUS), 0, "as it was");
        same(revokedAt(SECOND), 0, "beside the new");
    }

    function test_a_numbering_key_comes_with_its_series_and_a_series_with_its_numbering_key() public {
        bytes memory own = recovery(0, array(MODULUS), array(FOR_NUMBERING));
        refusedRecovery(own, because(IMembership.SeriesMismatch.selector, 0));
        own = recovery(SERIES, array(keyId(0x77)), array(FOR_ACTS));
        refusedRecovery(own, because(IMembership.SeriesMismatch.selector, SERIES));
        own = recovery(SERIES, array(MODULUS, SECOND), array(FOR_NUMBERING, FOR_NUMBERING));
        refusedRecovery(own, because(IMembership.NumberingKeyFixed.selector, bank.id));
    }

    function test_a_recovery_names_keys_that_can_be_registered() public {
        refusedRecovery(recovery(0, abi.encode(0), abi.encode(0)), because(IActs.ActMalformed.selector));
        bytes memory own = recovery(0, array(keyId(1), keyId(2)), array(FOR_ACTS));
        refusedRecovery(own, because(IActs.ActMalformed.selector));
        own = recovery(0, array(keyId(seat(0).key)), array(FOR_ACTS));
        refusedRecovery(own, because(IMembership.KeyInUse.selector, keyId(seat(0).key)));
        own = recovery(0, array(MODULUS), array(FOR_ACTS));
        refusedRecovery(own, because(IMembership.KeyMalformed.selector, MODULUS));
    }

    function test_a_suspended_members_keys_are_recovered_and_it_stays_suspended() public {
        suspend(bank.id);
        recover(0, array(keyId(0x77)), array(FOR_ACTS));
        refused(membership, profileBy(bank, 0x77), because(IActs.MemberNotActive.selector, bank.id));
    }

    function test_a_delegation_given_under_lost_keys_ends_with_them() public {
        bytes memory act = self(MembershipVerbs.DELEGATE, bank, abi.encode(shipper.id, 1 << 34, 0, START + 100));
        done(membership, act);
        bytes32 given = membership.digestOf(act);
        recover(0, array(keyId(0x77)), array(FOR_ACTS));
        (,,,,, bool ended) = membership.delegationOf(given);
        holds(ended, "ended");
        vm.expectRevert(because(IMembership.DelegationEnded.selector, given));
        membership.delegated(bank.id, vm.addr(shipper.key), given, 34, TITLE);
    }

    function recover(bytes32 series, bytes memory keys, bytes memory purposes) private {
        carried(MembershipVerbs.RECOVER_KEYS, bank.id, 0, recovery(series, keys, purposes));
    }

    function refusedRecovery(bytes memory own, bytes memory reason) private {
        refused(membership, motion(2, MembershipVerbs.RECOVER_KEYS, bank.id, own), reason);
    }

    function revokedAt(bytes32 key) private view returns (uint256 time) {
        (,,, time) = membership.keyOf(bank.id, key);
    }
}
