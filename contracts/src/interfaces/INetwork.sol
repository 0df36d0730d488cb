// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The network's list of contracts
interface INetwork {
    /// @notice No contract has this name in this network.
    error ContractUnknown(bytes32 name);
    /// @notice The founding lists differ in length, repeat a name, or hold a zero.
    error NetworkMalformed();

    /// @return id a hash of the founding inputs; the salt of every signature's domain
    function networkId() external view returns (bytes32 id);

    /// @return number of the set of contracts in force; the founding set is 1
    function version() external view returns (uint256 number);

    /// @param name keccak256 of the contract's name, e.g. keccak256("Titles")
    /// @return where the contract stands
    function contractOf(bytes32 name) external view returns (address where);
}
