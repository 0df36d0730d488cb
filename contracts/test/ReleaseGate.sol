// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, Direction, OrderState, Outcome, RightState} from "../src/generated/Words.sol";
import {IActs} from "../src/interfaces/IActs.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {Member} from "./Consortium.sol";
import {Delivery} from "./Delivery.sol";
import {Vm} from "./Vm.sol";

/// @dev Every member tries its part at an order, in any order and often out of turn: conditions, holds, the gate with
/// readings of any number, interchanges, misreads, transfers, cancellation, corrections. What must never happen is
/// noted as it happens.
contract ReleaseGate is Delivery {
    mapping(bytes32 box => uint256) public uses;
    mapping(bytes32 box => uint256) public reinstatements;
    mapping(bytes32 report => bytes32) public corrected;
    bool public usedWhileBarred;
    bool public setByAnother;
    bool public readingWentBack;
    bool public correctionOverwritten;
    bool public deadOrderMoved;

    function begin() external {
        setUp();
        withTrucks();
        opened();
    }

    function setCondition(uint256 by, uint256 kind, uint256 met) external {
        Member[3] memory members = [carrier, customs, terminal];
        Member memory setter = members[by % 3];
        // Mostly the member that is named, so that orders do get ready.
        if (by % 4 != 0) setter = members[kind % 3];
        (bool took,) = run(releases, condition(setter, 1 + kind % 3, met % 5 == 0 ? 0 : 1));
        (, bytes32 named,,) = releases.conditionOf(releases.conditionId(ORDER, 1 + kind % 3));
        if (took && named != setter.id) setByAnother = true;
    }

    function passGate(bool out, bool first, uint256 given) external {
        uint256 next = devices.deviceOf(LANE).deviceCounter + 2 - given % 4 % 3;
        seen(out ? ReleasesVerbs.GATE_OUT : ReleasesVerbs.RETURN_EMPTY, first ? BOX : OTHER_BOX, 0, next);
    }

    function handOver(bool first, uint256 direction) external {
        uint256 next = devices.deviceOf(LANE).deviceCounter + 1;
        seen(ReleasesVerbs.RECORD_INTERCHANGE, first ? BOX : OTHER_BOX, 1 + direction % 2, next);
    }

    /// @dev The steps that a container's delivery waits for, so that whole deliveries happen.
    function goOn(bool first, uint256 steps) external {
        bytes32 box = first ? BOX : OTHER_BOX;
        for (uint256 i = 0; i <= steps % 4; i++) {
            IReleases.RightView memory right = rightOf(box);
            uint256 verb = ReleasesVerbs.RECORD_INTERCHANGE;
            if (right.state == RightState.READY) verb = ReleasesVerbs.GATE_OUT;
            else if (right.state == RightState.USED && right.interchanged != 0) verb = ReleasesVerbs.RETURN_EMPTY;
            uint256 direction = right.interchanged == 0 ? Direction.OUT : Direction.IN;
            if (verb == ReleasesVerbs.GATE_OUT) meetAll();
            seen(verb, box, direction, devices.deviceOf(LANE).deviceCounter + 1);
        }
    }

    /// @dev Three legal orders at most; what stands is lifted more often than held.
    function holdOrLift(uint256 lift, uint256 legal) external {
        uint256 verb = lift % 4 == 0 ? ReleasesVerbs.HOLD_ORDER : ReleasesVerbs.LIFT_HOLD;
        run(releases, hold(verb, customs, PORT, keccak256(abi.encode(legal % 3))));
    }

    function sayMisread(bool first, bool confirm, uint256 by) external {
        bytes32 box = first ? BOX : OTHER_BOX;
        Member memory actor = by % 3 == 0 ? carrier : by % 3 == 1 ? terminal : shipper;
        if (by % 4 != 0) actor = confirm ? carrier : terminal;
        bytes memory own = abi.encode(confirm ? rightOf(box).misread : REPORTS);
        uint256 verb = confirm ? ReleasesVerbs.CONFIRM_REINSTATEMENT : ReleasesVerbs.PROPOSE_REINSTATEMENT;
        (bool took,) = run(releases, onRight(verb, actor, box, own));
        if (took && confirm) reinstatements[box]++;
    }

    function passRight(bool accepted, uint256 by) external {
        Member[3] memory members = [shipper, truck, otherTruck];
        if (accepted) run(releases, accept(members[by % 3]));
        else run(releases, transfer(members[by % 3], members[1 + by % 2]));
    }

    function cancel(bool confirm, uint256 by) external {
        // Seldom, or there would be no order left to try.
        if (by % 5 != 0) return;
        run(releases, onOrder(ReleasesVerbs.PROPOSE_CANCELLATION, carrier, abi.encode(by)));
        if (!confirm) return;
        bytes memory own = abi.encode(order().cancellation);
        run(releases, onOrder(ReleasesVerbs.CONFIRM_CANCELLATION, shipper, own));
    }

    function correct(uint256 wrong, uint256 right) external {
        bytes memory own = abi.encode(1 + wrong % 4, 1 + right % 4);
        uint256 counter = devices.deviceOf(LANE).counter;
        run(devices, made(devices, DevicesVerbs.CORRECT_REPORT, terminal, LANE, counter, own));
        for (uint256 i = 1; i <= 4; i++) {
            bytes32 now_ = devices.correctionOf(LANE, bytes32(i));
            if (corrected[bytes32(i)] != 0 && corrected[bytes32(i)] != now_) correctionOverwritten = true;
            corrected[bytes32(i)] = now_;
        }
    }

    function order() public view returns (IReleases.OrderView memory) {
        return releases.orderOf(ORDER);
    }

    function rights() external view returns (IReleases.RightView memory first, IReleases.RightView memory second) {
        return (rightOf(BOX), rightOf(OTHER_BOX));
    }

    function titleState() external view returns (uint256) {
        return titles.titleOf(TITLE).state;
    }

    function tiesOfTerminal() external view returns (uint256) {
        return releases.tiesOf(numberOf(terminal));
    }

    /// @dev More uses of a container's right than its reinstatements allow.
    function releasedTwice() external view returns (bool) {
        return uses[BOX] > 1 + reinstatements[BOX] || uses[OTHER_BOX] > 1 + reinstatements[OTHER_BOX];
    }

    function meetAll() private {
        run(releases, condition(carrier, ConditionKind.FREIGHT, 1));
        run(releases, condition(customs, ConditionKind.CUSTOMS, 1));
        run(releases, condition(terminal, ConditionKind.TERMINAL, 1));
    }

    function seen(uint256 verb, bytes32 box, uint256 direction, uint256 counter) private {
        uint256 before = devices.deviceOf(LANE).deviceCounter;
        IReleases.OrderView memory was = order();
        bytes memory act = verb == ReleasesVerbs.RECORD_INTERCHANGE
            ? interchangeOf(box, direction, terminal, LANE, LANE_KEY, counter)
            : passageOf(verb, box, terminal, LANE, LANE_KEY, counter);
        (bool took, uint256 outcome) = run(releases, act);
        uint256 now_ = devices.deviceOf(LANE).deviceCounter;
        if (took ? now_ <= before : now_ != before) readingWentBack = true;
        if (!took || outcome != Outcome.DONE) return;
        if (was.state != OrderState.OPEN) deadOrderMoved = true;
        if (verb != ReleasesVerbs.GATE_OUT) return;
        uses[box]++;
        if (was.open != 0 || was.holds != 0) usedWhileBarred = true;
    }

    function run(IActs target, bytes memory act) private returns (bool took, uint256 outcome) {
        Vm.Log[] memory logs = relay(target, framed(act));
        took = logs[0].topics[0] == IActs.Acted.selector;
        if (took) (,, outcome,) = told(logs[0]);
    }
}
