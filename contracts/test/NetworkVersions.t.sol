// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs, NetworkVerbs, TitlesVerbs} from "../src/generated/Verbs.sol";
import {Outcome} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IMotions} from "../src/interfaces/IMotions.sol";
import {INetwork} from "../src/interfaces/INetwork.sol";
import {Decisions} from "./Decisions.sol";
import {Claimant, Successor} from "./Successor.sol";

/// @dev The council puts another set of contracts in force. Titles' place is the one that is succeeded.
contract NetworkVersionsTest is Decisions {
    bytes32 private constant VERSIONS = keccak256("versions");
    bytes32 private constant NAME = keccak256("Titles");

    Successor private next;

    function setUp() public override {
        super.setUp();
        next = new Successor(network, NAME, address(titles));
    }

    // Activation

    function test_k_seats_put_the_next_version_in_force() public {
        activated(with(address(next)));
        same(network.version(), 2, "version");
        holds(network.contractOf(NAME) == address(next), "in force");
        holds(network.contractOf(keccak256("Releases")) == address(releases), "the others stay");
        holds(network.contractAt(1, NAME) == address(titles), "before");
        holds(network.contractAt(2, NAME) == address(next), "now");
        holds(network.contractAt(2, keccak256("Releases")) == address(releases), "the others of now");
    }

    function test_the_old_is_closed_and_the_new_open_in_the_same_act() public {
        bytes memory own = with(address(next));
        acted(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(0), VERSIONS, 1, own), Outcome.ASSENTED);
        holds(titles.isOpen() && !next.isOpen(), "before");
        done(network, made(network, NetworkVerbs.ACTIVATE_VERSION, seat(1), VERSIONS, 1, own));
        holds(!titles.isOpen() && next.isOpen(), "after");
        holds(releases.isOpen(), "the others");
    }

    function test_what_is_not_in_force_takes_no_batch() public {
        bytes memory batch = framed(issue(TITLE, 2, 0));
        vm.expectRevert(IActs.ContractClosed.selector);
        vm.prank(RELAYER);
        next.submit(batch);
        activated(with(address(next)));
        vm.expectRevert(IActs.ContractClosed.selector);
        vm.prank(RELAYER);
        titles.submit(batch);
        bytes memory own = abi.encode(bytes32(0), 1, 0, START + 1, ROOT);
        done(next, made(next, TitlesVerbs.OFFER, carrier, TITLE, 0, own));
    }

    function test_the_third_version_succeeds_the_second() public {
        activated(with(address(next)));
        Successor third = new Successor(network, NAME, address(next));
        bytes memory own = list(3, address(third));
        acted(network, activation(0, 2, own), Outcome.ASSENTED);
        done(network, activation(1, 2, own));
        same(network.version(), 3, "version");
        holds(!titles.isOpen() && !next.isOpen() && third.isOpen(), "one is open");
        holds(network.contractAt(2, NAME) == address(next), "before");
    }

    function test_a_version_may_change_several_contracts_at_once() public {
        bytes32 name = keccak256("Releases");
        Successor other = new Successor(network, name, address(releases));
        bytes memory own = replaced(with(address(next)), address(releases), address(other));
        activated(own);
        holds(network.contractOf(name) == address(other) && network.contractOf(NAME) == address(next), "both");
        holds(!releases.isOpen() && other.isOpen(), "closed and open");
    }

    // Refusals

    function test_a_version_without_k_seats_is_not_in_force() public {
        bytes memory own = with(address(next));
        acted(network, activation(2, 1, own), Outcome.ASSENTED);
        same(network.version(), 1, "version");
        holds(network.contractOf(NAME) == address(titles) && titles.isOpen(), "in force");
        bytes memory act = made(network, NetworkVerbs.ACTIVATE_VERSION, carrier, VERSIONS, 1, own);
        refused(network, act, because(IMotions.NotACouncilSeat.selector, carrier.id, keyId(carrier.key)));
    }

    function test_a_version_is_activated_once() public {
        bytes memory own = with(address(next));
        activated(own);
        refused(network, activation(2, 1, own), stale(VERSIONS, 2, 1));
    }

    function test_only_the_version_after_the_one_in_force_is_activated() public {
        refusedVersion(list(1, address(next)), wrongVersion(1));
        refusedVersion(list(3, address(next)), wrongVersion(3));
        bytes memory act = made(network, NetworkVerbs.ACTIVATE_VERSION, seat(0), NAME, 1, with(address(next)));
        refused(network, act, because(IActs.ObjectUnknown.selector, NAME));
    }

    function test_a_version_names_every_contract() public {
        bytes memory own = bytes.concat(abi.encode(2), array(bytes32(uint256(uint160(address(membership))))));
        bytes32 names = bytes32(network.contractNames().length);
        refusedVersion(own, because(INetwork.VersionIncomplete.selector, names, bytes32(uint256(1))));
    }

    function test_membership_is_never_succeeded() public {
        Successor other = new Successor(network, keccak256("Membership"), address(membership));
        bytes memory own = replaced(with(address(titles)), address(membership), address(other));
        refusedVersion(own, because(INetwork.MembershipFixed.selector, id(address(membership))));
    }

    function test_a_version_names_contracts_with_code() public {
        refusedVersion(with(address(0xdead)), because(INetwork.NoContractAt.selector, id(address(0xdead))));
        bytes memory own = with(address(next));
        own[own.length - 32 * (network.contractNames().length - 2)] = 0x01;
        refusedVersion(own, because(IActs.ActMalformed.selector));
    }

    function test_a_contract_that_does_not_name_the_one_in_force_is_not_its_successor() public {
        notSuccessor(address(new Claimant(address(0), false)));
        notSuccessor(address(new Claimant(address(releases), false)));
        notSuccessor(address(membership));
        notSuccessor(address(this));
    }

    function test_a_successor_is_not_deployed_where_the_network_does_not_name_its_predecessor() public {
        vm.expectRevert(because(INetwork.ContractUnknown.selector, NAME));
        new Successor(network, NAME, address(releases));
    }

    function test_a_contract_that_is_open_already_is_not_activated() public {
        address open = address(new Claimant(address(titles), true));
        refusedVersion(with(open), because(INetwork.ContractOpen.selector, id(open)));
    }

    function test_a_version_that_was_never_in_force_names_nothing() public {
        vm.expectRevert(because(INetwork.ContractUnknown.selector, NAME));
        network.contractAt(2, NAME);
        vm.expectRevert(because(INetwork.ContractUnknown.selector, NAME));
        network.contractAt(0, NAME);
    }

    function test_a_rotation_voids_the_assents_to_a_version() public {
        bytes memory own = with(address(next));
        acted(network, activation(0, 1, own), Outcome.ASSENTED);
        bytes memory seats = array(carrier.id, bank.id, customs.id);
        bytes memory keys = array(keyId(seat(0).key), keyId(seat(1).key), keyId(seat(2).key));
        carried(MembershipVerbs.ROTATE_COUNCIL, COUNCIL, 0, bytes.concat(abi.encode(2), seats, keys));
        acted(network, activation(1, 1, own), Outcome.ASSENTED);
        done(network, activation(2, 1, own));
    }

    function test_only_a_relayer_submits_to_the_network_and_it_executes_no_other_verb() public {
        bytes memory act = activation(0, 1, with(address(next)));
        vm.expectRevert(because(IActs.RelayerNotActive.selector, id(address(this))));
        network.submit(framed(act));
        act[0] = bytes1(uint8(MembershipVerbs.SUSPEND_MEMBER));
        bytes32 verb = bytes32(MembershipVerbs.SUSPEND_MEMBER);
        refused(network, act, because(IActs.VerbUnknown.selector, verb));
    }

    function test_only_the_network_opens_and_closes_a_contract() public {
        vm.expectRevert(IActs.OnlyNetwork.selector);
        next.open();
        vm.expectRevert(IActs.OnlyNetwork.selector);
        titles.close();
    }

    function activation(uint256 i, uint256 counter, bytes memory own) private returns (bytes memory) {
        return made(network, NetworkVerbs.ACTIVATE_VERSION, seat(i), VERSIONS, counter, own);
    }

    function activated(bytes memory own) private {
        acted(network, activation(0, 1, own), Outcome.ASSENTED);
        done(network, activation(1, 1, own));
    }

    function refusedVersion(bytes memory own, bytes memory reason) private {
        refused(network, activation(0, 1, own), reason);
    }

    function notSuccessor(address where) private {
        refusedVersion(with(where), because(INetwork.NotTheSuccessor.selector, id(where), id(address(titles))));
    }

    function wrongVersion(uint256 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(INetwork.VersionNotNext.selector, 2, given);
    }

    /// @dev The words of version 2 with this contract as Titles.
    function with(address titles_) private view returns (bytes memory) {
        return list(2, titles_);
    }

    function list(uint256 version, address titles_) private view returns (bytes memory own) {
        bytes32[] memory names = network.contractNames();
        own = abi.encode(version, names.length);
        for (uint256 i = 0; i < names.length; i++) {
            own = abi.encodePacked(own, id(names[i] == NAME ? titles_ : network.contractOf(names[i])));
        }
    }

    function replaced(bytes memory own, address from, address to) private pure returns (bytes memory changed) {
        changed = own;
        for (uint256 i = 64; i < own.length; i += 32) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(own, 32), i))
            }
            if (word != id(from)) continue;
            assembly ("memory-safe") {
                mstore(add(add(changed, 32), i), to)
            }
        }
    }

    function id(address where) private pure returns (bytes32) {
        return bytes32(uint256(uint160(where)));
    }
}
