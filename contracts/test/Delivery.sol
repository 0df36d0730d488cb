// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevicesVerbs, MembershipVerbs, ReleasesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind, DeviceKind, Direction, OrderState, Role} from "../src/generated/Words.sol";
import {IReleases} from "../src/interfaces/IReleases.sol";
import {Consortium, Member} from "./Consortium.sol";
import {Vm} from "./Vm.sol";

/// @dev A delivery order with three conditions and two containers, a lane at its terminal, a depot and a truck company.
abstract contract Delivery is Consortium {
    bytes32 internal constant ORDER = keccak256("order");
    bytes32 internal constant BOX = keccak256("container");
    bytes32 internal constant OTHER_BOX = keccak256("other container");
    bytes32 internal constant LANE = keccak256("lane");
    bytes32 internal constant REPORTS = keccak256("reports");
    bytes32 internal constant LEGAL_ORDER = keccak256("order of a court");
    uint256 internal constant LANE_KEY = 0x1a7e;
    uint256 internal constant LOADING = 6;

    Member internal depot = Member(keccak256("depot"), 0xb1);
    Member internal truck = Member(keccak256("truck"), 0xb2);
    Member internal otherTruck = Member(keccak256("other truck"), 0xb3);
    Member internal inspector = Member(keccak256("inspector"), 0xb4);

    uint256 internal reading; // the lanes' last device counter

    function setUp() public virtual override {
        super.setUp();
        done(devices, lane(LANE, LANE_KEY, PORT));
    }

    // Members and lanes that some stories need

    function withDepot() internal {
        _admit(depot, Role.DEPOT);
        _assign(PORT, Role.DEPOT, depot);
        done(devices, laneBy(depot, keccak256("depot lane"), 0xde, PORT));
    }

    function withTrucks() internal {
        _admit(truck, Role.TRUCK);
        _admit(otherTruck, Role.TRUCK);
    }

    function withInspector(uint256 port) internal {
        _admit(inspector, Role.INSPECTION);
        _assign(port, Role.INSPECTION, inspector);
    }

    function laneBy(Member memory by, bytes32 id, uint256 key, uint256 port) internal returns (bytes memory) {
        bytes memory own = abi.encode(vm.addr(key), DeviceKind.LANE, port, block.timestamp + 365 days);
        return made(devices, DevicesVerbs.REGISTER_LANE, by, id, 0, own);
    }

    function _unassign(uint256 port, uint256 role, Member memory member) internal {
        uint256 counter = membership.assignmentCounter(port, role);
        bytes memory own = abi.encode(port, role, member.id, 0);
        carried(MembershipVerbs.ASSIGN_AUTHORITY, assignmentId(port, role), counter, own);
    }

    // Orders

    function opening(bytes32 order, bytes memory kinds, bytes memory members, bytes memory boxes)
        internal
        returns (bytes memory)
    {
        return openingBy(carrier, order, kinds, members, boxes);
    }

    function openingBy(Member memory by, bytes32 order, bytes memory kinds, bytes memory members, bytes memory boxes)
        internal
        returns (bytes memory)
    {
        bytes memory own = bytes.concat(abi.encode(TITLE, keccak256("D/O"), terminal.id), kinds, members, boxes);
        return made(releases, ReleasesVerbs.OPEN_ORDER, by, order, 0, own);
    }

    function threeKinds() internal pure returns (bytes memory) {
        return array(bytes32(ConditionKind.FREIGHT), bytes32(ConditionKind.CUSTOMS), bytes32(ConditionKind.TERMINAL));
    }

    function theirMembers() internal view returns (bytes memory) {
        return array(carrier.id, customs.id, terminal.id);
    }

    function opened() internal {
        surrendered();
        done(releases, opening(ORDER, threeKinds(), theirMembers(), array(BOX, OTHER_BOX)));
    }

    function condition(Member memory by, uint256 kind, uint256 met) internal returns (bytes memory) {
        bytes32 id = releases.conditionId(ORDER, kind);
        (,,, uint256 counter) = releases.conditionOf(id);
        bytes memory own = abi.encode(ORDER, met, keccak256("record"));
        return made(releases, ReleasesVerbs.SET_CONDITION, by, id, counter, own);
    }

    function allMet() internal {
        done(releases, condition(carrier, ConditionKind.FREIGHT, 1));
        done(releases, condition(customs, ConditionKind.CUSTOMS, 1));
        done(releases, condition(terminal, ConditionKind.TERMINAL, 1));
    }

    function ready() internal {
        opened();
        allMet();
    }

    /// @dev An act on ORDER itself, at its present counter.
    function onOrder(uint256 verb, Member memory by, bytes memory own) internal returns (bytes memory) {
        return made(releases, verb, by, ORDER, releases.orderOf(ORDER).counter, own);
    }

    function hold(uint256 verb, Member memory by, uint256 port, bytes32 legal) internal returns (bytes memory) {
        return made(releases, verb, by, ORDER, 0, abi.encode(port, legal));
    }

    // Rights

    /// @dev An act on a pickup right, at its present counter.
    function onRight(uint256 verb, Member memory by, bytes32 box, bytes memory own) internal returns (bytes memory) {
        bytes32 right = releases.rightId(ORDER, box);
        return made(releases, verb, by, right, releases.rightOf(right).counter, own);
    }

    function transfer(Member memory by, Member memory to) internal returns (bytes memory) {
        bytes memory own = abi.encode(to.id, block.timestamp + 1 days);
        return onRight(ReleasesVerbs.TRANSFER_RIGHT, by, BOX, own);
    }

    function accept(Member memory by) internal returns (bytes memory) {
        return onRight(ReleasesVerbs.ACCEPT_RIGHT, by, BOX, abi.encode(rightOf(BOX).offer));
    }

    // Lane acts

    /// @dev A lane act of the terminal's lane and its next reading.
    function passage(uint256 verb, bytes32 box) internal returns (bytes memory) {
        return passageOf(verb, box, terminal, LANE, LANE_KEY, ++reading);
    }

    function passageOf(uint256 verb, bytes32 box, Member memory by, bytes32 at_, uint256 key, uint256 counter)
        internal
        returns (bytes memory)
    {
        bytes32 right = releases.rightId(ORDER, box);
        bytes memory own = abi.encode(ORDER, box, at_, counter, block.timestamp, REPORTS);
        return signed(releases, verb, by, key, right, releases.rightOf(right).counter, own);
    }

    function interchange(bytes32 box, uint256 direction) internal returns (bytes memory) {
        return interchangeOf(box, direction, terminal, LANE, LANE_KEY, ++reading);
    }

    function interchangeOf(bytes32 box, uint256 direction, Member memory by, bytes32 at_, uint256 key, uint256 counter)
        internal
        returns (bytes memory)
    {
        bytes32 right = releases.rightId(ORDER, box);
        bytes memory own = abi.encode(ORDER, box, at_, counter, block.timestamp, direction, keccak256("damage record"));
        uint256 verb = ReleasesVerbs.RECORD_INTERCHANGE;
        return signed(releases, verb, by, key, right, releases.rightOf(right).counter, own);
    }

    function gone(bytes32 box) internal {
        done(releases, passage(ReleasesVerbs.GATE_OUT, box));
        done(releases, interchange(box, Direction.OUT));
    }

    /// @dev Returns what the last of the container's acts left.
    function back(bytes32 box) internal returns (Vm.Log[] memory logs) {
        done(releases, passage(ReleasesVerbs.RETURN_EMPTY, box));
        return done(releases, interchange(box, Direction.IN));
    }

    function rightOf(bytes32 box) internal view returns (IReleases.RightView memory) {
        return releases.rightOf(releases.rightId(ORDER, box));
    }

    function stateOf(bytes32 box) internal view returns (uint256 state) {
        return rightOf(box).state;
    }

    function numberOf(Member memory member) internal view returns (uint256 number) {
        (number,,,,,) = membership.memberOf(member.id);
    }

    function isOpen() internal view returns (bool) {
        return releases.orderOf(ORDER).state == OrderState.OPEN;
    }
}
