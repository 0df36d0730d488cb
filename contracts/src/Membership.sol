// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "./Acts.sol";
import {Motions} from "./Motions.sol";
import {MembershipVerbs} from "./generated/Verbs.sol";
import {KeyPurpose, MemberStatus, Role} from "./generated/Words.sol";
import {IMembership} from "./interfaces/IMembership.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title Membership
/// @notice Invariant: a key belongs to one member or one council seat for ever.
/// @notice Invariant: a member has at most one numbering key, and it never changes.
contract Membership is Motions, IMembership {
    struct Member {
        uint24 number;
        uint16 roles;
        uint8 status;
        uint32 counter;
        bytes32 profile;
        bytes32 rulebook;
    }

    struct Key {
        uint24 owner; // the member's number
        uint8 purpose;
        uint48 validFrom;
        uint48 validUntil; // 0 without end
        uint48 revokedAt; // 0 for none
    }

    struct Assignments {
        uint32 counter;
        mapping(bytes32 member => bool) members;
    }

    uint256 private constant GAS_CAP = 1_000_000;
    uint256 private constant MAX_SEATS = 64;

    address private immutable _foundingRelayer;
    uint256 private immutable _threshold;
    bytes32 private immutable _rulebook;

    bytes32[] private _seats;
    address[] private _seatKeys;
    mapping(address key => uint256 seatPlusOne) private _seatOf;
    uint24 private _members;
    mapping(bytes32 member => Member) private _memberOf;
    mapping(uint256 number => bytes32 member) private _memberAt;
    mapping(bytes32 key => Key) private _keys;
    mapping(bytes32 portAndRole => Assignments) private _assignments;

    constructor(
        INetwork network,
        bytes32[] memory seats,
        address[] memory keys,
        uint256 threshold,
        address foundingRelayer,
        bytes32 rulebook_
    ) Acts(network.networkId(), GAS_CAP) {
        require(
            network.contractOf(keccak256("Membership")) == address(this),
            INetwork.ContractUnknown(keccak256("Membership"))
        );
        require(seats.length == keys.length && seats.length <= MAX_SEATS, CouncilMalformed());
        require(threshold != 0 && threshold <= seats.length, CouncilMalformed());
        for (uint256 i = 0; i < seats.length; i++) {
            require(seats[i] != 0 && keys[i] != address(0) && _seatOf[keys[i]] == 0, CouncilMalformed());
            _seatOf[keys[i]] = i + 1;
        }
        _seats = seats;
        _seatKeys = keys;
        _threshold = threshold;
        _foundingRelayer = foundingRelayer;
        _rulebook = rulebook_;
    }

    /// @inheritdoc IMembership
    function memberOf(bytes32 member)
        external
        view
        returns (
            uint256 number,
            uint256 roles,
            uint256 status,
            uint256 counter,
            bytes32 profile,
            bytes32 acceptedRulebook
        )
    {
        Member memory m = _memberOf[member];
        return (m.number, m.roles, m.status, m.counter, m.profile, m.rulebook);
    }

    /// @inheritdoc IMembership
    function memberAt(uint256 number) external view returns (bytes32 member) {
        return _memberAt[number];
    }

    /// @inheritdoc IMembership
    function keyOf(bytes32 member, bytes32 key)
        external
        view
        returns (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt)
    {
        Key memory k = _keys[key];
        if (k.owner != 0 && _memberAt[k.owner] == member) {
            return (k.purpose, k.validFrom, k.validUntil, k.revokedAt);
        }
    }

    /// @inheritdoc IMembership
    function assigned(uint256 port, uint256 role, bytes32 member) external view returns (bool whether) {
        return _assignments[_assignmentId(port, role)].members[member];
    }

    /// @inheritdoc IMembership
    function assignmentCounter(uint256 port, uint256 role) external view returns (uint256 counter) {
        return _assignments[_assignmentId(port, role)].counter;
    }

    /// @inheritdoc IMembership
    function rulebook() external view returns (bytes32 hash) {
        return _rulebook;
    }

    /// @inheritdoc IMembership
    function council() external view returns (uint256 threshold, bytes32[] memory seats, address[] memory keys) {
        return (_threshold, _seats, _seatKeys);
    }

    /// @inheritdoc IMembership
    function actor(bytes32 member, address key) public view returns (uint256 number, uint256 roles) {
        Member storage m = _memberOf[member];
        (number, roles) = (m.number, m.roles);
        require(number != 0, MemberUnknown(member));
        Key storage k = _keys[_keyId(key)];
        require(k.owner == number && k.purpose == KeyPurpose.ACT && _countsNow(k), KeyNotValid(member, _keyId(key)));
        require(m.status == MemberStatus.ACTIVE, MemberNotActive(member));
    }

    /// @inheritdoc IMembership
    function activeMember(bytes32 member) public view returns (uint256 number, uint256 roles) {
        Member storage m = _memberOf[member];
        (number, roles) = (m.number, m.roles);
        require(number != 0, MemberUnknown(member));
        require(m.status == MemberStatus.ACTIVE, MemberNotActive(member));
    }

    /// @inheritdoc IMembership
    function delegated(bytes32, address, bytes32 delegation, uint256, bytes32)
        external
        pure
        returns (uint256, uint256)
    {
        revert DelegationUnknown(delegation);
    }

    /// @inheritdoc IMembership
    function requireActive(uint256 number) external view {
        activeMember(_memberAt[number]);
    }

    /// @inheritdoc IMembership
    function requireRelayer(address relayer) external view {
        _requireRelayer(relayer);
    }

    function _shape(uint256 verb)
        internal
        pure
        override
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches)
    {
        return MembershipVerbs.shape(verb);
    }

    function _requireRelayer(address relayer) internal view override {
        if (relayer == _foundingRelayer) return;
        Key storage k = _keys[_keyId(relayer)];
        require(k.purpose == KeyPurpose.RELAY && _countsNow(k), RelayerNotActive(relayer));
        require(_memberOf[_memberAt[k.owner]].status == MemberStatus.ACTIVE, RelayerNotActive(relayer));
    }

    function _perform(Header memory act, bytes calldata words, bytes calldata) internal override {
        if (act.verb == MembershipVerbs.ADMIT_MEMBER) _admitMember(act, words);
        else if (act.verb == MembershipVerbs.ASSIGN_AUTHORITY) _assignAuthority(act, words);
        else _changeSelf(act, words);
    }

    function _admitMember(Header memory act, bytes calldata words) private {
        _seat(act);
        uint256 roles = _ownUint(words, 0);
        bytes32 accepted = _own(words, 2);
        (bytes32[] calldata keys, uint256 next) = _ownArray(words, 3);
        (bytes32[] calldata purposes,) = _ownArray(words, next);
        require(_memberOf[act.object].number == 0, MemberExists(act.object));
        _requireCounter(act, 0);
        require(act.object != 0 && keys.length == purposes.length, ActMalformed());
        require(roles != 0 && roles & ~Role.ALL == 0, RoleUnknown(roles));
        require(accepted == _rulebook, RulebookNotInForce(accepted));
        uint24 number = _members + 1;
        bool numbered = false;
        for (uint256 i = 0; i < keys.length; i++) {
            if (uint256(purposes[i]) == KeyPurpose.NUMBERING) {
                require(!numbered, NumberingKeyFixed(act.object));
                numbered = true;
            }
            _checkKey(keys[i], uint256(purposes[i]));
            for (uint256 j = 0; j < i; j++) {
                require(keys[j] != keys[i], KeyInUse(keys[i]));
            }
        }
        if (!_assent(act, words)) return;
        _members = number;
        _memberAt[number] = act.object;
        _memberOf[act.object] = Member(number, uint16(roles), uint8(MemberStatus.ACTIVE), 1, _own(words, 1), accepted);
        for (uint256 i = 0; i < keys.length; i++) {
            _keys[keys[i]] = Key(number, uint8(uint256(purposes[i])), uint48(block.timestamp), 0, 0);
        }
        _done(act, words, 1);
    }

    function _assignAuthority(Header memory act, bytes calldata words) private {
        _seat(act);
        uint256 port = _ownUint(words, 0);
        uint256 role = _ownUint(words, 1);
        bytes32 member = _own(words, 2);
        uint256 whether = _ownUint(words, 3);
        Assignments storage assignments = _assignments[act.object];
        require(act.object == _assignmentId(port, role), ObjectUnknown(act.object));
        _requireCounter(act, assignments.counter);
        require(port != 0 && port <= type(uint16).max, PortUnknown(port));
        require(role != 0 && role & (role - 1) == 0 && role & Role.ALL == role, RoleUnknown(role));
        require(whether <= 1, ActMalformed());
        if (whether == 1) {
            (, uint256 roles) = activeMember(member);
            require(roles & role != 0, RoleMissing(member, role));
        } else {
            require(assignments.members[member], NotAssigned(port, role, member));
        }
        if (!_assent(act, words)) return;
        assignments.members[member] = whether == 1;
        _done(act, words, ++assignments.counter);
    }

    /// @dev The verbs by which a member changes its own record.
    function _changeSelf(Header memory act, bytes calldata words) private {
        (uint256 number,) = actor(act.principal, act.key);
        require(act.object == act.principal, NotTheMember(act.object, act.principal));
        Member storage member = _memberOf[act.object];
        _requireCounter(act, member.counter);
        if (act.verb == MembershipVerbs.ADD_KEY) {
            _addKey(act, words, uint24(number));
        } else if (act.verb == MembershipVerbs.REVOKE_KEY) {
            Key storage key = _keys[_own(words, 0)];
            require(key.owner == number && key.revokedAt == 0, KeyNotValid(act.principal, _own(words, 0)));
            require(key.purpose != KeyPurpose.NUMBERING, NumberingKeyFixed(act.principal));
            key.revokedAt = uint48(block.timestamp);
        } else if (act.verb == MembershipVerbs.UPDATE_PROFILE) {
            member.profile = _own(words, 0);
        } else {
            require(_own(words, 0) == _rulebook, RulebookNotInForce(_own(words, 0)));
            member.rulebook = _rulebook;
        }
        _done(act, words, ++member.counter);
    }

    function _addKey(Header memory act, bytes calldata words, uint24 owner) private {
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
        _keys[key] = Key(owner, uint8(purpose), uint48(validFrom), uint48(validUntil), 0);
    }

    function _seat(Header memory act) internal view override returns (uint256 seat, uint256 epoch, uint256 threshold) {
        uint256 one = _seatOf[act.key];
        require(one != 0 && _seats[one - 1] == act.principal, NotACouncilSeat(act.principal, act.key));
        return (one - 1, 0, _threshold);
    }

    function _checkKey(bytes32 key, uint256 purpose) private view {
        require(purpose != 0 && purpose <= KeyPurpose.LAST, PurposeUnknown(purpose));
        require(key != 0 && (purpose == KeyPurpose.NUMBERING || uint256(key) <= type(uint160).max), KeyMalformed(key));
        bool seat = uint256(key) <= type(uint160).max && _seatOf[address(uint160(uint256(key)))] != 0;
        require(_keys[key].owner == 0 && !seat, KeyInUse(key));
    }

    function _countsNow(Key storage key) private view returns (bool counts) {
        return key.revokedAt == 0 && key.validFrom <= block.timestamp
            && (key.validUntil == 0 || block.timestamp < key.validUntil);
    }

    function _keyId(address key) private pure returns (bytes32 id) {
        return bytes32(uint256(uint160(key)));
    }

    function _assignmentId(uint256 port, uint256 role) private pure returns (bytes32 id) {
        return keccak256(abi.encode(port, role));
    }
}
