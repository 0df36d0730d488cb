// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {Acts} from "./Acts.sol";
import {IMembership} from "./interfaces/IMembership.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {IVersioned} from "./interfaces/IVersioned.sol";

/// @title MemberActs
/// @notice Acts of members, checked against Membership; each answer is kept for the rest of the submit.
/// @notice Invariant: a contract takes acts only while Network names it.
/// @dev Membership cannot change within a submit to another contract, so the answers stay true in it. They outlive
/// the submit inside a transaction, so they are filed under its number, each kind in a name space of its own.
abstract contract MemberActs is Acts, IVersioned {
    using TransientSlot for *;

    uint256 private constant ACTORS = 1;
    uint256 private constant MEMBERS = 2;
    uint256 private constant NUMBERS = 3;

    INetwork internal immutable _network;
    IMembership internal immutable _membership;
    address private immutable _predecessor;

    bool private _open;
    uint256 private transient _submits;

    /// @param network names this contract, or the one before it, under `name`, or the deployment reverts
    /// @param predecessor_ the contract this one is to succeed; zero for a founding one, which is open at once
    constructor(INetwork network, bytes32 name, uint256 cap, address predecessor_) Acts(network.networkId(), cap) {
        address named = network.contractOf(name);
        require(named == (predecessor_ == address(0) ? address(this) : predecessor_), INetwork.ContractUnknown(name));
        _network = network;
        _membership = IMembership(network.contractOf(keccak256("Membership")));
        _predecessor = predecessor_;
        _open = predecessor_ == address(0);
    }

    /// @inheritdoc IVersioned
    function predecessor() public view returns (address before) {
        return _predecessor;
    }

    /// @inheritdoc IVersioned
    function isOpen() public view returns (bool open_) {
        return _open;
    }

    /// @inheritdoc IVersioned
    function open() external {
        require(msg.sender == address(_network), OnlyNetwork());
        _open = true;
    }

    /// @inheritdoc IVersioned
    function close() external {
        require(msg.sender == address(_network), OnlyNetwork());
        _open = false;
    }

    /// @dev The principal's number and roles; reverts unless the act's key may act for it now, its own or a delegate's.
    function _actor(Header memory act) internal returns (uint256 number, uint256 roles) {
        if (act.delegation != 0) {
            return _membership.delegated(act.principal, act.key, act.delegation, act.verb, act.object);
        }
        bytes32 slot = _slot(ACTORS, act.principal, act.key);
        (number, roles) = _recall(slot);
        if (number == 0) {
            (number, roles) = _membership.actor(act.principal, act.key);
            _keep(slot, number, roles);
        }
    }

    /// @dev An active member's number and roles; reverts for any other.
    function _member(bytes32 member) internal returns (uint256 number, uint256 roles) {
        bytes32 slot = _slot(MEMBERS, member, address(0));
        (number, roles) = _recall(slot);
        if (number == 0) {
            (number, roles) = _membership.activeMember(member);
            _keep(slot, number, roles);
        }
    }

    /// @dev Reverts unless the member with this number is active.
    function _requireActive(uint256 number) internal {
        bytes32 slot = _slot(NUMBERS, bytes32(number), address(0));
        (uint256 known,) = _recall(slot);
        if (known == 0) {
            _membership.requireActive(number);
            _keep(slot, number, 0);
        }
    }

    function _requireRelayer(address relayer) internal view override {
        require(_open, ContractClosed());
        _membership.requireRelayer(relayer);
    }

    function _beginSubmit() internal override {
        _submits++;
    }

    /// @dev keccak256(who, the name space and the submit's number and a key in one word).
    function _slot(uint256 space, bytes32 who, address key) private view returns (bytes32 slot) {
        uint256 place = (space << 224) | (_submits << 160) | uint160(key);
        return Hashes.efficientKeccak256(who, bytes32(place));
    }

    function _keep(bytes32 slot, uint256 number, uint256 roles) private {
        slot.asUint256().tstore((roles << 24) | number);
    }

    function _recall(bytes32 slot) private view returns (uint256 number, uint256 roles) {
        uint256 kept = slot.asUint256().tload();
        return (kept & 0xffffff, kept >> 24);
    }
}
