// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipActors} from "./MembershipActors.sol";

/// @dev The sentences on Membership, held against seats, members and impostors.
contract MembershipInvariants {
    MembershipActors private _actors;

    /// @dev All but setUp, which founds the network again.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        _actors = new MembershipActors();
        _actors.setUp();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = MembershipActors.tryMotion.selector;
        selectors[1] = MembershipActors.tryAssigning.selector;
        selectors[2] = MembershipActors.tryRulebook.selector;
        selectors[3] = MembershipActors.trySelf.selector;
        (selectors[4], selectors[5]) = (MembershipActors.tryToJoin.selector, MembershipActors.tryToJoin.selector);
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_actors), selectors);
    }

    function invariant_only_the_council_changes_membership() public view {
        assert(!_actors.changedWithoutCouncil());
    }

    function invariant_a_motion_takes_effect_once_with_the_assent_of_k_different_seats_of_one_council() public view {
        assert(!_actors.carriedTwice());
        assert(!_actors.carriedByTooFew());
    }

    function invariant_a_key_belongs_to_one_member_or_one_council_seat_for_ever() public view {
        assert(!_actors.keyChangedHands());
    }

    function invariant_a_member_that_left_or_is_suspended_never_acts() public view {
        assert(!_actors.actedWhileInactive());
    }
}
