// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {Acts} from "./Acts.sol";
import {IMembership} from "./interfaces/IMembership.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title MemberActs
/// @notice Acts of members, checked against Membership; each answer is kept for the rest of the submit.
/// @dev Membership cannot change within a submit to another contract, so the answers stay true in it. They outlive
/// the submit inside a transaction, so they are filed under its number, each kind in a name space of its own.
abstract contract MemberActs is Acts {
    using TransientSlot for *;

    bytes32 private constant ACTORS = keccak256("lading.actors");
    bytes32 private constant MEMBERS = keccak256("lading.members");

    IMembership internal immutable _membership;

    uint256 private transient _submits;

    constructor(INetwork network, bytes32 name, uint256 cap) Acts(network, name, cap) {
        _membership = IMembership(network.contractOf(keccak256("Membership")));
    }

    /// @dev The principal's number and roles; reverts unless the act's key may act for it now.
    function _actor(Header memory act) internal returns (uint256 number, uint256 roles) {
        bytes32 slot = keccak256(abi.encode(ACTORS, _submits, act.principal, act.key));
        (number, roles) = _recall(slot);
        if (number == 0) {
            (number, roles) = _membership.actor(act.principal, act.key);
            _keep(slot, number, roles);
        }
    }

    /// @dev An active member's number and roles; reverts for any other.
    function _member(bytes32 member) internal returns (uint256 number, uint256 roles) {
        bytes32 slot = keccak256(abi.encode(MEMBERS, _submits, member));
        (number, roles) = _recall(slot);
        if (number == 0) {
            (number, roles) = _membership.activeMember(member);
            _keep(slot, number, roles);
        }
    }

    function _requireRelayer(address relayer) internal view override {
        _membership.requireRelayer(relayer);
    }

    function _beginSubmit() internal override {
        _submits++;
    }

    function _keep(bytes32 slot, uint256 number, uint256 roles) private {
        slot.asUint256().tstore((roles << 24) | number);
    }

    function _recall(bytes32 slot) private view returns (uint256 number, uint256 roles) {
        uint256 kept = slot.asUint256().tload();
        return (kept & 0xffffff, kept >> 24);
    }
}
