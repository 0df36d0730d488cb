// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title What the council decides, k of n seats
/// @notice Each seat signs an act of its own; the acts of one motion have the same verb, object, counter and own
/// words. Warning: an assent cannot be taken back. A motion stays open until it is carried, its object's counter
/// moves on, or the council is rotated.
interface IMotions is IActs {
    /// @notice The key is no key of a council seat of this principal.
    error NotACouncilSeat(bytes32 principal, address key);
    /// @notice The seat has assented to this motion already.
    error SeatAssented(bytes32 motion, bytes32 seat);
    /// @notice The motion took effect already; the same content needs a new reason.
    error MotionCarried(bytes32 motion);

    /// @param motion keccak256 of epoch, verb, object and counter (32 bytes each) and the act's own words
    /// @return seats bit i: seat i assented
    function assentsTo(bytes32 motion) external view returns (uint256 seats);
}
