// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "./Acts.sol";
import {Council} from "./Council.sol";
import {Delegations} from "./Delegations.sol";
import {MemberWord} from "./MemberWord.sol";
import {Members} from "./Members.sol";
import {MembershipVerbs} from "./generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Role} from "./generated/Words.sol";
import {IMembership} from "./interfaces/IMembership.sol";
import {INetwork} from "./interfaces/INetwork.sol";
import {ITies} from "./interfaces/ITies.sol";

/// @title Membership
/// @notice Invariant: only the council changes membership: who is a member, in what roles, assigned to what, and
/// whether it may act.
/// @notice Invariant: a member changes nothing but its own keys, profile, acceptance of the rulebook and delegations.
/// @notice Invariant: a member that left holds nothing and never acts again.
contract Membership is Council, Delegations {
    using MemberWord for uint256;

    /// @dev A rotation to 16 new seats takes the most.
    uint256 private constant GAS_CAP = 1_500_000;
    bytes32 private constant NAME = keccak256("Membership");

    INetwork private immutable _network;

    mapping(uint256 port => mapping(bytes32 member => uint256 roles)) private _assignedAt;
    mapping(bytes32 portAndRole => uint256 counter) private _assignments;

    constructor(
        INetwork network,
        bytes32[] memory seats,
        address[] memory keys,
        uint256 threshold,
        address foundingRelayer,
        bytes32 rulebook_,
        uint256 enforcementSeconds,
        uint256 transferSeconds
    ) Acts(network.networkId(), GAS_CAP) Members(foundingRelayer) Council(seats, keys, threshold) {
        require(network.contractOf(NAME) == address(this), INetwork.ContractUnknown(NAME));
        _checkWait(enforcementSeconds);
        _checkWait(transferSeconds);
        _ruleBy(rulebook_, enforcementSeconds, transferSeconds);
        _network = network;
    }

    /// @inheritdoc IMembership
    function assigned(uint256 port, uint256 roles, bytes32 member) external view returns (bool whether) {
        return assignedRoles(port, member) & roles != 0;
    }

    /// @inheritdoc IMembership
    function assignedRoles(uint256 port, bytes32 member) public view returns (uint256 roles) {
        roles = _assignedAt[port][member];
        if (roles != 0) roles &= _wordOf(member).roles();
    }

    /// @inheritdoc IMembership
    function assignmentCounter(uint256 port, uint256 role) external view returns (uint256 counter) {
        return _assignments[_assignmentId(port, role)];
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return MembershipVerbs.shape(verb);
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        if (act.verb == MembershipVerbs.ADMIT_MEMBER) {
            _admitMember(act, words);
        } else if (act.verb == MembershipVerbs.ASSIGN_AUTHORITY) {
            _assignAuthority(act, words);
        } else if (act.verb == MembershipVerbs.CHANGE_RULEBOOK) {
            _changeRulebook(act, words);
        } else if (act.verb == MembershipVerbs.ROTATE_COUNCIL) {
            _rotateCouncil(act, words);
        } else if (act.verb >= MembershipVerbs.CHANGE_ROLES && act.verb <= MembershipVerbs.RECOVER_KEYS) {
            _changeMember(act, words);
        } else {
            _changeSelf(act, words);
        }
    }

    function _admitMember(Header memory act, bytes calldata words) private {
        _seat(act);
        bytes32 accepted = _own(words, 2);
        (bytes32[] calldata keys, uint256 next) = _ownArray(words, 3);
        (bytes32[] calldata purposes,) = _ownArray(words, next);
        require(!_isMember(act.object), MemberExists(act.object));
        _requireCounter(act, 0);
        require(act.object != 0, ActMalformed());
        _checkRoles(_ownUint(words, 0));
        require(accepted == rulebook(), RulebookNotInForce(accepted));
        _checkKeys(act.object, keys, purposes);
        if (!_assent(act, words, 0)) return;
        _enrol(act.object, _ownUint(words, 0), _own(words, 1), accepted);
        _register(_known(act.object), keys, purposes);
        _done(act, words, 1);
    }

    function _assignAuthority(Header memory act, bytes calldata words) private {
        _seat(act);
        uint256 port = _ownUint(words, 0);
        uint256 role = _ownUint(words, 1);
        bytes32 member = _own(words, 2);
        uint256 whether = _ownUint(words, 3);
        uint256 counter = _assignments[act.object];
        require(act.object == _assignmentId(port, role), ObjectUnknown(act.object));
        _requireCounter(act, counter);
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        require(role != 0 && role & (role - 1) == 0 && role & Role.ALL == role, RoleUnknown(role));
        require(whether <= 1, ActMalformed());
        if (whether == 1) {
            (, uint256 roles) = activeMember(member);
            require(roles & role != 0, RoleMissing(member, role));
        } else {
            require(_assignedAt[port][member] & role != 0, NotAssigned(port, role, member));
        }
        if (!_assent(act, words, counter)) return;
        if (whether == 1) _assignedAt[port][member] |= role;
        else _assignedAt[port][member] &= ~role;
        _assignments[act.object] = counter + 1;
        _done(act, words, counter + 1);
    }

    /// @dev Motions about a member: told apart by their content and reason, not by a counter that the member moves.
    function _changeMember(Header memory act, bytes calldata words) private {
        _seat(act);
        Member storage member = _known(act.object);
        _requireCounter(act, 0);
        _checkChange(act, words, member.word.status());
        if (!_assent(act, words, member.counter)) return;
        _carryChange(act, words, member);
        _done(act, words, ++member.counter);
    }

    function _checkChange(Header memory act, bytes calldata words, uint256 status) private view {
        bool applies = status != MemberStatus.LEFT;
        if (act.verb == MembershipVerbs.SUSPEND_MEMBER) applies = status == MemberStatus.ACTIVE;
        if (act.verb == MembershipVerbs.REINSTATE_MEMBER) applies = status == MemberStatus.SUSPENDED;
        require(applies, WrongState(act.object, status));
        if (act.verb == MembershipVerbs.CHANGE_ROLES) _checkRoles(_ownUint(words, 0));
        else if (act.verb == MembershipVerbs.EXIT_MEMBER) _checkTies(act.object);
        else if (act.verb == MembershipVerbs.NAME_SUCCESSOR) _checkSuccessor(act.object, _own(words, 0));
        else if (act.verb == MembershipVerbs.RECOVER_KEYS) _checkRecovery(act, words);
    }

    function _carryChange(Header memory act, bytes calldata words, Member storage member) private {
        if (act.verb == MembershipVerbs.CHANGE_ROLES) {
            member.word = member.word.withRoles(_ownUint(words, 0));
        } else if (act.verb == MembershipVerbs.SUSPEND_MEMBER) {
            _setWord(member, member.word.withStatus(MemberStatus.SUSPENDED));
        } else if (act.verb == MembershipVerbs.REINSTATE_MEMBER) {
            _setWord(member, member.word.withStatus(MemberStatus.ACTIVE));
        } else if (act.verb == MembershipVerbs.EXIT_MEMBER) {
            _setWord(member, member.word.withStatus(MemberStatus.LEFT).withRoles(0));
        } else if (act.verb == MembershipVerbs.NAME_SUCCESSOR) {
            bytes32 successor = _own(words, 0);
            member.word = member.word.withSuccessor(successor == 0 ? 0 : _wordOf(successor).number());
        } else {
            (bytes32[] calldata keys, uint256 next) = _ownArray(words, 1);
            (bytes32[] calldata purposes,) = _ownArray(words, next);
            _endKeys(member);
            _register(member, keys, purposes);
        }
    }

    function _checkRoles(uint256 roles) private pure {
        require(roles != 0 && roles & ~Role.ALL == 0, RoleUnknown(roles));
    }

    function _checkTies(bytes32 member) private view {
        uint256 number = _wordOf(member).number();
        uint256 titles = ITies(_network.contractOf(keccak256("Titles"))).tiesOf(number);
        uint256 orders = ITies(_network.contractOf(keccak256("Releases"))).tiesOf(number);
        require(titles == 0 && orders == 0, MemberHasTies(member, titles, orders));
    }

    function _checkSuccessor(bytes32 member, bytes32 successor) private view {
        if (successor == 0) return;
        require(successor != member, SuccessorIsMember(member));
        (, uint256 roles) = activeMember(successor);
        require(roles & Role.CARRIER != 0, RoleMissing(successor, Role.CARRIER));
    }

    /// @dev A numbering key is for another series of bill numbers: with a second key for numbers that the first one
    /// covers, a bill could be issued twice.
    function _checkRecovery(Header memory act, bytes calldata words) private view {
        bytes32 series = _own(words, 0);
        (bytes32[] calldata keys, uint256 next) = _ownArray(words, 1);
        (bytes32[] calldata purposes,) = _ownArray(words, next);
        require(keys.length != 0, ActMalformed());
        bool numbered = _checkKeys(act.object, keys, purposes);
        require(numbered == (series != 0), SeriesMismatch(series));
    }

    /// @dev The verbs by which a member changes its own record.
    function _changeSelf(Header memory act, bytes calldata words) private {
        (uint256 number,) = actor(act.principal, act.key);
        require(act.object == act.principal, NotTheMember(act.object, act.principal));
        Member storage member = _known(act.object);
        _requireCounter(act, member.counter);
        if (act.verb == MembershipVerbs.ADD_KEY) {
            _addKey(act, words, member);
        } else if (act.verb == MembershipVerbs.REVOKE_KEY) {
            _revoke(act.principal, member, _own(words, 0));
        } else if (act.verb == MembershipVerbs.UPDATE_PROFILE) {
            member.profile = _own(words, 0);
        } else if (act.verb == MembershipVerbs.ACCEPT_RULEBOOK) {
            require(_own(words, 0) == rulebook(), RulebookNotInForce(_own(words, 0)));
            member.rulebook = _own(words, 0);
        } else if (act.verb == MembershipVerbs.DELEGATE) {
            _delegate(act, words, number);
        } else {
            _endDelegation(act, _own(words, 0), number);
        }
        _done(act, words, ++member.counter);
    }

    function _addKey(Header memory act, bytes calldata words, Member storage member) private {
        bytes32 key = _own(words, 0);
        uint256 purpose = _ownUint(words, 1);
        uint256 validFrom = _ownUint(words, 2);
        uint256 validUntil = _ownUint(words, 3);
        require(purpose != KeyPurpose.NUMBERING, NumberingKeyFixed(act.principal));
        _checkKey(key, purpose);
        require(
            validFrom <= type(uint48).max && validUntil <= type(uint48).max
                && (validUntil == 0 || (validFrom < validUntil && block.timestamp < validUntil)),
            KeyPeriodMalformed(validFrom, validUntil)
        );
        _register(member, key, purpose, validFrom, validUntil);
    }

    function _assignmentId(uint256 port, uint256 role) private pure returns (bytes32 id) {
        return keccak256(abi.encode(port, role));
    }
}
