// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {DeviceKind, DeviceState} from "./generated/Words.sol";
import {IDevices} from "./interfaces/IDevices.sol";

/// @title DevicesStore
/// @notice What Devices keeps, and what Releases and Attestations ask of it.
abstract contract DevicesStore is MemberActs, IDevices {
    struct Device {
        uint8 state;
        uint8 kind;
        uint16 port;
        uint24 owner;
        uint32 counter;
        uint48 calibratedUntil;
        uint64 deviceCounter;
        bytes32 key;
    }

    mapping(bytes32 id => Device) internal _registered;
    mapping(bytes32 device => mapping(bytes32 wrong => bytes32 right)) internal _corrections;

    /// @inheritdoc IDevices
    function deviceOf(bytes32 id) external view returns (DeviceView memory device) {
        Device memory d = _registered[id];
        return DeviceView({
            state: d.state,
            counter: d.counter,
            owner: _membership.memberAt(d.owner),
            key: d.key,
            kind: d.kind,
            port: d.port,
            calibratedUntil: d.calibratedUntil,
            deviceCounter: d.deviceCounter
        });
    }

    /// @inheritdoc IDevices
    function correctionOf(bytes32 device, bytes32 wrong) external view returns (bytes32 right) {
        return _corrections[device][wrong];
    }

    /// @inheritdoc IDevices
    function requireLane(bytes32 lane, bytes32 owner, address key, uint256 port) external view {
        Device memory d = _registered[lane];
        require(d.kind == DeviceKind.LANE, DeviceUnknown(lane));
        _requireKey(lane, d, owner, key);
        require(block.timestamp <= d.calibratedUntil, CalibrationExpired(lane, d.calibratedUntil));
        require(d.port == port, WrongSite(lane, d.port, port));
    }

    /// @inheritdoc IDevices
    function requireOrigin(bytes32 device, bytes32 owner, address key) external view {
        Device memory d = _registered[device];
        require(d.state != DeviceState.NONE, DeviceUnknown(device));
        _requireKey(device, d, owner, key);
    }

    /// @inheritdoc IDevices
    function advance(bytes32 lane, uint256 deviceCounter) external {
        require(msg.sender == _releases(), OnlyReleases());
        Device storage d = _registered[lane];
        require(
            deviceCounter > d.deviceCounter && deviceCounter <= type(uint64).max,
            DeviceCounterBack(lane, d.deviceCounter, deviceCounter)
        );
        d.deviceCounter = uint64(deviceCounter);
    }

    function _releases() internal view returns (address releases) {
        return _network.contractOf(keccak256("Releases"));
    }

    function _deviceAt(bytes32 id) internal view returns (Device storage device) {
        device = _registered[id];
        require(device.state != DeviceState.NONE, DeviceUnknown(id));
    }

    /// @dev A calibration holds now at least, and is in seconds of UTC.
    function _requireCalibration(bytes32 device, uint256 calibratedUntil) internal view {
        require(
            calibratedUntil >= block.timestamp && calibratedUntil <= type(uint48).max,
            CalibrationExpired(device, calibratedUntil)
        );
    }

    function _addressKey(address key) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(key)));
    }

    /// @dev The key is the device's, the device the owner's, and in service.
    function _requireKey(bytes32 id, Device memory d, bytes32 owner, address key) private view {
        bool owned = _membership.memberAt(d.owner) == owner;
        require(owned && d.key == _addressKey(key), KeyNotValid(owner, _addressKey(key)));
        require(d.state == DeviceState.IN_SERVICE, DeviceNotInService(id, d.state));
    }
}
