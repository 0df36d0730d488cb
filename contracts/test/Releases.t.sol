// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, OrderState, Outcome, RightState, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {ITitles} from "../src/interfaces/ITitles.sol";
import {Delivery} from "./Delivery.sol";

/// @dev A delivery order opens, and its conditions are set.
contract ReleasesTest is Delivery {
    // Opening

    function test_the_carrier_opens_the_order_of_a_surrendered_title() public {
        opened();
        IReleases.OrderView memory order = releases.orderOf(ORDER);
        same(order.state, OrderState.OPEN, "state");
        same(order.counter, 1, "counter");
        same(order.title, TITLE, "title");
        same(order.root, keccak256("D/O"), "root");
        same(order.terminal, terminal.id, "terminal");
        same(order.port, PORT, "port");
        same(order.conditions, 14, "conditions");
        same(order.open, 14, "open");
        same(order.containers, 2, "containers");
        same(releases.orderOfTitle(TITLE), ORDER, "order of title");
        (uint256 kind, bytes32 member, bool met, uint256 counter) =
            releases.conditionOf(releases.conditionId(ORDER, ConditionKind.CUSTOMS));
        same(kind, ConditionKind.CUSTOMS, "kind");
        same(member, customs.id, "member");
        holds(!met && counter == 0, "met");
        same(stateOf(BOX), RightState.READY, "right");
    }

    function test_an_order_exists_only_from_a_surrendered_title() public {
        bytes memory act = opening(ORDER, threeKinds(), theirMembers(), array(BOX));
        refused(releases, act, because(IActs.ObjectUnknown.selector, TITLE));
        live(0);
        refused(releases, act, because(IReleases.TitleNotSurrendered.selector, TITLE, bytes32(uint256(2))));
        done(titles, surrender(shipper));
        refused(releases, act, because(IReleases.TitleNotSurrendered.selector, TITLE, bytes32(uint256(2))));
    }

    function test_only_the_titles_carrier_opens() public {
        surrendered();
        bytes memory own = abi.encode(TITLE, keccak256("D/O"), terminal.id);
        own = bytes.concat(own, threeKinds(), theirMembers(), array(BOX));
        bytes memory act = made(releases, ReleasesVerbs.OPEN_ORDER, shipper, ORDER, 0, own);
        refused(releases, act, because(ITitles.NotTheCarrier.selector, TITLE, shipper.id, carrier.id));
    }

    function test_a_title_has_one_order() public {
        opened();
        bytes memory reason = because(IReleases.OrderExists.selector, ORDER);
        refused(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX)), reason);
        refused(releases, opening(keccak256("2"), threeKinds(), theirMembers(), array(BOX)), reason);
    }

    function test_an_order_has_an_id() public {
        surrendered();
        bytes memory act = opening(0, threeKinds(), theirMembers(), array(BOX));
        refused(releases, act, because(IActs.ActMalformed.selector));
        act = made(
            releases,
            ReleasesVerbs.OPEN_ORDER,
            carrier,
            ORDER,
            1,
            bytes.concat(abi.encode(TITLE, keccak256("D/O"), terminal.id), threeKinds(), theirMembers(), array(BOX))
        );
        refused(releases, act, because(IActs.StaleCounter.selector, ORDER, 0, bytes32(uint256(1))));
        same(rightOf(BOX).state, RightState.NONE, "right of no order");
    }

    function test_a_terminal_that_is_not_assigned_at_the_port_is_refused() public {
        surrendered();
        bytes memory own = abi.encode(TITLE, keccak256("D/O"), bank.id);
        own = bytes.concat(own, threeKinds(), theirMembers(), array(BOX));
        bytes memory act = made(releases, ReleasesVerbs.OPEN_ORDER, carrier, ORDER, 0, own);
        refused(releases, act, notAssigned(Role.TERMINAL, bank.id));
    }

    function test_conditions_that_do_not_hold_together_are_refused() public {
        surrendered();
        bytes memory none = abi.encode(0);
        bytes32 freight = bytes32(ConditionKind.FREIGHT);
        refusedConditions(none, none);
        refusedConditions(array(freight), none);
        refusedConditions(array(freight, freight), array(carrier.id, carrier.id));
        refusedConditions(array(bytes32(0)), array(carrier.id));
        refusedConditions(array(bytes32(uint256(7))), array(carrier.id));
        refusedConditions(array(freight), array(terminal.id));
    }

    function test_the_terminals_condition_is_set_by_the_orders_terminal() public {
        surrendered();
        _admit(stranger, Role.TERMINAL);
        _assign(PORT, Role.TERMINAL, stranger);
        refusedConditions(array(bytes32(ConditionKind.TERMINAL)), array(stranger.id));
    }

    function test_a_condition_is_given_to_a_member_assigned_for_it_alone() public {
        surrendered();
        uint256[4] memory kinds =
            [ConditionKind.CUSTOMS, ConditionKind.INSPECTION, ConditionKind.QUARANTINE, ConditionKind.VERIFIED_MASS];
        uint256[4] memory roles = [Role.CUSTOMS, Role.INSPECTION, Role.QUARANTINE, Role.TERMINAL];
        for (uint256 i = 0; i < 4; i++) {
            bytes memory act = opening(ORDER, array(bytes32(kinds[i])), array(bank.id), array(BOX));
            refused(releases, act, notAssigned(roles[i], bank.id));
        }
        done(releases, opening(ORDER, array(bytes32(ConditionKind.VERIFIED_MASS)), array(terminal.id), array(BOX)));
    }

    function test_containers_are_different_and_there_is_one_at_least() public {
        surrendered();
        bytes memory reason = because(IReleases.ContainersMalformed.selector);
        refused(releases, opening(ORDER, threeKinds(), theirMembers(), abi.encode(0)), reason);
        refused(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX, BOX)), reason);
    }

    function test_the_largest_order_fits_its_gas_cap() public {
        surrendered();
        _admit(stranger, Role.INSPECTION | Role.QUARANTINE);
        _assign(PORT, Role.INSPECTION, stranger);
        _assign(PORT, Role.QUARANTINE, stranger);
        bytes memory kinds = abi.encode(6, 1, 2, 3, 4, 5, 6);
        bytes memory members = abi.encode(6, carrier.id, customs.id, terminal.id, stranger.id, stranger.id, terminal.id);
        bytes memory boxes = abi.encode(16);
        for (uint256 i = 0; i < 16; i++) {
            boxes = bytes.concat(boxes, keccak256(abi.encode(i)));
        }
        done(releases, opening(ORDER, kinds, members, boxes));
        same(releases.orderOf(ORDER).containers, 16, "containers");
    }

    // Conditions

    function test_two_conditions_signed_at_the_same_moment_both_land_in_either_order() public {
        opened();
        bytes memory freight = condition(carrier, ConditionKind.FREIGHT, 1);
        bytes memory cleared = condition(customs, ConditionKind.CUSTOMS, 1);
        done(releases, cleared);
        done(releases, freight);
        same(releases.orderOf(ORDER).open, 1 << ConditionKind.TERMINAL, "open");
    }

    function test_a_condition_may_be_taken_back_while_the_order_is_open() public {
        ready();
        same(releases.orderOf(ORDER).open, 0, "open");
        done(releases, condition(customs, ConditionKind.CUSTOMS, 0));
        same(releases.orderOf(ORDER).open, 1 << ConditionKind.CUSTOMS, "open");
        acted(releases, passage(ReleasesVerbs.GATE_OUT, BOX), Outcome.RECORDED_REFUSAL);
    }

    function test_a_second_customs_member_is_refused() public {
        opened();
        _admit(stranger, Role.CUSTOMS);
        _assign(PORT, Role.CUSTOMS, stranger);
        bytes32 id = releases.conditionId(ORDER, ConditionKind.CUSTOMS);
        refused(
            releases,
            condition(stranger, ConditionKind.CUSTOMS, 1),
            because(IReleases.NotTheConditionMember.selector, id, stranger.id, customs.id)
        );
    }

    function test_a_condition_that_is_not_of_the_order_is_refused() public {
        opened();
        bytes32 id = releases.conditionId(ORDER, ConditionKind.INSPECTION);
        bytes memory act = condition(customs, ConditionKind.INSPECTION, 1);
        refused(releases, act, because(IActs.ObjectUnknown.selector, id));
        id = releases.conditionId(ORDER, ConditionKind.CUSTOMS);
        bytes memory own = abi.encode(keccak256("another order"), 1, 0);
        act = made(releases, ReleasesVerbs.SET_CONDITION, customs, id, 0, own);
        refused(releases, act, because(IActs.ObjectUnknown.selector, id));
    }

    function test_another_company_sets_a_condition_under_its_members_delegation() public {
        opened();
        uint256 verbs = 1 << ReleasesVerbs.SET_CONDITION;
        bytes memory own = abi.encode(bank.id, verbs, bytes32(0), block.timestamp + 30 days);
        bytes memory given = made(membership, MembershipVerbs.DELEGATE, carrier, carrier.id, 1, own);
        done(membership, given);
        bytes32 id = releases.conditionId(ORDER, ConditionKind.FREIGHT);
        own = abi.encode(ORDER, 1, keccak256("record"));
        delegation = membership.digestOf(given);
        done(releases, signed(releases, ReleasesVerbs.SET_CONDITION, carrier, bank.key, id, 0, own));
        same(releases.orderOf(ORDER).open & (1 << ConditionKind.FREIGHT), 0, "freight");
    }

    function test_a_condition_is_met_or_not_and_set_once_a_counter() public {
        opened();
        bytes memory act = condition(customs, ConditionKind.CUSTOMS, 2);
        refused(releases, act, because(IActs.ActMalformed.selector));
        act = condition(customs, ConditionKind.CUSTOMS, 1);
        done(releases, act);
        bytes32 id = releases.conditionId(ORDER, ConditionKind.CUSTOMS);
        refused(releases, act, because(IActs.StaleCounter.selector, id, bytes32(uint256(1)), 0));
    }

    function notAssigned(uint256 role, bytes32 member) private pure returns (bytes memory) {
        return because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(role), member);
    }

    function refusedConditions(bytes memory kinds, bytes memory members) private {
        bytes memory act = opening(ORDER, kinds, members, array(BOX));
        refused(releases, act, because(IReleases.ConditionsMalformed.selector));
    }
}
