// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, OrderState, RightState, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";

/// @dev The carrier is absent, and another one answers for it in release.
contract ReleasesSuccessorTest is Delivery {
    Member private successor = Member(keccak256("successor"), 0xb9);

    function setUp() public override {
        super.setUp();
        _admit(successor, Role.CARRIER);
    }

    function test_a_successor_opens_the_order_and_confirms_the_freight() public {
        surrendered();
        absent();
        bytes memory members = array(successor.id, customs.id, terminal.id);
        bytes memory act = opening(ORDER, threeKinds(), theirMembers(), array(BOX));
        refused(releases, act, because(ITitles.NotTheCarrier.selector, TITLE, carrier.id, successor.id));
        done(releases, openingBy(successor, ORDER, threeKinds(), members, array(BOX)));
        done(releases, condition(successor, ConditionKind.FREIGHT, 1));
    }

    function test_a_successor_confirms_the_freight_that_its_carrier_was_named_for() public {
        opened();
        absent();
        bytes32 id = releases.conditionId(ORDER, ConditionKind.FREIGHT);
        bytes memory act = condition(carrier, ConditionKind.FREIGHT, 1);
        refused(releases, act, because(IReleases.NotTheConditionMember.selector, id, carrier.id, successor.id));
        done(releases, condition(successor, ConditionKind.FREIGHT, 1));
    }

    function test_a_suspended_carriers_freight_waits_for_a_successor() public {
        opened();
        bytes memory minutes_ = abi.encode(keccak256("minutes of the council"));
        carried(MembershipVerbs.SUSPEND_MEMBER, carrier.id, 0, minutes_);
        bytes memory act = condition(successor, ConditionKind.FREIGHT, 1);
        refused(releases, act, because(IActs.MemberNotActive.selector, carrier.id));
        absent();
        done(releases, act);
    }

    function test_a_suspended_carriers_cargo_still_leaves_once_its_conditions_are_met() public {
        ready();
        bytes memory minutes_ = abi.encode(keccak256("minutes of the council"));
        carried(MembershipVerbs.SUSPEND_MEMBER, carrier.id, 0, minutes_);
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_a_successor_confirms_a_misread_and_proposes_a_cancellation() public {
        ready();
        absent();
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
        done(releases, onRight(ReleasesVerbs.PROPOSE_REINSTATEMENT, terminal, BOX, abi.encode(REPORTS)));
        bytes memory own = abi.encode(rightOf(BOX).misread);
        bytes memory act = onRight(ReleasesVerbs.CONFIRM_REINSTATEMENT, carrier, BOX, own);
        refused(releases, act, because(ITitles.NotTheCarrier.selector, TITLE, carrier.id, successor.id));
        done(releases, onRight(ReleasesVerbs.CONFIRM_REINSTATEMENT, successor, BOX, own));
        same(stateOf(BOX), RightState.READY, "right");
        done(releases, onOrder(ReleasesVerbs.PROPOSE_CANCELLATION, successor, abi.encode(uint256(1))));
        own = abi.encode(releases.orderOf(ORDER).cancellation);
        done(releases, onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, shipper, own));
        same(releases.orderOf(ORDER).state, OrderState.CANCELLED, "order");
    }

    function absent() private {
        bytes memory own = abi.encode(successor.id, keccak256("minutes of the council"));
        carried(MembershipVerbs.NAME_SUCCESSOR, carrier.id, 0, own);
    }
}
