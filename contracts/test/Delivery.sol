// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleasesVerbs} from "../src/generated/Verbs.sol";
import {ConditionKind} from "../src/generated/Words.sol";
import {Consortium, Member} from "./Consortium.sol";

/// @dev A delivery order with three conditions and two containers, and a lane at its terminal.
abstract contract Delivery is Consortium {
    bytes32 internal constant ORDER = keccak256("order");
    bytes32 internal constant BOX = keccak256("container");
    bytes32 internal constant OTHER_BOX = keccak256("other container");
    bytes32 internal constant LANE = keccak256("lane");
    uint256 internal constant LANE_KEY = 0x1a7e;

    uint256 internal reading; // the lane's last device counter

    function setUp() public virtual override {
        super.setUp();
        done(devices, lane(LANE, LANE_KEY, PORT));
    }

    function opening(bytes32 order, bytes memory kinds, bytes memory members, bytes memory boxes)
        internal
        returns (bytes memory)
    {
        bytes memory own = bytes.concat(abi.encode(TITLE, keccak256("D/O"), terminal.id), kinds, members, boxes);
        return made(releases, ReleasesVerbs.OPEN_ORDER, carrier, order, 0, own);
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

    function ready() internal {
        opened();
        done(releases, condition(carrier, ConditionKind.FREIGHT, 1));
        done(releases, condition(customs, ConditionKind.CUSTOMS, 1));
        done(releases, condition(terminal, ConditionKind.TERMINAL, 1));
    }

    /// @dev A lane act of the lane's next reading.
    function passage(uint256 verb, bytes32 box) internal returns (bytes memory) {
        return passageOf(verb, box, terminal, LANE, LANE_KEY, ++reading);
    }

    function passageOf(uint256 verb, bytes32 box, Member memory by, bytes32 at_, uint256 key, uint256 counter)
        internal
        returns (bytes memory)
    {
        bytes32 right = releases.rightId(ORDER, box);
        (, uint256 rights) = releases.rightOf(right);
        bytes memory own = abi.encode(ORDER, box, at_, counter, block.timestamp, keccak256("reports"));
        return signed(releases, verb, by, key, right, rights, own);
    }

    function stateOf(bytes32 box) internal view returns (uint256 state) {
        (state,) = releases.rightOf(releases.rightId(ORDER, box));
    }
}
