// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs} from "../src/generated/Verbs.sol";
import {DeviceKind, DeviceState, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";

/// @dev Lanes and devices, and who registers them.
contract DevicesTest is Delivery {
    bytes32 private constant SCALE = keccak256("scale");

    function test_a_terminal_registers_a_lane() public view {
        IDevices.DeviceView memory known = devices.deviceOf(LANE);
        same(known.state, DeviceState.IN_SERVICE, "state");
        same(known.owner, terminal.id, "owner");
        same(known.key, keyId(LANE_KEY), "key");
        same(known.kind, DeviceKind.LANE, "kind");
        same(known.port, PORT, "port");
        same(known.counter, 1, "counter");
        same(known.calibratedUntil, START + 365 days, "calibration");
        same(known.deviceCounter, 0, "device counter");
        same(devices.deviceOf(TITLE).state, DeviceState.NONE, "unknown");
    }

    function test_a_depot_registers_a_lane() public {
        withDepot();
        same(devices.deviceOf(keccak256("depot lane")).owner, depot.id, "owner");
    }

    function test_a_lane_is_registered_once() public {
        refused(devices, lane(LANE, 0x99, PORT), because(IDevices.DeviceExists.selector, LANE));
        bytes memory late = abi.encode(address(1), 1, PORT, START + 1);
        bytes memory act = made(devices, DevicesVerbs.REGISTER_LANE, terminal, TITLE, 1, late);
        refused(devices, act, because(IActs.StaleCounter.selector, TITLE, 0, bytes32(uint256(1))));
    }

    function test_only_a_terminal_or_depot_assigned_at_the_port_registers_a_lane() public {
        bytes32 roles = bytes32(Role.TERMINAL | Role.DEPOT);
        refused(
            devices,
            laneBy(customs, TITLE, 0x99, PORT),
            because(IActs.NotAssigned.selector, bytes32(PORT), roles, customs.id)
        );
        refused(
            devices, lane(TITLE, 0x99, 8), because(IActs.NotAssigned.selector, bytes32(uint256(8)), roles, terminal.id)
        );
    }

    function test_a_lane_with_no_key_no_kind_no_port_or_no_calibration_is_refused() public {
        refused(devices, laneWith(0, 1, PORT, START), because(IActs.ActMalformed.selector));
        refused(devices, laneWith(1 << 160, 1, PORT, START), because(IActs.ActMalformed.selector));
        refused(devices, laneWith(1, 2, PORT, START), because(IActs.KindUnknown.selector, bytes32(uint256(2))));
        refused(devices, laneWith(1, 1, 0, START), because(IActs.PortUnknown.selector, 0));
        refused(devices, laneWith(1, 1, 1 << 16, START), because(IActs.PortUnknown.selector, bytes32(uint256(1 << 16))));
        refused(
            devices,
            laneWith(1, 1, PORT, START - 1),
            because(IDevices.CalibrationExpired.selector, TITLE, bytes32(START - 1))
        );
        uint256 never = uint256(1) << 48;
        refused(
            devices, laneWith(1, 1, PORT, never), because(IDevices.CalibrationExpired.selector, TITLE, bytes32(never))
        );
        bytes memory own = abi.encode(1, 1, PORT, START);
        bytes memory nameless = made(devices, DevicesVerbs.REGISTER_LANE, terminal, 0, 0, own);
        refused(devices, nameless, because(IActs.ActMalformed.selector));
    }

    function test_a_calibration_that_ends_this_second_holds_in_it() public {
        done(devices, laneWith(1, 1, PORT, block.timestamp));
    }

    function test_any_member_assigned_at_the_port_registers_a_device_of_any_key_type() public {
        bytes32 key = keccak256("public key of another type");
        done(devices, deviceBy(customs, SCALE, key, DeviceKind.SCALE));
        IDevices.DeviceView memory known = devices.deviceOf(SCALE);
        same(known.owner, customs.id, "owner");
        same(known.key, key, "key");
        same(known.kind, DeviceKind.SCALE, "kind");
        done(devices, deviceBy(terminal, keccak256("scanner"), key, DeviceKind.SCANNER));
        done(devices, deviceBy(terminal, keccak256("gateway"), key, DeviceKind.GATEWAY));
    }

    function test_a_device_is_no_lane_and_of_a_known_kind() public {
        bytes memory act = deviceBy(terminal, SCALE, keccak256("key"), DeviceKind.LANE);
        refused(devices, act, because(IActs.KindUnknown.selector, bytes32(DeviceKind.LANE)));
        act = deviceBy(terminal, SCALE, keccak256("key"), DeviceKind.LAST + 1);
        refused(devices, act, because(IActs.KindUnknown.selector, bytes32(DeviceKind.LAST + 1)));
        act = deviceBy(carrier, SCALE, keccak256("key"), DeviceKind.SCALE);
        bytes memory reason = because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(Role.ALL), carrier.id);
        refused(devices, act, reason);
    }

    // What other contracts ask

    function test_a_device_that_is_no_lane_lets_nothing_out() public {
        done(devices, deviceBy(terminal, SCALE, keyId(0x5ca1e), DeviceKind.SCALE));
        vm.expectRevert(abi.encodeWithSelector(IDevices.DeviceUnknown.selector, SCALE));
        devices.requireLane(SCALE, terminal.id, vm.addr(0x5ca1e), PORT);
    }

    function test_a_logs_origin_is_a_device_in_service_with_its_owner_and_key() public {
        devices.requireOrigin(LANE, terminal.id, vm.addr(LANE_KEY));
        done(devices, deviceBy(terminal, SCALE, keyId(0x5ca1e), DeviceKind.SCALE));
        devices.requireOrigin(SCALE, terminal.id, vm.addr(0x5ca1e));
        vm.expectRevert(abi.encodeWithSelector(IActs.KeyNotValid.selector, terminal.id, keyId(LANE_KEY)));
        devices.requireOrigin(SCALE, terminal.id, vm.addr(LANE_KEY));
        vm.expectRevert(abi.encodeWithSelector(IActs.KeyNotValid.selector, customs.id, keyId(0x5ca1e)));
        devices.requireOrigin(SCALE, customs.id, vm.addr(0x5ca1e));
        vm.expectRevert(abi.encodeWithSelector(IDevices.DeviceUnknown.selector, TITLE));
        devices.requireOrigin(TITLE, terminal.id, vm.addr(LANE_KEY));
        done(devices, made(devices, DevicesVerbs.SUSPEND_DEVICE, terminal, SCALE, 0, abi.encode(uint256(1))));
        vm.expectRevert(
            abi.encodeWithSelector(IDevices.DeviceNotInService.selector, SCALE, DeviceState.SUSPENDED_BY_OWNER)
        );
        devices.requireOrigin(SCALE, terminal.id, vm.addr(0x5ca1e));
    }

    function test_only_releases_moves_a_device_counter() public {
        vm.expectRevert(IDevices.OnlyReleases.selector);
        devices.advance(LANE, 7);
    }

    function test_a_device_counter_fits_64_bits() public {
        vm.prank(address(releases));
        devices.advance(LANE, type(uint64).max - 1);
        uint256 given = uint256(type(uint64).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(IDevices.DeviceCounterBack.selector, LANE, type(uint64).max - 1, given));
        vm.prank(address(releases));
        devices.advance(LANE, given);
    }

    function laneWith(uint256 key, uint256 kind, uint256 port, uint256 until) private returns (bytes memory) {
        bytes memory own = abi.encode(key, kind, port, until);
        return made(devices, DevicesVerbs.REGISTER_LANE, terminal, TITLE, 0, own);
    }

    function deviceBy(Member memory by, bytes32 id, bytes32 key, uint256 kind) private returns (bytes memory) {
        bytes memory own = abi.encode(key, kind, PORT, START + 1);
        return made(devices, DevicesVerbs.REGISTER_DEVICE, by, id, 0, own);
    }
}
