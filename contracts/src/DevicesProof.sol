// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesStore} from "./DevicesStore.sol";
import {ReleasesVerbs} from "./generated/Verbs.sol";
import {DeviceState} from "./generated/Words.sol";
import {IActs} from "./interfaces/IActs.sol";

/// @title DevicesProof
/// @notice A lane signs one act with each device counter. Two that it signed take it out of service, whoever shows
/// them.
abstract contract DevicesProof is DevicesStore {
    struct Sighting {
        bytes32 digest;
        uint256 deviceCounter;
        bool isTheLanes;
    }

    /// @dev Places of a lane act's own words: order, container, lane, device counter.
    uint256 private constant LANE = 2;
    uint256 private constant DEVICE_COUNTER = 3;
    uint256 private constant SIGNATURE_BYTES = 65;

    /// @dev No counter is asked for, so that no owner can keep a proof out: a lane is proved to equivocate once.
    function _proveEquivocation(Header memory act, bytes calldata words, bytes calldata attached) internal {
        _actor(act);
        Device storage device = _deviceAt(act.object);
        require(device.state != DeviceState.EQUIVOCATED, WrongState(act.object, device.state));
        (Sighting memory a, bytes calldata rest) = _firstOf(act.object, device.key, attached);
        Sighting memory b;
        (b, rest) = _firstOf(act.object, device.key, rest);
        require(rest.length == 0, ActMalformed());
        require(
            a.isTheLanes && b.isTheLanes && a.digest == _own(words, 0) && b.digest == _own(words, 1)
                && a.digest != b.digest && a.deviceCounter == b.deviceCounter,
            NotAnEquivocation(act.object, _own(words, 0), _own(words, 1))
        );
        device.state = uint8(DeviceState.EQUIVOCATED);
        _done(act, words, ++device.counter);
    }

    /// @dev What an act of Releases says of the lane. Its encoding is checked by Releases, which knows the shapes; no
    /// lane verb attaches anything, so the signature stands last.
    function _sighting(bytes32 lane, bytes32 key, bytes calldata act) private view returns (Sighting memory seen) {
        seen.digest = IActs(_releases()).digestOf(act);
        uint256 verb = uint8(act[0]);
        bool laneAct = verb == ReleasesVerbs.GATE_OUT || verb == ReleasesVerbs.RETURN_EMPTY
            || verb == ReleasesVerbs.RECORD_INTERCHANGE;
        bytes calldata words = act[_headerBytes(uint8(act[1])):];
        if (!laneAct || _own(words, LANE) != lane) return seen;
        seen.deviceCounter = _ownUint(words, DEVICE_COUNTER);
        seen.isTheLanes = _addressKey(_signer(seen.digest, act[act.length - SIGNATURE_BYTES:])) == key;
    }

    /// @dev What the act says that stands behind its length (2 bytes), and what follows it.
    function _firstOf(bytes32 lane, bytes32 key, bytes calldata framed)
        private
        view
        returns (Sighting memory seen, bytes calldata rest)
    {
        require(framed.length >= 2, ActMalformed());
        uint256 end = 2 + uint256(uint16(bytes2(framed[:2])));
        require(end <= framed.length, ActMalformed());
        return (_sighting(lane, key, framed[2:end]), framed[end:]);
    }
}
