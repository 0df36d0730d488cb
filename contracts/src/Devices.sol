// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberActs} from "./MemberActs.sol";
import {DevicesVerbs} from "./generated/Verbs.sol";
import {DeviceKind, Role} from "./generated/Words.sol";
import {IDevices} from "./interfaces/IDevices.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title Devices
/// @notice Invariant: a lane belongs to one terminal, assigned to the lane's port when it registered it.
/// @notice Invariant: a lane's device counter never goes back.
contract Devices is MemberActs, IDevices {
    struct Lane {
        address key;
        uint24 owner;
        uint8 kind;
        bool inService;
        uint16 port;
        uint32 counter;
        uint48 calibratedUntil;
        uint64 deviceCounter;
    }

    uint256 private constant GAS_CAP = 200_000;

    address private immutable _releases;

    mapping(bytes32 id => Lane) private _lanes;

    constructor(INetwork network) MemberActs(network, keccak256("Devices"), GAS_CAP, address(0)) {
        _releases = network.contractOf(keccak256("Releases"));
    }

    /// @inheritdoc IDevices
    function laneOf(bytes32 id) external view returns (LaneView memory lane) {
        Lane memory l = _lanes[id];
        if (l.owner == 0) return lane;
        return LaneView({
            owner: _membership.memberAt(l.owner),
            key: l.key,
            kind: l.kind,
            port: l.port,
            calibratedUntil: l.calibratedUntil,
            inService: l.inService,
            counter: l.counter,
            deviceCounter: l.deviceCounter
        });
    }

    /// @inheritdoc IDevices
    function requireLane(bytes32 lane, bytes32 owner, address key, uint256 port) external view {
        Lane memory l = _lanes[lane];
        require(l.owner != 0, LaneUnknown(lane));
        bool owned = _membership.memberAt(l.owner) == owner;
        require(owned && l.key == key, KeyNotValid(owner, bytes32(uint256(uint160(key)))));
        require(l.inService, LaneNotInService(lane));
        require(block.timestamp <= l.calibratedUntil, CalibrationExpired(lane, l.calibratedUntil));
        require(l.port == port, WrongSite(lane, l.port, port));
    }

    /// @inheritdoc IDevices
    function requireOrigin(bytes32 device, bytes32 owner, address key) external view {
        Lane memory l = _lanes[device];
        require(l.owner != 0, LaneUnknown(device));
        bool owned = _membership.memberAt(l.owner) == owner;
        require(owned && l.key == key, KeyNotValid(owner, bytes32(uint256(uint160(key)))));
        require(l.inService, LaneNotInService(device));
    }

    /// @inheritdoc IDevices
    function advance(bytes32 lane, uint256 deviceCounter) external {
        require(msg.sender == _releases, OnlyReleases());
        Lane storage l = _lanes[lane];
        require(
            deviceCounter > l.deviceCounter && deviceCounter <= type(uint64).max,
            DeviceCounterBack(lane, l.deviceCounter, deviceCounter)
        );
        l.deviceCounter = uint64(deviceCounter);
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return DevicesVerbs.shape(verb);
    }

    /// @dev RegisterLane is the only verb so far.
    function _delegable() internal pure override returns (uint256 mask) {
        return DevicesVerbs.DELEGABLE;
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        (uint256 owner, uint256 roles) = _actor(act);
        uint256 key = _ownUint(words, 0);
        uint256 kind = _ownUint(words, 1);
        uint256 port = _ownUint(words, 2);
        uint256 calibratedUntil = _ownUint(words, 3);
        require(roles & Role.TERMINAL != 0, RoleMissing(act.principal, Role.TERMINAL));
        require(_lanes[act.object].owner == 0, LaneExists(act.object));
        _requireCounter(act, 0);
        require(key != 0 && key <= type(uint160).max, ActMalformed());
        require(kind == DeviceKind.LANE, KindUnknown(kind));
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        require(
            _membership.assigned(port, Role.TERMINAL, act.principal), NotAssigned(port, Role.TERMINAL, act.principal)
        );
        require(
            calibratedUntil >= block.timestamp && calibratedUntil <= type(uint48).max,
            CalibrationExpired(act.object, calibratedUntil)
        );
        _lanes[act.object] = Lane({
            key: address(uint160(key)),
            owner: uint24(owner),
            kind: uint8(kind),
            inService: true,
            port: uint16(port),
            counter: 1,
            calibratedUntil: uint48(calibratedUntil),
            deviceCounter: 0
        });
        _done(act, words, 1);
    }
}
