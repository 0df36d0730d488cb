// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Members} from "./Members.sol";
import {IMembership} from "./interfaces/IMembership.sol";

/// @title Council
/// @notice Invariant: the council's seats and the rulebook in force change only by motions of the council itself.
/// @notice Invariant: a council always has at least as many seats as a motion needs.
abstract contract Council is Members {
    struct Seat {
        bytes32 principal; // whose seat the key is or was
        uint8 place;
        uint32 epoch; // the last in which it was one
    }

    bytes32 private constant COUNCIL = keccak256("council");
    bytes32 private constant RULEBOOK = keccak256("rulebook");
    uint256 private constant MAX_SEATS = 16;
    uint256 private constant MAX_WAIT = 366 days;

    uint8 private _threshold;
    uint32 private _epoch;
    uint32 private _rulebookVersion;
    uint32 private _enforcementSeconds;
    uint32 private _transferSeconds;
    bytes32 private _rulebook;
    address[] private _seatKeys;
    mapping(address key => Seat) private _seatOf;

    constructor(bytes32[] memory seats, address[] memory keys, uint256 threshold) {
        _checkCouncil(seats, keys, threshold);
        _sit(seats, keys, threshold);
    }

    /// @inheritdoc IMembership
    function rulebook() public view returns (bytes32 hash) {
        return _rulebook;
    }

    /// @inheritdoc IMembership
    function rulebookVersion() external view returns (uint256 number) {
        return _rulebookVersion;
    }

    /// @inheritdoc IMembership
    function waitingTimes() external view returns (uint256 enforcementSeconds, uint256 transferSeconds) {
        return (_enforcementSeconds, _transferSeconds);
    }

    /// @inheritdoc IMembership
    function council() external view returns (uint256 threshold, bytes32[] memory seats, address[] memory keys) {
        keys = _seatKeys;
        seats = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            seats[i] = _seatOf[keys[i]].principal;
        }
        return (_threshold, seats, keys);
    }

    /// @inheritdoc IMembership
    function councilEpoch() external view returns (uint256 epoch) {
        return _epoch;
    }

    /// @inheritdoc IMembership
    function seatOf(bytes32 principal, address key)
        public
        view
        returns (uint256 seat, uint256 epoch, uint256 threshold)
    {
        Seat storage s = _seatOf[key];
        (epoch, threshold) = (_epoch, _threshold);
        require(principal != 0 && s.principal == principal && s.epoch == epoch, NotACouncilSeat(principal, key));
        return (s.place, epoch, threshold);
    }

    function _seat(Header memory act) internal view override returns (uint256 seat, uint256 epoch, uint256 threshold) {
        return seatOf(act.principal, act.key);
    }

    function _isSeatKey(address key) internal view override returns (bool whether) {
        return _seatOf[key].principal != 0;
    }

    function _changeRulebook(Header memory act, bytes calldata words) internal {
        _seat(act);
        require(act.object == RULEBOOK, ObjectUnknown(act.object));
        _requireCounter(act, _rulebookVersion);
        _checkWait(_ownUint(words, 1));
        _checkWait(_ownUint(words, 2));
        if (!_assent(act, words, act.counter)) return;
        _ruleBy(_own(words, 0), _ownUint(words, 1), _ownUint(words, 2));
        _done(act, words, _rulebookVersion);
    }

    function _rotateCouncil(Header memory act, bytes calldata words) internal {
        _seat(act);
        require(act.object == COUNCIL, ObjectUnknown(act.object));
        _requireCounter(act, _epoch);
        uint256 threshold = _ownUint(words, 0);
        (bytes32[] calldata seats, uint256 next) = _ownArray(words, 1);
        (bytes32[] calldata ids,) = _ownArray(words, next);
        address[] memory keys = new address[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            require(uint256(ids[i]) <= type(uint160).max, KeyMalformed(ids[i]));
            keys[i] = address(uint160(uint256(ids[i])));
        }
        _checkCouncil(seats, keys, threshold);
        if (!_assent(act, words, act.counter)) return;
        _epoch++;
        _sit(seats, keys, threshold);
        _done(act, words, _epoch);
    }

    /// @dev Put a rulebook in force whose waiting times `_checkWait` let pass.
    function _ruleBy(bytes32 hash, uint256 enforcementSeconds, uint256 transferSeconds) internal {
        _rulebook = hash;
        _rulebookVersion++;
        (_enforcementSeconds, _transferSeconds) = (uint32(enforcementSeconds), uint32(transferSeconds));
    }

    function _checkWait(uint256 wait) internal pure {
        require(wait != 0 && wait <= MAX_WAIT, WaitOutOfRange(wait));
    }

    /// @dev A seat's key is new, or was this principal's seat's before.
    function _checkCouncil(bytes32[] memory seats, address[] memory keys, uint256 threshold) private view {
        require(seats.length == keys.length && seats.length <= MAX_SEATS, CouncilMalformed());
        require(threshold != 0 && threshold <= seats.length, CouncilMalformed());
        for (uint256 i = 0; i < seats.length; i++) {
            require(seats[i] != 0 && keys[i] != address(0), CouncilMalformed());
            bytes32 was = _seatOf[keys[i]].principal;
            bytes32 id = _keyId(keys[i]);
            require(_keyOwner(id) == 0 && (was == 0 || was == seats[i]), KeyInUse(id));
            for (uint256 j = 0; j < i; j++) {
                require(keys[j] != keys[i], CouncilMalformed());
            }
        }
    }

    /// @dev Seats of the council before keep their place in an epoch that is over.
    function _sit(bytes32[] memory seats, address[] memory keys, uint256 threshold) private {
        _threshold = uint8(threshold);
        _seatKeys = keys;
        for (uint256 i = 0; i < seats.length; i++) {
            _seatOf[keys[i]] = Seat(seats[i], uint8(i), _epoch);
        }
    }
}
