// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {Delivery} from "./Delivery.sol";

/// @dev Lanes and who registers them.
contract DevicesTest is Delivery {
    function test_a_terminal_registers_a_lane() public view {
        IDevices.LaneView memory known = devices.laneOf(LANE);
        same(known.owner, terminal.id, "owner");
        holds(known.key == vm.addr(LANE_KEY), "key");
        same(known.port, PORT, "port");
        same(known.counter, 1, "counter");
        same(known.calibratedUntil, START + 365 days, "calibration");
        holds(known.inService, "in service");
        same(devices.laneOf(TITLE).owner, 0, "unknown");
    }

    function test_a_lane_is_registered_once() public {
        refused(devices, lane(LANE, 0x99, PORT), because(IDevices.LaneExists.selector, LANE));
    }

    function test_only_a_terminal_assigned_at_the_port_registers() public {
        bytes memory own = abi.encode(address(1), 1, PORT, START + 1);
        bytes memory act = made(devices, DevicesVerbs.REGISTER_LANE, carrier, TITLE, 0, own);
        refused(devices, act, because(IActs.RoleMissing.selector, carrier.id, bytes32(Role.TERMINAL)));
        refused(
            devices,
            lane(TITLE, 0x99, 8),
            because(IActs.NotAssigned.selector, bytes32(uint256(8)), bytes32(Role.TERMINAL), terminal.id)
        );
    }

    function test_a_lane_with_no_key_no_kind_no_port_or_no_calibration_is_refused() public {
        refused(devices, laneOf(0, 1, PORT, START), because(IActs.ActMalformed.selector));
        refused(devices, laneOf(1 << 160, 1, PORT, START), because(IActs.ActMalformed.selector));
        refused(devices, laneOf(1, 2, PORT, START), because(IActs.KindUnknown.selector, bytes32(uint256(2))));
        refused(devices, laneOf(1, 1, 0, START), because(IActs.PortUnknown.selector, 0));
        refused(
            devices,
            laneOf(1, 1, PORT, START - 1),
            because(IDevices.CalibrationExpired.selector, TITLE, bytes32(START - 1))
        );
    }

    function test_a_lane_out_of_service_is_refused() public {
        ready();
        // Suspension is not built: this clears the flag where the contract keeps it.
        for (uint256 slot = 0; slot < 4; slot++) {
            bytes32 at_ = keccak256(abi.encode(LANE, slot));
            uint256 word = uint256(vm.load(address(devices), at_));
            if (word != 0) vm.store(address(devices), at_, bytes32(word & ~(uint256(0xff) << 192)));
        }
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        refused(releases, act, because(IDevices.LaneNotInService.selector, LANE));
    }

    function test_only_releases_moves_a_device_counter() public {
        vm.expectRevert(IDevices.OnlyReleases.selector);
        devices.advance(LANE, 7);
    }

    function laneOf(uint256 key, uint256 kind, uint256 port, uint256 until) private returns (bytes memory) {
        bytes memory own = abi.encode(key, kind, port, until);
        return made(devices, DevicesVerbs.REGISTER_LANE, terminal, TITLE, 0, own);
    }
}
