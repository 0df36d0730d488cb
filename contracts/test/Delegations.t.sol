// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Delegable, MembershipVerbs, ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Capacity, Endorsement, KeyPurpose, Role, TitleState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {Member} from "./Consortium.sol";
import {Decisions} from "./Decisions.sol";
import {Vm} from "./Vm.sol";

/// @dev What a member lets another do for it, and how far that reaches. The shipper delegates to the carrier's
/// agent, here the consignee.
contract DelegationsTest is Decisions {
    uint256 private constant OFFERING = 1 << TitlesVerbs.OFFER;
    uint256 private constant ANSWERING = 1 << TitlesVerbs.ACCEPT;

    function setUp() public override {
        super.setUp();
        live(0);
    }

    // Use

    function test_a_delegate_acts_for_its_principal_within_the_delegation() public {
        bytes32 given = give(OFFERING, TITLE, START + 100);
        done(titles, offeredBy(consignee.key, given));
        same(titles.titleOf(TITLE).counterparty, bank.id, "offered to");
        same(titles.titleOf(TITLE).holder, shipper.id, "holder");
    }

    function test_a_delegation_is_visible_in_every_event_of_its_use() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        Vm.Log[] memory logs = done(titles, offeredBy(consignee.key, given));
        (address key,,, bytes memory act) = told(logs[0]);
        holds(key == vm.addr(consignee.key), "the delegate's key");
        same(logs[0].topics[2], shipper.id, "the principal");
        same(wordOf(bytes.concat(act, new bytes(65)), 1), given, "the delegation");
    }

    function test_a_delegation_is_known_by_the_digest_of_the_act_that_gave_it() public {
        bytes32 given = give(OFFERING | ANSWERING, TITLE, START + 100);
        (bytes32 principal, bytes32 delegate, uint256 verbs, bytes32 title, uint256 until, bool ended) =
            membership.delegationOf(given);
        same(principal, shipper.id, "principal");
        same(delegate, consignee.id, "delegate");
        same(verbs, OFFERING | ANSWERING, "verbs");
        same(title, TITLE, "title");
        same(until, START + 100, "until");
        holds(!ended, "not ended");
        (principal,,,,,) = membership.delegationOf(keccak256("none"));
        same(principal, 0, "none");
    }

    function test_several_delegates_act_side_by_side() public {
        bytes32 first = give(OFFERING, 0, START + 100);
        bytes memory own = abi.encode(bank.id, OFFERING, 0, START + 100);
        bytes memory act = self(MembershipVerbs.DELEGATE, shipper, own);
        done(membership, act);
        check(bank.key, membership.digestOf(act), TitlesVerbs.OFFER, TITLE);
        check(consignee.key, first, TitlesVerbs.OFFER, TITLE);
    }

    // Its limits

    function test_a_delegation_reaches_to_no_other_verb() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        delegation = given;
        bytes memory act = surrender(Member(shipper.id, consignee.key));
        refused(titles, act, tooNarrow(given, TitlesVerbs.SURRENDER, TITLE));
    }

    function test_a_delegation_for_one_title_reaches_to_no_other() public {
        bytes32 given = give(OFFERING, keccak256("another title"), START + 100);
        refused(titles, offeredBy(consignee.key, given), tooNarrow(given, TitlesVerbs.OFFER, TITLE));
    }

    function test_a_delegation_counts_to_its_last_second_and_no_longer() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        vm.warp(START + 100);
        check(consignee.key, given, TitlesVerbs.OFFER, TITLE);
        vm.warp(START + 101);
        refused(titles, offeredBy(consignee.key, given), because(IMembership.DelegationEnded.selector, given));
    }

    function test_a_delegation_is_ended_by_its_principal_at_any_time_and_once() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        done(membership, self(MembershipVerbs.END_DELEGATION, shipper, abi.encode(given)));
        bytes memory reason = because(IMembership.DelegationEnded.selector, given);
        refused(titles, offeredBy(consignee.key, given), reason);
        refused(membership, self(MembershipVerbs.END_DELEGATION, shipper, abi.encode(given)), reason);
        (,,,,, bool ended) = membership.delegationOf(given);
        holds(ended, "ended");
    }

    function test_only_its_principal_ends_a_delegation() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        bytes memory reason = because(IActs.DelegationUnknown.selector, given);
        refused(membership, self(MembershipVerbs.END_DELEGATION, consignee, abi.encode(given)), reason);
        bytes32 none = keccak256("none");
        reason = because(IActs.DelegationUnknown.selector, none);
        refused(membership, self(MembershipVerbs.END_DELEGATION, shipper, abi.encode(none)), reason);
    }

    function test_a_delegation_counts_for_its_principal_alone() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        delegation = given;
        bytes memory own = abi.encode(bank.id, Capacity.HOLDER, Endorsement.NONE, START + 50, ROOT);
        bytes memory act = made(titles, TitlesVerbs.OFFER, Member(carrier.id, consignee.key), TITLE, 2, own);
        refused(titles, act, because(IActs.DelegationUnknown.selector, given));
    }

    function test_a_suspended_delegate_uses_no_delegation() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        suspend(consignee.id);
        bytes memory reason = because(IActs.MemberNotActive.selector, consignee.id);
        refused(titles, offeredBy(consignee.key, given), reason);
    }

    function test_nobody_acts_for_a_suspended_principal() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        suspend(shipper.id);
        bytes memory reason = because(IActs.MemberNotActive.selector, shipper.id);
        refused(titles, offeredBy(consignee.key, given), reason);
    }

    function test_only_a_valid_act_key_of_the_delegate_uses_a_delegation() public {
        bytes32 given = give(OFFERING, 0, START + 100);
        bytes memory reason = because(IActs.KeyNotValid.selector, consignee.id, keyId(bank.key));
        refused(titles, offeredBy(bank.key, given), reason);
        reason = because(IActs.KeyNotValid.selector, consignee.id, keyId(shipper.key));
        refused(titles, offeredBy(shipper.key, given), reason);
        addKey(consignee, 0x77, KeyPurpose.WITNESS);
        reason = because(IActs.KeyNotValid.selector, consignee.id, keyId(0x77));
        refused(titles, offeredBy(0x77, given), reason);
        addKey(consignee, 0x78, KeyPurpose.ACT);
        done(titles, offeredBy(0x78, given));
    }

    function test_a_delegate_has_its_principals_capacity_and_no_more() public {
        bytes memory own = abi.encode(consignee.id, 1 << TitlesVerbs.ISSUE, 0, START + 100);
        bytes memory act = self(MembershipVerbs.DELEGATE, shipper, own);
        done(membership, act);
        delegation = membership.digestOf(act);
        bytes32 title = keccak256("new title");
        own = abi.encode(2, bytes32(0), bank.id, START + 50, PORT, PORT, ROOT);
        act = made(titles, TitlesVerbs.ISSUE, Member(shipper.id, consignee.key), title, 0, own);
        refused(titles, act, because(IActs.RoleMissing.selector, shipper.id, bytes32(Role.CARRIER)));
    }

    // Giving

    function test_only_verbs_that_can_be_delegated_are() public {
        refusedGift(consignee.id, 0, START + 1, because(IMembership.VerbsNotDelegable.selector, 0));
        uint256[7] memory verbs = [
            MembershipVerbs.DELEGATE,
            MembershipVerbs.ADD_KEY,
            MembershipVerbs.SUSPEND_MEMBER,
            TitlesVerbs.FREEZE,
            TitlesVerbs.CONFIRM_TRANSFER,
            ReleasesVerbs.GATE_OUT,
            ReleasesVerbs.HOLD_ORDER
        ];
        for (uint256 i = 0; i < verbs.length; i++) {
            uint256 mask = (1 << verbs[i]) | OFFERING;
            bytes memory reason = because(IMembership.VerbsNotDelegable.selector, bytes32(mask));
            refusedGift(consignee.id, mask, START + 1, reason);
        }
        done(membership, gift(consignee.id, Delegable.ALL, START + 1));
    }

    function test_a_delegate_is_another_active_member() public {
        bytes memory reason = because(IMembership.DelegateIsPrincipal.selector, shipper.id);
        refusedGift(shipper.id, OFFERING, START + 1, reason);
        reason = because(IActs.MemberUnknown.selector, stranger.id);
        refusedGift(stranger.id, OFFERING, START + 1, reason);
        suspend(consignee.id);
        reason = because(IActs.MemberNotActive.selector, consignee.id);
        refusedGift(consignee.id, OFFERING, START + 1, reason);
    }

    function test_a_delegation_ends_ahead_and_within_366_days() public {
        refusedPeriod(0);
        refusedPeriod(START);
        refusedPeriod(START + 366 days + 1);
        refusedPeriod(type(uint256).max);
        done(membership, gift(consignee.id, OFFERING, START + 366 days));
    }

    // What is never done under one

    function test_no_act_of_authority_council_lane_or_membership_is_done_under_a_delegation() public {
        bytes32 given = give(Delegable.ALL, 0, START + 100);
        refusedUnder(given, MembershipVerbs.DELEGATE, abi.encode(bank.id, 1, 0, START + 1));
        refusedUnder(given, MembershipVerbs.END_DELEGATION, abi.encode(given));
        refusedUnder(given, MembershipVerbs.ADD_KEY, abi.encode(1, 1, 0, 0));
        refusedUnder(given, MembershipVerbs.REVOKE_KEY, abi.encode(keyId(shipper.key)));
        refusedUnder(given, MembershipVerbs.UPDATE_PROFILE, abi.encode(1));
        refusedUnder(given, MembershipVerbs.ACCEPT_RULEBOOK, abi.encode(RULEBOOK));
        refusedUnder(given, MembershipVerbs.SUSPEND_MEMBER, abi.encode(REASON));
        delegation = given;
        bytes memory own = abi.encode(PORT, keccak256("order"));
        bytes memory act = made(titles, TitlesVerbs.FREEZE, Member(shipper.id, consignee.key), TITLE, 0, own);
        refused(titles, act, because(IActs.VerbNotDelegable.selector, bytes32(TitlesVerbs.FREEZE)));
        delegation = given;
        own = abi.encode(TITLE, keccak256("container"), keccak256("lane"), 1, START, keccak256("reports"));
        act = made(releases, ReleasesVerbs.GATE_OUT, Member(shipper.id, consignee.key), TITLE, 0, own);
        refused(releases, act, because(IActs.VerbNotDelegable.selector, bytes32(ReleasesVerbs.GATE_OUT)));
        same(titles.titleOf(TITLE).state, TitleState.LIVE, "nothing moved");
    }

    function give(uint256 verbs, bytes32 title, uint256 until) private returns (bytes32 given) {
        bytes memory act = self(MembershipVerbs.DELEGATE, shipper, abi.encode(consignee.id, verbs, title, until));
        done(membership, act);
        return membership.digestOf(act);
    }

    function gift(bytes32 delegate, uint256 verbs, uint256 until) private returns (bytes memory) {
        return self(MembershipVerbs.DELEGATE, shipper, abi.encode(delegate, verbs, 0, until));
    }

    function refusedGift(bytes32 delegate, uint256 verbs, uint256 until, bytes memory reason) private {
        refused(membership, gift(delegate, verbs, until), reason);
    }

    function refusedPeriod(uint256 until) private {
        bytes memory reason = because(IMembership.DelegationPeriodMalformed.selector, bytes32(until));
        refusedGift(consignee.id, OFFERING, until, reason);
    }

    /// @dev The shipper's offer to the bank, signed by this key under this delegation.
    function offeredBy(uint256 key, bytes32 given) private returns (bytes memory) {
        delegation = given;
        return offer(Member(shipper.id, key), bank.id, Capacity.HOLDER, Endorsement.NONE);
    }

    function check(uint256 key, bytes32 given, uint256 verb, bytes32 object) private view {
        (uint256 number, uint256 roles) = membership.delegated(shipper.id, vm.addr(key), given, verb, object);
        same(number, 2, "number");
        same(roles, Role.SHIPPER, "roles");
    }

    function tooNarrow(bytes32 given, uint256 verb, bytes32 object) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMembership.DelegationTooNarrow.selector, given, verb, object);
    }

    function refusedUnder(bytes32 given, uint256 verb, bytes memory own) private {
        delegation = given;
        bytes memory act = self(verb, Member(shipper.id, consignee.key), own);
        refused(membership, act, because(IActs.VerbNotDelegable.selector, bytes32(verb)));
    }
}
