// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetwork} from "./interfaces/INetwork.sol";

/// @title Network
/// @notice Invariant: a name stands for one contract, and the founding set never changes in this version.
/// @dev Deployed first, by one account, which then deploys in this order of nonces:
/// n Network(bytes32 networkId, bytes32[] names, address[] contracts),
/// n + 1 Membership(address network, bytes32[] seats, address[] keys, uint256 threshold, address foundingRelayer,
/// bytes32 rulebook), n + 2 Devices(address network), n + 3 Titles(address network), n + 4 Releases(address network).
/// `contracts` are the CREATE addresses of nonces n + 1 to n + 4 (last 20 bytes of keccak256(rlp([sender, nonce])));
/// `names` are keccak256 of "Membership", "Devices", "Titles", "Releases". Each of them refuses to be deployed where
/// Network does not name it, so a wrong prediction cannot go unnoticed.
contract Network is INetwork {
    bytes32 private immutable _networkId;

    mapping(bytes32 name => address where) private _contracts;

    constructor(bytes32 networkId_, bytes32[] memory names, address[] memory contracts) {
        require(networkId_ != 0 && names.length != 0 && names.length == contracts.length, NetworkMalformed());
        _networkId = networkId_;
        for (uint256 i = 0; i < names.length; i++) {
            require(contracts[i] != address(0) && _contracts[names[i]] == address(0), NetworkMalformed());
            _contracts[names[i]] = contracts[i];
        }
    }

    /// @inheritdoc INetwork
    function networkId() external view returns (bytes32 id) {
        return _networkId;
    }

    /// @inheritdoc INetwork
    function version() external pure returns (uint256 number) {
        return 1;
    }

    /// @inheritdoc INetwork
    function contractOf(bytes32 name) external view returns (address where) {
        where = _contracts[name];
        require(where != address(0), ContractUnknown(name));
    }
}
