// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Devices: the lanes whose keys may use pickup rights
/// @notice Warning: whoever holds a lane's key can let a container out once its conditions are met.
interface IDevices is IActs {
    /// @notice A lane as it stands.
    struct LaneView {
        bytes32 owner; // member id of the terminal; zero for an unknown lane
        address key;
        uint256 kind; // DeviceKind
        uint256 port;
        uint256 calibratedUntil; // UTC seconds: the last second in which its calibration holds
        bool inService;
        uint256 counter; // acts that changed the lane so far
        uint256 deviceCounter; // the highest its lane acts have carried
    }

    /// @notice No lane has this id.
    error LaneUnknown(bytes32 lane);
    /// @notice A lane has this id already.
    error LaneExists(bytes32 lane);
    /// @notice The lane is suspended.
    error LaneNotInService(bytes32 lane);
    /// @notice The calibration ended after second `calibratedUntil` (UTC).
    error CalibrationExpired(bytes32 lane, uint256 calibratedUntil);
    /// @notice The lane stands at another port.
    error WrongSite(bytes32 lane, uint256 port, uint256 needed);
    /// @notice A device's counter only goes up.
    error DeviceCounterBack(bytes32 lane, uint256 last, uint256 given);
    /// @notice Only the network's Releases contract may call this.
    error OnlyReleases();

    /// @return lane all of it; owner zero for an unknown id
    function laneOf(bytes32 id) external view returns (LaneView memory lane);

    /// @notice Reverts unless `key` is the key of this lane of `owner`, in service and calibrated, at `port`.
    function requireLane(bytes32 lane, bytes32 owner, address key, uint256 port) external view;

    /// @notice Reverts unless `key` is the secp256k1 key of this device of `owner`, and the device is in service.
    function requireOrigin(bytes32 device, bytes32 owner, address key) external view;

    /// @notice Move the lane's device counter up; only Releases may, once it has checked the lane act.
    function advance(bytes32 lane, uint256 deviceCounter) external;
}
