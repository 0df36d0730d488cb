// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMotions} from "./IMotions.sol";

/// @title Members, their keys, what they let each other do, and the council
/// @notice Warning: k council seats together decide who is a member, in what roles, with what keys, and under what
/// rulebook; they can give a member's power to act to new keys (RecoverKeys) and replace themselves (RotateCouncil).
/// Irreversible: an admission's id and number, the exit of a member, the end of a key. The council's keys are not
/// members' keys: no seat can act on a title, and suspending a seat's member does not silence its seat.
/// @dev Objects of motions: the member's id, with counter 0, for motions about a member (a member that acts in every
/// block cannot hold them up); keccak256("council"), counter the epoch; keccak256("rulebook"), counter its version;
/// keccak256(port ‖ role), counter its assignments so far.
interface IMembership is IMotions {
    /// @notice A member has this id already.
    error MemberExists(bytes32 member);
    /// @notice A member changes only itself.
    error NotTheMember(bytes32 member, bytes32 principal);
    /// @notice The member holds, secures, issued or releases something still: so many titles, so many orders.
    error MemberHasTies(bytes32 member, uint256 titles, uint256 orders);
    /// @notice A successor is another member than the one it answers for.
    error SuccessorIsMember(bytes32 member);
    /// @notice The key is or was a member's or another seat's; a key is never used again.
    error KeyInUse(bytes32 key);
    /// @notice The key is zero, or is not an address and its purpose needs one.
    error KeyMalformed(bytes32 key);
    /// @notice The key's validity is empty or over, or is not in seconds of UTC.
    error KeyPeriodMalformed(uint256 validFrom, uint256 validUntil);
    /// @notice A numbering key is registered by the council alone, one at a time, and never revoked or rotated.
    error NumberingKeyFixed(bytes32 member);
    /// @notice A further numbering key comes with its number series, and a series with its numbering key.
    error SeriesMismatch(bytes32 series);
    /// @notice Not a role, or not exactly one where one is needed.
    error RoleUnknown(uint256 role);
    /// @notice The rulebook is not the one in force.
    error RulebookNotInForce(bytes32 rulebook);
    /// @notice A waiting time is 1 second to 366 days.
    error WaitOutOfRange(uint256 wait);
    /// @notice The council has no seats or more than 16, a zero, a key twice, or a threshold it cannot reach.
    error CouncilMalformed();
    /// @notice No verb, or one that cannot be used under a delegation.
    error VerbsNotDelegable(uint256 verbs);
    /// @notice A delegate is another member than the principal.
    error DelegateIsPrincipal(bytes32 member);
    /// @notice A delegation ends at least 1 second and at most 366 days ahead (UTC seconds).
    error DelegationPeriodMalformed(uint256 until);
    /// @notice The delegation is over: its time, by its principal, or by the recovery of its principal's keys.
    error DelegationEnded(bytes32 delegation);
    /// @notice The delegation does not reach to this verb on this object.
    error DelegationTooNarrow(bytes32 delegation, uint256 verb, bytes32 object);

    // Members

    /// @return number the member's short number, given at admission, never reused
    /// @return roles bits of Role; none once it has left
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

    /// @return successor the member that answers for it as carrier; zero while it answers itself
    function successorOf(bytes32 member) external view returns (bytes32 successor);

    /// @notice A numbering key has no end: one of another series stands beside it. All zero when the key was never
    /// this member's.
    /// @return purpose KeyPurpose
    /// @return validFrom first second (UTC) in which it counts
    /// @return validUntil first second in which it no longer counts; 0 without end
    /// @return revokedAt second of its revocation, or of the recovery that ended it; 0 for neither
    function keyOf(bytes32 member, bytes32 key)
        external
        view
        returns (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt);

    /// @notice Reverts unless the member is active.
    /// @return number of the member
    /// @return roles of the member
    function activeMember(bytes32 member) external view returns (uint256 number, uint256 roles);

    /// @notice Reverts unless the member with this number is active.
    function requireActive(uint256 number) external view;

    /// @notice Who answers now for the carrier with this number, in surrender and release: the successor that the
    /// council named, or itself. Reverts unless who answers is active.
    function answering(uint256 carrier) external view returns (uint256 number);

    // Keys

    /// @notice Reverts unless `key` may act for `member` now.
    /// @return number of the member
    /// @return roles of the member
    function actor(bytes32 member, address key) external view returns (uint256 number, uint256 roles);

    /// @notice Reverts unless `key` may use `verb` on `object` for `member` under the delegation now.
    /// @return number of the member
    /// @return roles of the member
    function delegated(bytes32 member, address key, bytes32 delegation, uint256 verb, bytes32 object)
        external
        view
        returns (uint256 number, uint256 roles);

    /// @notice Reverts unless `relayer` may relay now: a relay key of an active member, or the founding relayer.
    function requireRelayer(address relayer) external view;

    /// @param delegation digest of the act that gave it; all zero for none
    /// @return principal that gave it
    /// @return delegate that may act for it
    /// @return verbs bit c: the verb of code c
    /// @return title the only object it reaches to; 0 for every one
    /// @return until last second (UTC) in which it counts
    /// @return ended whether principal or council ended it before
    function delegationOf(bytes32 delegation)
        external
        view
        returns (bytes32 principal, bytes32 delegate, uint256 verbs, bytes32 title, uint256 until, bool ended);

    // Authorities

    /// @return whether the member is assigned at the port to one of the roles, and still has that role
    function assigned(uint256 port, uint256 roles, bytes32 member) external view returns (bool whether);

    /// @return roles to which the member is assigned at the port and which it still has
    function assignedRoles(uint256 port, bytes32 member) external view returns (uint256 roles);

    /// @return counter of the assignments of one role at one port
    function assignmentCounter(uint256 port, uint256 role) external view returns (uint256 counter);

    // The rulebook and the council

    /// @return hash of the rulebook in force
    function rulebook() external view returns (bytes32 hash);

    /// @return number of the rulebook in force; the founding one is 1
    function rulebookVersion() external view returns (uint256 number);

    /// @return enforcementSeconds from a recorded default until the pledgee may enforce
    /// @return transferSeconds from a freeze until a transfer bound by its order
    function waitingTimes() external view returns (uint256 enforcementSeconds, uint256 transferSeconds);

    /// @return threshold seats that a motion needs
    /// @return seats the members that hold them
    /// @return keys one a seat
    function council() external view returns (uint256 threshold, bytes32[] memory seats, address[] memory keys);

    /// @return epoch rotations of the council so far
    function councilEpoch() external view returns (uint256 epoch);

    /// @notice Reverts unless `key` is the key of a seat of `principal` in the present council.
    /// @return seat its place in the council, from 0
    /// @return epoch rotations of the council so far
    /// @return threshold seats that a motion needs
    function seatOf(bytes32 principal, address key)
        external
        view
        returns (uint256 seat, uint256 epoch, uint256 threshold);
}
