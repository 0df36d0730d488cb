// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {TitleKind, TitleState} from "../src/generated/Words.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Everyone} from "./Everyone.sol";

/// @dev What the contracts promise together, held against everyone.
contract Invariants {
    Everyone private _everyone;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        _everyone = new Everyone();
        _everyone.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_everyone);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = Everyone.tryTitle.selector;
        selectors[1] = Everyone.tryTitle.selector;
        selectors[2] = Everyone.tryTitle.selector;
        selectors[3] = Everyone.tryFreeze.selector;
        selectors[4] = Everyone.tryRelease.selector;
        selectors[5] = Everyone.tryDevice.selector;
        selectors[6] = Everyone.tryMotion.selector;
        selectors[7] = Everyone.tryMember.selector;
        selectors[8] = Everyone.succeed.selector;
        selectors[9] = Everyone.waitSome.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_everyone), selectors);
    }

    function invariant_one_controller() public view {
        for (uint256 i = 0; i < 2; i++) {
            ITitles.TitleView memory t = _everyone.titleAt(i);
            bytes32 controller = _everyone.controllerAt(i);
            if (t.state == TitleState.LIVE) {
                assert(t.holder != 0 && controller == (t.pledgee != 0 ? t.pledgee : t.holder));
            } else if (t.state == TitleState.ISSUED || t.state == TitleState.SURRENDERED) {
                assert(controller == t.carrier);
            } else {
                assert(controller == 0);
            }
            if (t.kind == TitleKind.STRAIGHT) assert(t.pledgee == 0);
        }
    }

    function invariant_a_bill_is_issued_once() public view {
        assert(_everyone.issues(_everyone.watched(0)) <= 1 && _everyone.issues(_everyone.watched(1)) <= 1);
    }

    function invariant_no_move_before_acceptance() public view {
        assert(!_everyone.movedUnaccepted());
    }

    function invariant_nothing_moves_past_a_pledgee() public view {
        assert(!_everyone.movedPastPledgee());
    }

    function invariant_a_pledgee_never_becomes_owner() public view {
        assert(!_everyone.pledgeeBecameHolder());
    }

    function invariant_nothing_moves_while_frozen_but_by_order() public view {
        assert(!_everyone.movedWhileFrozen());
    }

    function invariant_a_holder_acting_in_every_block_cannot_keep_a_freeze_out() public view {
        assert(!_everyone.freezeKeptOut());
    }

    function invariant_no_release_twice() public view {
        assert(!_everyone.releasedTwice());
    }

    function invariant_no_release_with_a_condition_open() public view {
        assert(!_everyone.releasedTooEarly());
    }

    function invariant_only_the_council_changes_membership() public view {
        assert(!_everyone.membershipChangedByMember());
    }

    function invariant_no_act_counts_twice() public view {
        assert(!_everyone.countedTwice());
    }

    function invariant_a_refused_act_changes_no_state() public view {
        assert(!_everyone.changedByRefusal());
    }

    function invariant_every_act_that_takes_effect_moves_the_titles_counter_by_one() public view {
        assert(!_everyone.counterJumped());
    }

    function invariant_live_titles_are_conserved_across_versions() public view {
        assert(!_everyone.liveTitlesLost());
    }

    function invariant_a_member_leaves_without_titles_liens_or_orders() public view {
        assert(!_everyone.leftWithTies());
    }
}

/// @dev One long walk through everything, so that the invariants are not kept by doing nothing.
contract Walk {
    error NeverTaken(uint256 verb);

    function test_every_verb_of_everyone_takes_effect_in_a_long_walk() public {
        Everyone everyone = new Everyone();
        everyone.setUp();
        for (uint256 i = 0; i < 3000; i++) {
            uint256 chance = uint256(keccak256(abi.encode("walk", i)));
            uint256 what = chance % 17;
            if (what < 8) everyone.tryTitle(chance);
            else if (what == 8) everyone.tryFreeze(chance);
            else if (what < 13) everyone.tryRelease(chance);
            else if (what == 13) everyone.tryMember(chance);
            else if (what == 14) everyone.tryMotion(chance);
            else if (what == 15) everyone.tryDevice(chance);
            else if (i % 8 == 0) everyone.succeed(chance);
            else everyone.waitSome(chance);
        }
        for (uint256 verb = TitlesVerbs.ISSUE; verb <= TitlesVerbs.CONFIRM_TRANSFER; verb++) {
            if (everyone.taken(verb) == 0) revert NeverTaken(verb);
        }
        for (uint256 verb = ReleasesVerbs.OPEN_ORDER; verb <= ReleasesVerbs.CONFIRM_CANCELLATION; verb++) {
            if (everyone.taken(verb) == 0) revert NeverTaken(verb);
        }
        require(everyone.versions() > 2);
    }
}
