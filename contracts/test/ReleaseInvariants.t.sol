// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesVerbs} from "../src/generated/Verbs.sol";
import {OrderState, Outcome, RightState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev Members set conditions and the lane sees containers, in any order, with readings of any number.
contract Gate is Delivery {
    mapping(bytes32 box => uint256) public uses;
    bool public usedWhileOpen;
    bool public setByAnother;
    bool public readingWentBack;

    function begin() external {
        setUp();
        opened();
    }

    function setCondition(uint256 by, uint256 kind, uint256 met) external {
        Member[3] memory members = [carrier, customs, terminal];
        Member memory setter = members[by % 3];
        // Mostly the member that is named, so that orders do get ready.
        if (by % 4 != 0) setter = members[kind % 3];
        (bool took,) = run(condition(setter, 1 + kind % 3, met % 5 == 0 ? 0 : 1));
        (, bytes32 named,,) = releases.conditionOf(releases.conditionId(ORDER, 1 + kind % 3));
        if (took && named != setter.id) setByAnother = true;
    }

    function passGate(bool out, bool first, uint256 given) external {
        uint256 before = devices.laneOf(LANE).deviceCounter;
        uint256 open = releases.orderOf(ORDER).open;
        bytes32 box = first ? BOX : OTHER_BOX;
        uint256 verb = out ? ReleasesVerbs.GATE_OUT : ReleasesVerbs.RETURN_EMPTY;
        uint256 next = before + 2 - given % 4 % 3;
        (bool took, uint256 outcome) = run(passageOf(verb, box, terminal, LANE, LANE_KEY, next));
        if (took && out && outcome == Outcome.DONE) {
            uses[box]++;
            if (open != 0) usedWhileOpen = true;
        }
        uint256 now_ = devices.laneOf(LANE).deviceCounter;
        if (took ? now_ <= before : now_ != before) readingWentBack = true;
    }

    function order() external view returns (IReleases.OrderView memory) {
        return releases.orderOf(ORDER);
    }

    function states() external view returns (uint256 first, uint256 second) {
        return (stateOf(BOX), stateOf(OTHER_BOX));
    }

    function mostUses() external view returns (uint256) {
        return uses[BOX] > uses[OTHER_BOX] ? uses[BOX] : uses[OTHER_BOX];
    }

    function run(bytes memory act) private returns (bool took, uint256 outcome) {
        Vm.Log[] memory logs = relay(releases, framed(act));
        took = logs[0].topics[0] == IActs.Acted.selector;
        if (took) (,, outcome,,) = abi.decode(logs[0].data, (uint256, uint256, uint256, address, bytes));
    }
}

/// @dev The sentences on Releases and Devices, held against the gate.
contract ReleaseInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Gate private _gate;

    function setUp() public {
        _gate = new Gate();
        _gate.begin();
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = Gate.setCondition.selector;
        selectors[1] = Gate.passGate.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_gate), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_gate);
    }

    function invariant_a_pickup_right_is_used_once_and_not_while_a_condition_is_open() public view {
        assert(_gate.mostUses() <= 1);
        assert(!_gate.usedWhileOpen());
    }

    function invariant_only_the_member_named_for_a_condition_sets_it() public view {
        assert(!_gate.setByAnother());
    }

    function invariant_a_lanes_device_counter_never_goes_back() public view {
        assert(!_gate.readingWentBack());
    }

    function invariant_the_order_closes_exactly_when_every_container_is_back() public view {
        (uint256 first, uint256 second) = _gate.states();
        bool back = first == RightState.RETURNED && second == RightState.RETURNED;
        assert((_gate.order().state == OrderState.CLOSED) == back);
    }
}
