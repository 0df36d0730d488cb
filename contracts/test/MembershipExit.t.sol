// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Membership} from "../src/Membership.sol";
import {Network} from "../src/Network.sol";
import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMembership} from "../src/interfaces/IMembership.sol";
import {ITies} from "../src/interfaces/ITies.sol";
import {Decisions} from "./Decisions.sol";

/// @dev Ties that a test makes and ends at will.
contract Ties is ITies {
    mapping(uint256 number => uint256 count) public tiesOf;

    function set(uint256 number, uint256 count) external {
        tiesOf[number] = count;
    }
}

/// @dev A member's exit, in a network whose titles and orders are counts alone.
contract MembershipExitTest is Decisions {
    Ties private titleTies;
    Ties private orderTies;

    function test_exit_is_refused_while_the_member_has_titles_or_orders() public {
        uint256 number = numberOf(bank.id);
        titleTies.set(number, 2);
        refused(membership, motion(0, MembershipVerbs.EXIT_MEMBER, bank.id, abi.encode(REASON)), ties(2, 0));
        orderTies.set(number, 3);
        refused(membership, motion(0, MembershipVerbs.EXIT_MEMBER, bank.id, abi.encode(REASON)), ties(2, 3));
        titleTies.set(number, 0);
        refused(membership, motion(0, MembershipVerbs.EXIT_MEMBER, bank.id, abi.encode(REASON)), ties(0, 3));
        orderTies.set(number, 0);
        exit(bank.id);
        same(statusOf(bank.id), MemberStatus.LEFT, "status");
    }

    function test_ties_made_between_the_assents_refuse_the_exit() public {
        assented(MembershipVerbs.EXIT_MEMBER, 0, bank.id, 0, abi.encode(REASON));
        titleTies.set(numberOf(bank.id), 1);
        refused(membership, motion(1, MembershipVerbs.EXIT_MEMBER, bank.id, abi.encode(REASON)), ties(1, 0));
        titleTies.set(numberOf(bank.id), 0);
        done(membership, motion(1, MembershipVerbs.EXIT_MEMBER, bank.id, abi.encode(REASON)));
    }

    function test_a_member_that_left_has_no_roles_and_is_left_for_good() public {
        exit(customs.id);
        same(statusOf(customs.id), MemberStatus.LEFT, "status");
        same(rolesOf(customs.id), 0, "roles");
        same(membership.assignedRoles(PORT, customs.id), 0, "assigned");
        same(membership.memberAt(6), customs.id, "its number stays its own");
        refused(membership, profileBy(customs, customs.key), because(IActs.MemberNotActive.selector, customs.id));
        bytes memory left = wrongState(customs.id, MemberStatus.LEFT);
        bytes memory own = abi.encode(REASON);
        refused(membership, motion(0, MembershipVerbs.SUSPEND_MEMBER, customs.id, own), left);
        refused(membership, motion(0, MembershipVerbs.REINSTATE_MEMBER, customs.id, own), left);
        refused(membership, motion(0, MembershipVerbs.EXIT_MEMBER, customs.id, own), left);
        own = abi.encode(Role.CUSTOMS, REASON);
        refused(membership, motion(0, MembershipVerbs.CHANGE_ROLES, customs.id, own), left);
        own = abi.encode(carrier.id, REASON);
        refused(membership, motion(0, MembershipVerbs.NAME_SUCCESSOR, customs.id, own), left);
        own = recovery(0, array(keyId(0x77)), array(bytes32(KeyPurpose.ACT)));
        refused(membership, motion(0, MembershipVerbs.RECOVER_KEYS, customs.id, own), left);
        own = admission(Role.CUSTOMS, keyId(0x77));
        bytes memory reason = because(IMembership.MemberExists.selector, customs.id);
        refused(membership, motion(0, MembershipVerbs.ADMIT_MEMBER, customs.id, own), reason);
    }

    function test_a_suspended_member_may_leave() public {
        suspend(consignee.id);
        exit(consignee.id);
        same(statusOf(consignee.id), MemberStatus.LEFT, "status");
    }

    function ties(uint256 ofTitles, uint256 ofOrders) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMembership.MemberHasTies.selector, bank.id, ofTitles, ofOrders);
    }

    function _deploy() internal override {
        (titleTies, orderTies) = (new Ties(), new Ties());
        bytes32[] memory names = new bytes32[](3);
        address[] memory contracts = new address[](3);
        (names[0], names[1], names[2]) = (keccak256("Membership"), keccak256("Titles"), keccak256("Releases"));
        contracts[0] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        (contracts[1], contracts[2]) = (address(titleTies), address(orderTies));
        network = new Network(NETWORK_ID, names, contracts);
        (bytes32[] memory seats, address[] memory keys) = _council();
        membership = new Membership(network, seats, keys, 2, RELAYER, RULEBOOK, ENFORCEMENT, TRANSFER);
    }
}
