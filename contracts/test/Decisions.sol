// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MembershipVerbs} from "../src/generated/Verbs.sol";
import {Outcome} from "../src/generated/Words.sol";
import {Consortium, Member} from "./Consortium.sol";

/// @dev What the council decides about members, and what members do on their own records.
abstract contract Decisions is Consortium {
    bytes32 internal constant COUNCIL = keccak256("council");
    bytes32 internal constant RULES = keccak256("rulebook");
    bytes32 internal constant REASON = keccak256("reason");

    /// @dev Seat `i`'s assent to a motion about a member.
    function motion(uint256 i, uint256 verb, bytes32 member, bytes memory own) internal returns (bytes memory) {
        return made(membership, verb, seat(i), member, 0, own);
    }

    function suspend(bytes32 member) internal {
        carried(MembershipVerbs.SUSPEND_MEMBER, member, 0, abi.encode(REASON));
    }

    function exit(bytes32 member) internal {
        carried(MembershipVerbs.EXIT_MEMBER, member, 0, abi.encode(REASON));
    }

    function giveRoles(bytes32 member, uint256 roles) internal {
        carried(MembershipVerbs.CHANGE_ROLES, member, 0, abi.encode(roles, keccak256(abi.encode(roles))));
    }

    function nameSuccessor(bytes32 member, bytes32 successor) internal {
        carried(MembershipVerbs.NAME_SUCCESSOR, member, 0, abi.encode(successor, REASON));
    }

    /// @dev Recovered: the member's keys are these, all for acts but a numbering key when there is a series.
    function recovery(bytes32 series, bytes memory keys, bytes memory purposes) internal pure returns (bytes memory) {
        return bytes.concat(abi.encode(series), keys, purposes);
    }

    /// @dev An act of a member on its own record.
    function self(uint256 verb, Member memory member, bytes memory own) internal returns (bytes memory) {
        return made(membership, verb, member, member.id, counterOf(member.id), own);
    }

    function addKey(Member memory member, uint256 key, uint256 purpose) internal {
        done(membership, self(MembershipVerbs.ADD_KEY, member, abi.encode(keyId(key), purpose, 0, 0)));
    }

    /// @dev An act of the member with its present act key, or another.
    function profileBy(Member memory member, uint256 key) internal returns (bytes memory) {
        return self(MembershipVerbs.UPDATE_PROFILE, Member(member.id, key), abi.encode(keccak256("profile")));
    }

    function counterOf(bytes32 member) internal view returns (uint256 counter) {
        (,,, counter,,) = membership.memberOf(member);
    }

    function statusOf(bytes32 member) internal view returns (uint256 status) {
        (,, status,,,) = membership.memberOf(member);
    }

    function rolesOf(bytes32 member) internal view returns (uint256 roles) {
        (, roles,,,,) = membership.memberOf(member);
    }

    function numberOf(bytes32 member) internal view returns (uint256 number) {
        (number,,,,,) = membership.memberOf(member);
    }

    function motionId(uint256 epoch, uint256 verb, bytes32 object, uint256 counter, bytes memory own)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(epoch, verb, object, counter, own));
    }

    function assented(uint256 verb, uint256 i, bytes32 object, uint256 counter, bytes memory own) internal {
        acted(membership, made(membership, verb, seat(i), object, counter, own), Outcome.ASSENTED);
    }

    function wrongState(bytes32 object, uint256 state) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("WrongState(bytes32,uint256)", object, state);
    }

    function stale(bytes32 object, uint256 expected, uint256 given) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("StaleCounter(bytes32,uint256,uint256)", object, expected, given);
    }
}
