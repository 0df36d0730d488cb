// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "./Acts.sol";
import {Outcome} from "./generated/Words.sol";
import {IMotions} from "./interfaces/IMotions.sol";

/// @title Motions
/// @notice Invariant: a motion takes effect once, with the assent of k different seats of one council.
abstract contract Motions is Acts, IMotions {
    /// @dev Marks a motion that took effect; seats have lower bits.
    uint256 private constant CARRIED = 1 << 255;

    mapping(bytes32 motion => uint256 seats) private _assents;

    /// @inheritdoc IMotions
    function assentsTo(bytes32 motion) external view returns (uint256 seats) {
        return _assents[motion] & ~CARRIED;
    }

    /// @dev The seat that the act's key speaks for; reverts for any other key.
    function _seat(Header memory act) internal view virtual returns (uint256 seat, uint256 epoch, uint256 threshold);

    /// @dev Count the seat's assent to the act's content; true when the motion now has its seats and takes effect.
    /// A motion is its content, without who assents and until when, in the council's present epoch: the assents of a
    /// council that was replaced count no more. `counter` is the object's, which an assent leaves as it is.
    function _assent(Header memory act, bytes calldata words, uint256 counter) internal returns (bool carried) {
        (uint256 seat, uint256 epoch, uint256 threshold) = _seat(act);
        bytes32 motion = keccak256(abi.encodePacked(epoch, act.verb, act.object, act.counter, words));
        uint256 seats = _assents[motion];
        require(seats & CARRIED == 0, MotionCarried(motion));
        require(seats & (1 << seat) == 0, SeatAssented(motion, act.principal));
        seats |= 1 << seat;
        carried = _ones(seats) >= threshold;
        _assents[motion] = carried ? seats | CARRIED : seats;
        if (!carried) _acted(act, words, counter, Outcome.ASSENTED);
    }

    function _ones(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            count++;
        }
    }
}
