// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {OrderState, Outcome} from "../src/generated/Words.sol";
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
    uint256 public releasesDone;

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
        uint256 before = devices.deviceOf(LANE).deviceCounter;
        IReleases.OrderView memory order_ = order();
        bytes32 box = first ? BOX : OTHER_BOX;
        uint256 verb = out ? ReleasesVerbs.GATE_OUT : ReleasesVerbs.RETURN_EMPTY;
        uint256 next = before + 2 - given % 4 % 3;
        (bool took, uint256 outcome) = run(releases, passageOf(verb, box, terminal, LANE, LANE_KEY, next));
        watchReading(took, before);
        if (!took || outcome != Outcome.DONE) return;
        if (order_.state != OrderState.OPEN) deadOrderMoved = true;
        if (!out) return;
        uses[box]++;
        releasesDone++;
        if (order_.open != 0 || order_.holds != 0) usedWhileBarred = true;
    }

    function handOver(bool first, uint256 direction) external {
        uint256 before = devices.deviceOf(LANE).deviceCounter;
        bytes32 box = first ? BOX : OTHER_BOX;
        (bool took, uint256 outcome) =
            run(releases, interchangeOf(box, 1 + direction % 2, terminal, LANE, LANE_KEY, before + 1));
        watchReading(took, before);
        if (took && outcome == Outcome.DONE && order().state == OrderState.CANCELLED) deadOrderMoved = true;
    }

    function holdOrLift(bool lift, uint256 legal) external {
        uint256 verb = lift ? ReleasesVerbs.LIFT_HOLD : ReleasesVerbs.HOLD_ORDER;
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
        uint256 verb = confirm ? ReleasesVerbs.CONFIRM_CANCELLATION : ReleasesVerbs.PROPOSE_CANCELLATION;
        run(releases, onOrder(verb, confirm ? shipper : carrier, abi.encode(order().cancellation)));
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

    function watchReading(bool took, uint256 before) private {
        uint256 now_ = devices.deviceOf(LANE).deviceCounter;
        if (took ? now_ <= before : now_ != before) readingWentBack = true;
    }

    function run(IActs target, bytes memory act) private returns (bool took, uint256 outcome) {
        Vm.Log[] memory logs = relay(target, framed(act));
        took = logs[0].topics[0] == IActs.Acted.selector;
        if (took) (,, outcome,,) = abi.decode(logs[0].data, (uint256, uint256, uint256, address, bytes));
    }
}
