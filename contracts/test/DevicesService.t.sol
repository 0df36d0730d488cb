// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, MembershipVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {DeviceState, Role} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";

/// @dev Devices are calibrated, suspended, resumed, and their reports corrected.
contract DevicesServiceTest is Delivery {
    uint256 private constant AUTHORITIES = Role.CUSTOMS | Role.REGULATOR | Role.INSPECTION | Role.QUARANTINE;
    bytes32 private constant FIRST = keccak256("first reports");
    bytes32 private constant SECOND = keccak256("second reports");

    // Calibration

    function test_the_owner_records_a_calibration_and_the_lane_works_again() public {
        ready();
        vm.warp(devices.deviceOf(LANE).calibratedUntil + 1);
        done(devices, calibration(terminal, block.timestamp + 30 days));
        same(devices.deviceOf(LANE).calibratedUntil, block.timestamp + 30 days, "calibration");
        same(devices.deviceOf(LANE).counter, 2, "counter");
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_nobody_else_calibrates_and_never_into_the_past() public {
        bytes memory act = calibration(customs, START + 1);
        refused(devices, act, because(IDevices.NotTheOwner.selector, LANE, customs.id, terminal.id));
        act = calibration(terminal, START - 1);
        refused(devices, act, because(IDevices.CalibrationExpired.selector, LANE, bytes32(START - 1)));
        bytes memory own = abi.encode(START + 1, bytes32(0));
        act = made(devices, DevicesVerbs.CALIBRATE, terminal, LANE, 0, own);
        refused(devices, act, because(IActs.StaleCounter.selector, LANE, bytes32(uint256(1)), 0));
        act = made(devices, DevicesVerbs.CALIBRATE, terminal, TITLE, 0, own);
        refused(devices, act, because(IDevices.DeviceUnknown.selector, TITLE));
    }

    function test_another_company_calibrates_under_the_owners_delegation() public {
        bytes memory own = abi.encode(bank.id, 1 << DevicesVerbs.CALIBRATE, LANE, block.timestamp + 30 days);
        bytes memory given = made(membership, MembershipVerbs.DELEGATE, terminal, terminal.id, 1, own);
        done(membership, given);
        delegation = membership.digestOf(given);
        own = abi.encode(START + 5, keccak256("certificate"));
        done(devices, signed(devices, DevicesVerbs.CALIBRATE, terminal, bank.key, LANE, 1, own));
        same(devices.deviceOf(LANE).calibratedUntil, START + 5, "calibration");
    }

    // Suspension

    function test_the_owner_suspends_and_resumes() public {
        ready();
        done(devices, suspension(terminal, FIRST));
        same(devices.deviceOf(LANE).state, DeviceState.SUSPENDED_BY_OWNER, "state");
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, BOX);
        bytes32 state = bytes32(DeviceState.SUSPENDED_BY_OWNER);
        refused(releases, act, because(IDevices.DeviceNotInService.selector, LANE, state));
        done(devices, resumption(terminal, FIRST));
        same(devices.deviceOf(LANE).state, DeviceState.IN_SERVICE, "state after");
        same(devices.deviceOf(LANE).counter, 3, "counter");
        done(releases, passage(ReleasesVerbs.GATE_OUT, BOX));
    }

    function test_what_an_authority_suspended_an_authority_resumes() public {
        withInspector(PORT);
        done(devices, suspension(customs, FIRST));
        same(devices.deviceOf(LANE).state, DeviceState.SUSPENDED_BY_AUTHORITY, "state");
        refused(devices, resumption(terminal, FIRST), because(IDevices.OwnerMayNotResume.selector, LANE));
        refused(devices, resumption(carrier, FIRST), notAssigned(carrier));
        done(devices, resumption(inspector, FIRST));
        same(devices.deviceOf(LANE).state, DeviceState.IN_SERVICE, "state after");
    }

    function test_what_the_owner_suspended_the_owner_resumes() public {
        done(devices, suspension(terminal, FIRST));
        bytes memory act = resumption(customs, FIRST);
        refused(devices, act, because(IDevices.NotTheOwner.selector, LANE, customs.id, terminal.id));
    }

    function test_an_authority_takes_over_the_owners_suspension() public {
        done(devices, suspension(terminal, FIRST));
        done(devices, suspension(customs, SECOND));
        same(devices.deviceOf(LANE).state, DeviceState.SUSPENDED_BY_AUTHORITY, "state");
        refused(devices, resumption(terminal, FIRST), because(IDevices.OwnerMayNotResume.selector, LANE));
    }

    function test_only_the_owner_or_an_authority_at_the_port_suspends() public {
        refused(devices, suspension(carrier, FIRST), notAssigned(carrier));
        _unassign(PORT, Role.CUSTOMS, customs);
        refused(devices, suspension(customs, FIRST), notAssigned(customs));
    }

    function test_a_suspended_device_is_not_suspended_and_a_working_one_not_resumed() public {
        bytes memory act = resumption(terminal, FIRST);
        refused(devices, act, because(IActs.WrongState.selector, LANE, bytes32(DeviceState.IN_SERVICE)));
        done(devices, suspension(terminal, FIRST));
        act = suspension(terminal, SECOND);
        refused(devices, act, because(IActs.WrongState.selector, LANE, bytes32(DeviceState.SUSPENDED_BY_OWNER)));
        done(devices, suspension(customs, SECOND));
        bytes memory reason = because(IActs.WrongState.selector, LANE, bytes32(DeviceState.SUSPENDED_BY_AUTHORITY));
        refused(devices, suspension(terminal, keccak256("third")), reason);
        refused(devices, suspension(customs, keccak256("third")), reason);
    }

    function test_a_hash_suspends_and_resumes_a_device_once() public {
        bytes memory suspend = suspension(customs, FIRST);
        bytes memory resume = resumption(customs, FIRST);
        done(devices, suspend);
        done(devices, resume);
        bytes memory reason = because(IDevices.ReasonUsed.selector, LANE, FIRST);
        refused(devices, suspend, reason);
        done(devices, suspension(customs, SECOND));
        refused(devices, resume, reason);
    }

    function test_a_suspension_needs_no_counter_so_that_no_owner_can_keep_it_out() public {
        bytes memory act = suspension(customs, FIRST);
        done(devices, calibration(terminal, START + 1));
        done(devices, calibration(terminal, START + 2));
        done(devices, act);
    }

    // Corrections

    function test_a_report_is_corrected_by_a_new_one_that_names_it() public {
        done(devices, correction(terminal, FIRST, SECOND));
        same(devices.correctionOf(LANE, FIRST), SECOND, "correction");
        same(devices.correctionOf(LANE, SECOND), 0, "the new one");
        done(devices, correction(terminal, SECOND, keccak256("third reports")));
    }

    function test_corrections_never_overwrite_and_lead_in_no_circle() public {
        done(devices, correction(terminal, FIRST, SECOND));
        bytes memory reason = because(IDevices.ReportCorrected.selector, LANE, FIRST, SECOND);
        refused(devices, correction(terminal, FIRST, keccak256("third reports")), reason);
        refused(devices, correction(terminal, SECOND, FIRST), reason);
        bytes memory malformed = because(IDevices.CorrectionMalformed.selector, LANE);
        refused(devices, correction(terminal, SECOND, SECOND), malformed);
        refused(devices, correction(terminal, 0, SECOND), malformed);
        refused(devices, correction(terminal, SECOND, 0), malformed);
    }

    function test_only_the_owner_corrects_naming_the_devices_counter() public {
        bytes memory act = correction(customs, FIRST, SECOND);
        refused(devices, act, because(IDevices.NotTheOwner.selector, LANE, customs.id, terminal.id));
        act = made(devices, DevicesVerbs.CORRECT_REPORT, terminal, LANE, 0, abi.encode(FIRST, SECOND));
        refused(devices, act, because(IActs.StaleCounter.selector, LANE, bytes32(uint256(1)), 0));
    }

    function calibration(Member memory by, uint256 until) private returns (bytes memory) {
        bytes memory own = abi.encode(until, keccak256("certificate"));
        return made(devices, DevicesVerbs.CALIBRATE, by, LANE, devices.deviceOf(LANE).counter, own);
    }

    function suspension(Member memory by, bytes32 reports) private returns (bytes memory) {
        return made(devices, DevicesVerbs.SUSPEND_DEVICE, by, LANE, 0, abi.encode(reports));
    }

    function resumption(Member memory by, bytes32 reason) private returns (bytes memory) {
        return made(devices, DevicesVerbs.RESUME_DEVICE, by, LANE, 0, abi.encode(reason));
    }

    function correction(Member memory by, bytes32 wrong, bytes32 right) private returns (bytes memory) {
        uint256 counter = devices.deviceOf(LANE).counter;
        return made(devices, DevicesVerbs.CORRECT_REPORT, by, LANE, counter, abi.encode(wrong, right));
    }

    function notAssigned(Member memory member) private pure returns (bytes memory) {
        return because(IActs.NotAssigned.selector, bytes32(PORT), bytes32(AUTHORITIES), member.id);
    }
}
