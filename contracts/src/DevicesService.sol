// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesStore} from "./DevicesStore.sol";
import {DevicesVerbs} from "./generated/Verbs.sol";
import {DeviceState, Role} from "./generated/Words.sol";

/// @title DevicesService
/// @notice A device is calibrated, suspended and put back in service, and its reports are corrected.
abstract contract DevicesService is DevicesStore {
    uint256 private constant AUTHORITIES = Role.CUSTOMS | Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE;

    /// @dev Hashes under which a device was suspended or resumed, each once a verb.
    mapping(bytes32 use => bool) private _used;

    function _calibrate(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Device storage device = _deviceAt(act.object);
        _requireOwner(act, principal, device.owner);
        _requireCounter(act, device.counter);
        require(device.state != DeviceState.EQUIVOCATED, WrongState(act.object, device.state));
        uint256 calibratedUntil = _ownUint(words, 0);
        _requireCalibration(act.object, calibratedUntil);
        device.calibratedUntil = uint48(calibratedUntil);
        _done(act, words, ++device.counter);
    }

    /// @dev No counter is asked for: the reports' hash guards the act, whatever the owner does meanwhile. An authority
    /// also takes over a suspension of the owner's, which the owner then cannot end.
    function _suspend(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Device storage device = _deviceAt(act.object);
        bool owner = principal == device.owner;
        if (!owner) _requireAuthority(act, device.port);
        bool works = device.state == DeviceState.IN_SERVICE;
        bool takenOver = !owner && device.state == DeviceState.SUSPENDED_BY_OWNER;
        require(works || takenOver, WrongState(act.object, device.state));
        _useOnce(act, _own(words, 0));
        device.state = uint8(owner ? DeviceState.SUSPENDED_BY_OWNER : DeviceState.SUSPENDED_BY_AUTHORITY);
        _done(act, words, ++device.counter);
    }

    function _resume(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Device storage device = _deviceAt(act.object);
        if (device.state == DeviceState.SUSPENDED_BY_OWNER) {
            _requireOwner(act, principal, device.owner);
        } else {
            require(device.state == DeviceState.SUSPENDED_BY_AUTHORITY, WrongState(act.object, device.state));
            require(principal != device.owner, OwnerMayNotResume(act.object));
            _requireAuthority(act, device.port);
        }
        _useOnce(act, _own(words, 0));
        device.state = uint8(DeviceState.IN_SERVICE);
        _done(act, words, ++device.counter);
    }

    /// @dev A report that was corrected corrects no other: corrections lead from report to report without a circle.
    function _correctReport(Header memory act, bytes calldata words) internal {
        (uint256 principal,) = _actor(act);
        Device storage device = _deviceAt(act.object);
        _requireOwner(act, principal, device.owner);
        _requireCounter(act, device.counter);
        bytes32 wrong = _own(words, 0);
        bytes32 right = _own(words, 1);
        require(wrong != 0 && right != 0 && wrong != right, CorrectionMalformed(act.object));
        _requireUncorrected(act.object, wrong);
        _requireUncorrected(act.object, right);
        _corrections[act.object][wrong] = right;
        _done(act, words, ++device.counter);
    }

    function _requireUncorrected(bytes32 device, bytes32 report) private view {
        bytes32 by = _corrections[device][report];
        require(by == 0, ReportCorrected(device, report, by));
    }

    function _requireOwner(Header memory act, uint256 principal, uint256 owner) private view {
        if (principal != owner) revert NotTheOwner(act.object, act.principal, _membership.memberAt(owner));
    }

    function _requireAuthority(Header memory act, uint256 port) private view {
        require(_membership.assigned(port, AUTHORITIES, act.principal), NotAssigned(port, AUTHORITIES, act.principal));
    }

    function _useOnce(Header memory act, bytes32 reason) private {
        bytes32 use = keccak256(abi.encode(act.object, act.verb, reason));
        require(!_used[use], ReasonUsed(act.object, reason));
        _used[use] = true;
    }
}
