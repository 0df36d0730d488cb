// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesProof} from "./DevicesProof.sol";
import {DevicesService} from "./DevicesService.sol";
import {MemberActs} from "./MemberActs.sol";
import {DevicesVerbs} from "./generated/Verbs.sol";
import {DeviceKind, DeviceState, Role} from "./generated/Words.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title Devices
/// @notice Invariant: a lane belongs to one terminal or depot, assigned to the lane's port when it registered it.
/// @notice Invariant: a lane's device counter never goes back.
/// @notice Invariant: corrections never overwrite.
/// @notice Invariant: a lane that equivocated never comes back.
contract Devices is DevicesService, DevicesProof {
    uint256 private constant GAS_CAP = 200_000;

    constructor(INetwork network) MemberActs(network, keccak256("Devices"), GAS_CAP, address(0)) {}

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return DevicesVerbs.shape(verb);
    }

    function _delegable() internal pure override returns (uint256 mask) {
        return DevicesVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata attached) internal override {
        if (act.verb == DevicesVerbs.REGISTER_LANE) _registerLane(act, words);
        else if (act.verb == DevicesVerbs.REGISTER_DEVICE) _registerDevice(act, words);
        else if (act.verb == DevicesVerbs.CALIBRATE) _calibrate(act, words);
        else if (act.verb == DevicesVerbs.SUSPEND_DEVICE) _suspend(act, words);
        else if (act.verb == DevicesVerbs.RESUME_DEVICE) _resume(act, words);
        else if (act.verb == DevicesVerbs.PROVE_EQUIVOCATION) _proveEquivocation(act, words, attached);
        else _correctReport(act, words);
    }

    function _registerLane(Header memory act, bytes calldata words) private {
        uint256 kind = _ownUint(words, 1);
        require(_ownUint(words, 0) <= type(uint160).max, ActMalformed());
        require(kind == DeviceKind.LANE, KindUnknown(kind));
        _register(act, words, Role.TERMINAL | Role.DEPOT);
    }

    function _registerDevice(Header memory act, bytes calldata words) private {
        uint256 kind = _ownUint(words, 1);
        require(kind > DeviceKind.LANE && kind <= DeviceKind.LAST, KindUnknown(kind));
        _register(act, words, Role.ALL);
    }

    /// @dev By a member assigned at the port in one of the roles.
    function _register(Header memory act, bytes calldata words, uint256 roles) private {
        (uint256 owner,) = _actor(act);
        uint256 port = _ownUint(words, 2);
        uint256 calibratedUntil = _ownUint(words, 3);
        Device storage device = _registered[act.object];
        require(device.state == DeviceState.NONE, DeviceExists(act.object));
        _requireCounter(act, 0);
        require(act.object != 0 && _own(words, 0) != 0, ActMalformed());
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        require(_membership.assigned(port, roles, act.principal), NotAssigned(port, roles, act.principal));
        _requireCalibration(act.object, calibratedUntil);
        device.state = uint8(DeviceState.IN_SERVICE);
        device.kind = uint8(_ownUint(words, 1));
        device.port = uint16(port);
        device.owner = uint24(owner);
        device.counter = 1;
        device.calibratedUntil = uint48(calibratedUntil);
        device.key = _own(words, 0);
        _done(act, words, 1);
    }
}
