// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "./IActs.sol";

/// @title Devices: the lanes whose keys may use pickup rights, and the devices whose reports stand behind them
/// @notice Warning: whoever holds a lane's key can let a container out once its conditions are met. A lane that signed
/// two acts with one device counter is out of service for ever.
interface IDevices is IActs {
    /// @notice A device as it stands.
    struct DeviceView {
        uint256 state; // DeviceState; none (0) for an unknown device
        uint256 counter; // acts that changed the device so far
        bytes32 owner; // member id
        bytes32 key; // a secp256k1 key's address; of another key type its hash
        uint256 kind; // DeviceKind
        uint256 port;
        uint256 calibratedUntil; // UTC seconds: the last second in which its calibration holds
        uint256 deviceCounter; // the highest its lane acts have carried
    }

    /// @notice No device, or where a lane is needed no lane, has this id.
    error DeviceUnknown(bytes32 device);
    /// @notice A device has this id already.
    error DeviceExists(bytes32 device);
    /// @notice The device is suspended.
    error DeviceNotInService(bytes32 device, uint256 state);
    /// @notice The calibration ended after second `calibratedUntil` (UTC).
    error CalibrationExpired(bytes32 device, uint256 calibratedUntil);
    /// @notice The lane stands at another port.
    error WrongSite(bytes32 lane, uint256 port, uint256 needed);
    /// @notice A device's counter only goes up.
    error DeviceCounterBack(bytes32 lane, uint256 last, uint256 given);
    /// @notice Only the network's Releases contract may call this.
    error OnlyReleases();
    /// @notice Only the device's owner does this.
    error NotTheOwner(bytes32 device, bytes32 principal, bytes32 owner);
    /// @notice What an authority suspended, an authority other than the owner puts back in service.
    error OwnerMayNotResume(bytes32 device);
    /// @notice The device was suspended, or put back in service, under this hash before.
    error ReasonUsed(bytes32 device, bytes32 reason);
    /// @notice The two acts do not show that this lane signed two contents with one device counter.
    error NotAnEquivocation(bytes32 lane, bytes32 first, bytes32 second);
    /// @notice The report was corrected before, by this one: correct that one.
    error ReportCorrected(bytes32 device, bytes32 report, bytes32 by);
    /// @notice A report is corrected by another one.
    error CorrectionMalformed(bytes32 device);

    /// @return device all of it; state none (0) for an unknown id
    function deviceOf(bytes32 id) external view returns (DeviceView memory device);

    /// @return right the report that corrected `wrong`; zero for none
    function correctionOf(bytes32 device, bytes32 wrong) external view returns (bytes32 right);

    /// @notice Reverts unless `key` is the key of this lane of `owner`, in service and calibrated, at `port`.
    function requireLane(bytes32 lane, bytes32 owner, address key, uint256 port) external view;

    /// @notice Reverts unless `key` is the secp256k1 key of this device of `owner`, and the device is in service.
    function requireOrigin(bytes32 device, bytes32 owner, address key) external view;

    /// @notice Move the lane's device counter up; only Releases may, once it has checked the lane act.
    function advance(bytes32 lane, uint256 deviceCounter) external;
}
