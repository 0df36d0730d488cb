// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationsVerbs, MembershipVerbs} from "../src/generated/Verbs.sol";
import {OriginState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IAttestations} from "../src/interfaces/IAttestations.sol";
import {Member} from "./Consortium.sol";
import {Origins} from "./Origins.sol";

/// @dev Two signed roots of one size: what shows a split, and what does not.
contract AttestationsSplitTest is Origins {
    bytes32 private constant DEVICE = keccak256("device");
    uint256 private constant DEVICE_KEY = 0xde1ce;
    bytes32 private constant OTHER = keccak256("other root");

    function test_two_signed_roots_of_one_size_split_the_origin_for_ever() public {
        done(attestations, checkpoint(carrier, 0, 4, ROOT));
        bytes memory first = checkpoint(carrier, 0, 4, ROOT);
        bytes memory second = checkpoint(carrier, 1, 4, OTHER);
        done(attestations, report(bank, carrier.id, carrier.id, first, second), both(first, second));
        (uint256 state, uint256 counter, bytes32 seal) = attestations.originOf(carrier.id, carrier.id);
        same(state, OriginState.SPLIT, "state");
        same(counter, 2, "counter");
        same(seal, 0, "seal");
        bytes memory reason = because(IAttestations.OriginSplit.selector, carrier.id);
        refused(attestations, checkpoint(carrier, 2, 5, ROOT), reason);
        refused(attestations, checkpoint(carrier, 0, 5, ROOT), reason);
        bytes memory again = report(bank, carrier.id, carrier.id, second, first);
        refused(attestations, bytes.concat(again, both(second, first)), reason);
    }

    function test_neither_root_need_have_been_checkpointed() public {
        (bytes memory first, bytes memory second) = (checkpoint(carrier, 7, 4, ROOT), checkpoint(carrier, 9, 4, OTHER));
        done(attestations, report(carrier, carrier.id, carrier.id, first, second), both(first, second));
        (uint256 state, uint256 counter,) = attestations.originOf(carrier.id, carrier.id);
        same(state, OriginState.SPLIT, "state");
        same(counter, 1, "counter");
        refused(attestations, checkpoint(carrier, 0, 1, ROOT), because(IAttestations.OriginSplit.selector, carrier.id));
    }

    function test_expired_checkpoints_and_attached_proofs_show_a_split_too() public {
        bytes memory first = bytes.concat(checkpoint(carrier, 1, 4, ROOT), abi.encode(1, ROOT));
        bytes memory second = checkpoint(carrier, 1, 4, OTHER);
        vm.warp(START + 1 days);
        done(attestations, report(bank, carrier.id, carrier.id, first, second), both(first, second));
    }

    function test_a_device_is_split_apart_from_its_owner() public {
        done(devices, lane(DEVICE, DEVICE_KEY, PORT));
        bytes memory first = deviceCheckpoint(DEVICE, DEVICE_KEY, 0, 4, ROOT);
        bytes memory second = deviceCheckpoint(DEVICE, DEVICE_KEY, 0, 4, OTHER);
        done(attestations, report(bank, terminal.id, DEVICE, first, second), both(first, second));
        (uint256 state,,) = attestations.originOf(terminal.id, DEVICE);
        same(state, OriginState.SPLIT, "device");
        done(attestations, checkpoint(terminal, 0, 4, ROOT));
    }

    function test_what_a_delegate_signed_counts_as_its_principals() public {
        bytes memory own = abi.encode(bank.id, 1 << AttestationsVerbs.CHECKPOINT, 0, START + 100);
        bytes memory act = self(MembershipVerbs.DELEGATE, carrier, own);
        done(membership, act);
        bytes memory first = checkpoint(carrier, 0, 4, ROOT);
        delegation = membership.digestOf(act);
        bytes memory second = checkpoint(Member(carrier.id, bank.key), 0, 4, OTHER);
        done(attestations, report(consignee, carrier.id, carrier.id, first, second), both(first, second));
    }

    function test_one_root_or_two_sizes_are_no_split() public {
        bytes memory first = checkpoint(carrier, 0, 4, ROOT);
        noSplit(carrier.id, carrier.id, first, checkpoint(carrier, 1, 4, ROOT));
        noSplit(carrier.id, carrier.id, first, first);
        noSplit(carrier.id, carrier.id, first, checkpoint(carrier, 0, 5, OTHER));
    }

    function test_checkpoints_of_another_log_are_no_split() public {
        bytes memory first = checkpoint(carrier, 0, 4, ROOT);
        noSplit(carrier.id, carrier.id, first, checkpoint(bank, 0, 4, OTHER));
        noSplit(carrier.id, carrier.id, checkpoint(bank, 0, 4, OTHER), first);
        noSplit(carrier.id, DEVICE, first, checkpoint(carrier, 0, 4, OTHER));
        noSplit(bank.id, carrier.id, first, checkpoint(carrier, 0, 4, OTHER));
    }

    function test_acts_that_the_report_does_not_name_or_of_another_verb_are_no_split() public {
        (bytes memory first, bytes memory second) = (checkpoint(carrier, 0, 4, ROOT), checkpoint(carrier, 0, 4, OTHER));
        bytes memory act = report(bank, carrier.id, carrier.id, first, second);
        refused(attestations, bytes.concat(act, both(second, first)), notASplit(carrier.id, first, second));
        bytes memory report_ = report(carrier, carrier.id, carrier.id, first, second);
        noSplit(carrier.id, carrier.id, first, report_);
    }

    function test_a_key_that_does_not_count_now_shows_nothing() public {
        (bytes memory first, bytes memory second) = (checkpoint(carrier, 0, 4, ROOT), checkpoint(carrier, 0, 4, OTHER));
        bytes memory forged = checkpoint(Member(carrier.id, stranger.key), 0, 4, OTHER);
        bytes memory act = report(bank, carrier.id, carrier.id, first, forged);
        bytes memory reason = because(IActs.KeyNotValid.selector, carrier.id, keyId(stranger.key));
        refused(attestations, bytes.concat(act, both(first, forged)), reason);
        addKey(carrier, 0xa8, 1);
        done(membership, self(MembershipVerbs.REVOKE_KEY, carrier, abi.encode(keyId(carrier.key))));
        act = report(bank, carrier.id, carrier.id, first, second);
        reason = because(IActs.KeyNotValid.selector, carrier.id, keyId(carrier.key));
        refused(attestations, bytes.concat(act, both(first, second)), reason);
    }

    function test_only_a_member_reports() public {
        (bytes memory first, bytes memory second) = (checkpoint(carrier, 0, 4, ROOT), checkpoint(carrier, 0, 4, OTHER));
        bytes memory act = report(stranger, carrier.id, carrier.id, first, second);
        refused(
            attestations, bytes.concat(act, both(first, second)), because(IActs.MemberUnknown.selector, stranger.id)
        );
    }

    function test_exactly_two_acts_are_attached() public {
        (bytes memory first, bytes memory second) = (checkpoint(carrier, 0, 4, ROOT), checkpoint(carrier, 0, 4, OTHER));
        bytes memory act = report(bank, carrier.id, carrier.id, first, second);
        bytes memory reason = because(IActs.ActMalformed.selector);
        refused(attestations, act, reason);
        refused(attestations, bytes.concat(act, hex"00"), reason);
        refused(attestations, bytes.concat(act, hex"0000"), reason);
        refused(attestations, bytes.concat(act, framed(first)), reason);
        refused(attestations, bytes.concat(act, framed(first), hex"ffff", second), reason);
        refused(attestations, bytes.concat(act, both(first, second), hex"00"), reason);
    }

    function noSplit(bytes32 owner, bytes32 origin, bytes memory first, bytes memory second) private {
        bytes memory act = report(consignee, owner, origin, first, second);
        refused(attestations, bytes.concat(act, both(first, second)), notASplit(origin, first, second));
    }

    function notASplit(bytes32 origin, bytes memory first, bytes memory second) private view returns (bytes memory) {
        bytes4 selector = IAttestations.NotASplit.selector;
        return because(selector, origin, attestations.digestOf(first), attestations.digestOf(second));
    }
}
