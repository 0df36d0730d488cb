// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {DeviceState, Direction} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IDevices} from "../src/interfaces/IDevices.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev Two acts of one lane and one device counter take the lane out of service.
contract DevicesProofTest is Delivery {
    function setUp() public override {
        super.setUp();
        ready();
    }

    function test_two_acts_of_one_counter_take_the_lane_out_of_service_whoever_shows_them() public {
        bytes memory first = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory second = passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 5);
        done(releases, first);
        proved(bank, first, second);
        same(devices.deviceOf(LANE).state, DeviceState.EQUIVOCATED, "state");
        bytes memory act = passage(ReleasesVerbs.GATE_OUT, OTHER_BOX);
        bytes32 state = bytes32(DeviceState.EQUIVOCATED);
        refused(releases, act, because(IDevices.DeviceNotInService.selector, LANE, state));
    }

    function test_the_two_acts_may_be_of_different_verbs() public {
        bytes memory first = passageOf(ReleasesVerbs.RETURN_EMPTY, BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory second = interchangeOf(BOX, Direction.OUT, terminal, LANE, LANE_KEY, 5);
        proved(bank, first, second);
        same(devices.deviceOf(LANE).state, DeviceState.EQUIVOCATED, "state");
    }

    function test_a_lane_that_equivocated_never_comes_back() public {
        equivocated();
        bytes memory reason = because(IActs.WrongState.selector, LANE, bytes32(DeviceState.EQUIVOCATED));
        bytes memory act = made(devices, DevicesVerbs.RESUME_DEVICE, terminal, LANE, 0, abi.encode(uint256(1)));
        refused(devices, act, reason);
        act = made(devices, DevicesVerbs.RESUME_DEVICE, customs, LANE, 0, abi.encode(uint256(1)));
        refused(devices, act, reason);
        act = made(devices, DevicesVerbs.SUSPEND_DEVICE, customs, LANE, 0, abi.encode(uint256(1)));
        refused(devices, act, reason);
        act = made(devices, DevicesVerbs.CALIBRATE, terminal, LANE, 2, abi.encode(START + 1, uint256(1)));
        refused(devices, act, reason);
        bytes memory first = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 6);
        bytes memory second = passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 6);
        refused(devices, proof(bank, first, second), reason);
    }

    function test_a_suspended_lane_is_proved_to_equivocate_too() public {
        done(devices, made(devices, DevicesVerbs.SUSPEND_DEVICE, terminal, LANE, 0, abi.encode(uint256(1))));
        equivocated();
    }

    function test_one_act_twice_is_no_equivocation() public {
        bytes memory act = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        refusedProof(act, act);
    }

    function test_two_counters_are_no_equivocation() public {
        refusedProof(
            passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5),
            passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 6)
        );
    }

    function test_acts_of_another_lane_or_another_key_are_no_equivocation() public {
        bytes memory good = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        refusedProof(good, passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, TITLE, LANE_KEY, 5));
        refusedProof(good, passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, terminal.key, 5));
        refusedProof(passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, terminal.key, 5), good);
    }

    function test_acts_that_no_lane_makes_are_no_equivocation() public {
        bytes memory good = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory own = abi.encode(LANE, uint256(1), LANE);
        refusedProof(good, signed(releases, ReleasesVerbs.SET_CONDITION, terminal, LANE_KEY, LANE, 0, own));
    }

    function test_the_attached_acts_are_the_ones_that_the_signed_act_names() public {
        bytes memory first = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory second = passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory named = naming(bank, first, second);
        bytes memory reason = notProved(first, second);
        refused(devices, bytes.concat(named, framed(second), framed(first)), reason);
        refused(devices, bytes.concat(named, framed(first), framed(first)), reason);
        bytes memory third = passageOf(ReleasesVerbs.RETURN_EMPTY, BOX, terminal, LANE, LANE_KEY, 5);
        refused(devices, bytes.concat(named, framed(first), framed(third)), reason);
        relay(devices, framed(bytes.concat(named, framed(first), framed(second))));
        same(devices.deviceOf(LANE).state, DeviceState.EQUIVOCATED, "state");
    }

    function test_what_is_attached_is_two_framed_acts_of_releases_and_nothing_else() public {
        bytes memory first = passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory second = passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 5);
        bytes memory named = naming(bank, first, second);
        bytes memory malformed = because(IActs.ActMalformed.selector);
        refused(devices, named, malformed);
        refused(devices, bytes.concat(named, hex"00"), malformed);
        refused(devices, bytes.concat(named, framed(first)), malformed);
        refused(devices, bytes.concat(named, framed(first), hex"ffff", second), malformed);
        refused(devices, bytes.concat(named, framed(first), framed(second), hex"00"), malformed);
        refused(devices, bytes.concat(named, framed(first), framed("")), malformed);
        bytes memory foreign = lane(TITLE, LANE_KEY, PORT);
        bytes32 verb = bytes32(DevicesVerbs.REGISTER_LANE);
        refused(devices, bytes.concat(named, framed(first), framed(foreign)), because(IActs.VerbUnknown.selector, verb));
    }

    function test_an_unknown_lane_is_proved_nothing() public {
        bytes memory act = made(devices, DevicesVerbs.PROVE_EQUIVOCATION, bank, TITLE, 0, abi.encode(LANE, TITLE));
        refused(devices, act, because(IDevices.DeviceUnknown.selector, TITLE));
    }

    function equivocated() private {
        proved(
            bank,
            passageOf(ReleasesVerbs.GATE_OUT, BOX, terminal, LANE, LANE_KEY, 5),
            passageOf(ReleasesVerbs.GATE_OUT, OTHER_BOX, terminal, LANE, LANE_KEY, 5)
        );
    }

    function proved(Member memory by, bytes memory first, bytes memory second) private {
        Vm.Log[] memory logs = relay(devices, framed(proof(by, first, second)));
        same(logs.length, 1, "events");
        same(logs[0].topics[0], IActs.Acted.selector, "event");
        same(logs[0].topics[1], LANE, "object");
    }

    function refusedProof(bytes memory first, bytes memory second) private {
        refused(devices, proof(bank, first, second), notProved(first, second));
    }

    function notProved(bytes memory first, bytes memory second) private view returns (bytes memory) {
        return because(IDevices.NotAnEquivocation.selector, LANE, releases.digestOf(first), releases.digestOf(second));
    }

    function proof(Member memory by, bytes memory first, bytes memory second) private returns (bytes memory) {
        return bytes.concat(naming(by, first, second), framed(first), framed(second));
    }

    function naming(Member memory by, bytes memory first, bytes memory second) private returns (bytes memory) {
        bytes memory own = abi.encode(releases.digestOf(first), releases.digestOf(second));
        return made(devices, DevicesVerbs.PROVE_EQUIVOCATION, by, LANE, 0, own);
    }
}
