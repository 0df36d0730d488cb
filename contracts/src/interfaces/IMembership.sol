// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMotions} from "./IMotions.sol";

/// @title Members, their keys, and the council that admits them
/// @notice Warning: k council seats together admit members and assign authorities, and nothing can undo an admission
/// in this version. The council's keys are not members' keys and can act on no title.
interface IMembership is IMotions {
    /// @notice A member has this id already.
    error MemberExists(bytes32 member);
    /// @notice A member changes only itself.
    error NotTheMember(bytes32 member, bytes32 principal);
    /// @notice The key is or was a member's or a seat's; a key is never used again.
    error KeyInUse(bytes32 key);
    /// @notice The key is zero, or is not an address and its purpose needs one.
    error KeyMalformed(bytes32 key);
    /// @notice The key's validity is empty or over, or is not in seconds of UTC.
    error KeyPeriodMalformed(uint256 validFrom, uint256 validUntil);
    /// @notice A numbering key is registered by the council at admission, once, and never rotated.
    error NumberingKeyFixed(bytes32 member);
    /// @notice Not a role, or not exactly one where one is needed.
    error RoleUnknown(uint256 role);
    /// @notice The rulebook is not the one in force.
    error RulebookNotInForce(bytes32 rulebook);
    /// @notice The founding council has no seats, a zero, a key twice, or a threshold it cannot reach.
    error CouncilMalformed();

    /// @return number the member's short number, given at admission, never reused
    /// @return roles bits of Role
    /// @return status MemberStatus
    /// @return counter acts that changed the member so far
    /// @return profile SHA-256 of its profile
    /// @return acceptedRulebook the rulebook it accepted last
    function memberOf(bytes32 member)
        external
        view
        returns (
            uint256 number,
            uint256 roles,
            uint256 status,
            uint256 counter,
            bytes32 profile,
            bytes32 acceptedRulebook
        );

    /// @return member whose short number this is; zero for none
    function memberAt(uint256 number) external view returns (bytes32 member);

    /// @notice All zero when the key was never this member's.
    /// @return purpose KeyPurpose
    /// @return validFrom first second (UTC) in which it counts
    /// @return validUntil first second in which it no longer counts; 0 without end
    /// @return revokedAt second of its revocation; 0 for none
    function keyOf(bytes32 member, bytes32 key)
        external
        view
        returns (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt);

    /// @return whether the member is assigned to the role at the port
    function assigned(uint256 port, uint256 role, bytes32 member) external view returns (bool whether);

    /// @return counter of the assignments of one role at one port
    function assignmentCounter(uint256 port, uint256 role) external view returns (uint256 counter);

    /// @return hash of the rulebook in force
    function rulebook() external view returns (bytes32 hash);

    /// @return threshold seats that a motion needs
    /// @return seats the members that hold them
    /// @return keys one a seat
    function council() external view returns (uint256 threshold, bytes32[] memory seats, address[] memory keys);

    /// @notice Reverts unless `key` may act for `member` now.
    /// @return number of the member
    /// @return roles of the member
    function actor(bytes32 member, address key) external view returns (uint256 number, uint256 roles);

    /// @notice Reverts unless the member is active.
    /// @return number of the member
    /// @return roles of the member
    function activeMember(bytes32 member) external view returns (uint256 number, uint256 roles);

    /// @notice Reverts unless the member with this number is active.
    function requireActive(uint256 number) external view;

    /// @notice Reverts unless `key` may use `verb` on `object` for `member` under the delegation now.
    /// @return number of the member
    /// @return roles of the member
    function delegated(bytes32 member, address key, bytes32 delegation, uint256 verb, bytes32 object)
        external
        view
        returns (uint256 number, uint256 roles);

    /// @notice Reverts unless `relayer` may relay now: a relay key of an active member, or the founding relayer.
    function requireRelayer(address relayer) external view;
}
