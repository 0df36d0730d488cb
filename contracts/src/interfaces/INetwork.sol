// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMotions} from "./IMotions.sol";

/// @title The network's list of contracts
/// @notice Warning: k council seats together can put other code in force for every contract but Membership, and no
/// version comes back: what succeeds it must name it as its predecessor. Read a successor's code before assenting.
/// @dev A version is activated by acts on the object keccak256("versions"), whose counter is the version in force.
interface INetwork is IMotions {
    /// @notice No contract has this name in this network, or had it in that version.
    error ContractUnknown(bytes32 name);
    /// @notice The founding lists differ in length, repeat a name, hold a zero, or do not begin with Membership.
    error NetworkMalformed();
    /// @notice The version is not the one after the version in force.
    error VersionNotNext(uint256 next, uint256 given);
    /// @notice A version names as many contracts as the network has, in their founding order.
    error VersionIncomplete(uint256 names, uint256 given);
    /// @notice Membership is never succeeded: this is where it stands.
    error MembershipFixed(address membership);
    /// @notice No contract stands at the address.
    error NoContractAt(address where);
    /// @notice The contract does not name the one in force as its predecessor.
    error NotTheSuccessor(address where, address inForce);
    /// @notice The contract takes acts already, before any version named it.
    error ContractOpen(address where);

    /// @return id a hash of the founding inputs; the salt of every signature's domain
    function networkId() external view returns (bytes32 id);

    /// @return number of the set of contracts in force; the founding set is 1
    function version() external view returns (uint256 number);

    /// @param name keccak256 of the contract's name, e.g. keccak256("Titles")
    /// @return where the contract in force stands
    function contractOf(bytes32 name) external view returns (address where);

    /// @param number of a version, from 1 to the one in force
    /// @param name keccak256 of the contract's name
    /// @return where the contract stood in that version
    function contractAt(uint256 number, bytes32 name) external view returns (address where);

    /// @return names of the contracts, in the order in which a version names their addresses
    function contractNames() external view returns (bytes32[] memory names);
}
