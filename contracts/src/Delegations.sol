// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberWord} from "./MemberWord.sol";
import {Members} from "./Members.sol";
import {Delegable} from "./generated/Verbs.sol";
import {IMembership} from "./interfaces/IMembership.sol";

/// @title Delegations
/// @notice Invariant: nobody acts for a member but by its own keys and by delegations that it gave with them.
/// @notice Invariant: a delegate cannot delegate, change a member, assent to a motion or use an authority.
/// @dev A delegation is given under the keys of its time: recovering the principal's keys ends it.
abstract contract Delegations is Members {
    using MemberWord for uint256;

    struct Delegation {
        uint24 principal;
        uint24 delegate;
        uint24 epoch; // the principal's when it was given
        uint48 until;
        bool ended;
        uint256 verbs;
        bytes32 title;
    }

    uint256 private constant MAX_PERIOD = 366 days;

    mapping(bytes32 digest => Delegation) private _delegations;

    /// @inheritdoc IMembership
    function delegationOf(bytes32 delegation)
        external
        view
        returns (bytes32 principal, bytes32 delegate, uint256 verbs, bytes32 title, uint256 until, bool ended)
    {
        Delegation storage d = _delegations[delegation];
        if (d.principal == 0) return (0, 0, 0, 0, 0, false);
        principal = memberAt(d.principal);
        return (principal, memberAt(d.delegate), d.verbs, d.title, d.until, _ended(d, principal));
    }

    /// @inheritdoc IMembership
    function delegated(bytes32 member, address key, bytes32 delegation, uint256 verb, bytes32 object)
        external
        view
        returns (uint256 number, uint256 roles)
    {
        (number, roles) = activeMember(member);
        Delegation storage d = _delegations[delegation];
        require(d.principal == number, DelegationUnknown(delegation));
        require(!_ended(d, member) && block.timestamp <= d.until, DelegationEnded(delegation));
        bool reaches = (d.verbs >> verb) & 1 == 1 && (d.title == 0 || d.title == object);
        require(reaches, DelegationTooNarrow(delegation, verb, object));
        actor(memberAt(d.delegate), key);
    }

    function _delegate(Header memory act, bytes calldata words, uint256 number) internal {
        bytes32 delegate = _own(words, 0);
        uint256 verbs = _ownUint(words, 1);
        uint256 until = _ownUint(words, 3);
        require(delegate != act.principal, DelegateIsPrincipal(delegate));
        (uint256 other,) = activeMember(delegate);
        require(verbs != 0 && verbs & ~Delegable.ALL == 0, VerbsNotDelegable(verbs));
        require(block.timestamp < until && until <= block.timestamp + MAX_PERIOD, DelegationPeriodMalformed(until));
        _delegations[act.digest] = Delegation(
            uint24(number), uint24(other), uint24(_wordOf(act.principal).epoch()), uint48(until), false, verbs, _own(words, 2)
        );
    }

    function _endDelegation(Header memory act, bytes32 delegation, uint256 number) internal {
        Delegation storage d = _delegations[delegation];
        require(d.principal == number, DelegationUnknown(delegation));
        require(!_ended(d, act.principal), DelegationEnded(delegation));
        d.ended = true;
    }

    function _ended(Delegation storage d, bytes32 principal) private view returns (bool ended) {
        return d.ended || d.epoch != _wordOf(principal).epoch();
    }
}
