// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Membership} from "../src/Membership.sol";
import {Network} from "../src/Network.sol";
import {INetwork} from "../src/interfaces/INetwork.sol";
import {Consortium} from "./Consortium.sol";

/// @dev The list of contracts, and that each stands where it says.
contract NetworkTest is Consortium {
    function test_the_network_names_its_contracts() public {
        holds(network.contractOf(keccak256("Titles")) == address(titles), "titles");
        same(network.networkId(), NETWORK_ID, "id");
        same(network.version(), 1, "version");
        vm.expectRevert(because(INetwork.ContractUnknown.selector, keccak256("Treasury")));
        network.contractOf(keccak256("Treasury"));
    }

    function test_a_contract_is_not_deployed_where_the_network_does_not_name_it() public {
        bytes32[] memory seats = new bytes32[](1);
        address[] memory keys = new address[](1);
        (seats[0], keys[0]) = (bank.id, address(1));
        vm.expectRevert(because(INetwork.ContractUnknown.selector, keccak256("Membership")));
        new Membership(network, seats, keys, 1, RELAYER, RULEBOOK, ENFORCEMENT, TRANSFER);
    }

    function test_a_network_with_a_malformed_list_is_not_founded() public {
        bytes32[] memory names = new bytes32[](2);
        address[] memory contracts = new address[](2);
        (names[0], names[1]) = (keccak256("Membership"), keccak256("Membership"));
        (contracts[0], contracts[1]) = (address(1), address(2));
        notFounded(NETWORK_ID, names, contracts);
        names[1] = keccak256("b");
        notFounded(0, names, contracts);
        notFounded(NETWORK_ID, names, new address[](1));
        notFounded(NETWORK_ID, new bytes32[](0), new address[](0));
        (names[0], names[1]) = (names[1], names[0]);
        notFounded(NETWORK_ID, names, contracts);
        (names[0], names[1], contracts[1]) = (names[1], names[0], address(0));
        notFounded(NETWORK_ID, names, contracts);
    }

    function notFounded(bytes32 id, bytes32[] memory names, address[] memory contracts) private {
        vm.expectRevert(INetwork.NetworkMalformed.selector);
        new Network(id, names, contracts);
    }
}
