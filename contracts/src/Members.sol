// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Motions} from "./Motions.sol";
import {KeyPurpose, MemberStatus} from "./generated/Words.sol";
import {IMembership} from "./interfaces/IMembership.sol";

/// @title Members
/// @notice Invariant: a key belongs to one member or one council seat for ever.
/// @notice Invariant: a numbering key never changes and never ends.
/// @dev The register of members and keys, and who may act; who may change it is decided in the contracts that inherit.
abstract contract Members is Motions, IMembership {
    struct Member {
        uint24 number;
        uint16 roles;
        uint8 status;
        uint32 counter;
        uint24 successor; // the number of who answers for it as carrier; 0 for itself
        uint32 epoch; // recoveries of its keys so far: keys of an earlier epoch count no more
        bytes32 profile;
        bytes32 rulebook;
    }

    struct Key {
        uint24 owner; // the member's number
        uint8 purpose;
        uint48 validFrom;
        uint48 validUntil; // 0 without end
        uint48 revokedAt; // 0 for none
        uint32 epoch; // its owner's when it was registered
    }

    address private immutable _foundingRelayer;

    uint24 private _members;
    mapping(bytes32 member => Member) private _memberOf;
    mapping(uint256 number => bytes32 member) private _memberAt;
    mapping(bytes32 key => Key) private _keys;
    mapping(uint256 number => mapping(uint256 epoch => uint256 time)) private _recoveredAt;

    constructor(address foundingRelayer) {
        _foundingRelayer = foundingRelayer;
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
    function memberAt(uint256 number) public view returns (bytes32 member) {
        return _memberAt[number];
    }

    /// @inheritdoc IMembership
    function successorOf(bytes32 member) external view returns (bytes32 successor) {
        return _memberAt[_memberOf[member].successor];
    }

    /// @inheritdoc IMembership
    function keyOf(bytes32 member, bytes32 key)
        external
        view
        returns (uint256 purpose, uint256 validFrom, uint256 validUntil, uint256 revokedAt)
    {
        Key memory k = _keys[key];
        if (k.owner == 0 || _memberAt[k.owner] != member) return (0, 0, 0, 0);
        revokedAt = k.revokedAt;
        if (revokedAt == 0 && k.purpose != KeyPurpose.NUMBERING) revokedAt = _recoveredAt[k.owner][k.epoch];
        return (k.purpose, k.validFrom, k.validUntil, revokedAt);
    }

    /// @inheritdoc IMembership
    function activeMember(bytes32 member) public view returns (uint256 number, uint256 roles) {
        Member storage m = _known(member);
        require(m.status == MemberStatus.ACTIVE, MemberNotActive(member));
        return (m.number, m.roles);
    }

    /// @inheritdoc IMembership
    function requireActive(uint256 number) external view {
        activeMember(_memberAt[number]);
    }

    /// @inheritdoc IMembership
    function answering(uint256 carrier) external view returns (uint256 number) {
        uint256 successor = _memberOf[_memberAt[carrier]].successor;
        (number,) = activeMember(_memberAt[successor == 0 ? carrier : successor]);
    }

    /// @inheritdoc IMembership
    function actor(bytes32 member, address key) public view returns (uint256 number, uint256 roles) {
        Member storage m = _known(member);
        (number, roles) = (m.number, m.roles);
        Key memory k = _keys[_keyId(key)];
        require(k.owner == number && k.purpose == KeyPurpose.ACT && _countsNow(k, m), KeyNotValid(member, _keyId(key)));
        require(m.status == MemberStatus.ACTIVE, MemberNotActive(member));
    }

    /// @inheritdoc IMembership
    function requireRelayer(address relayer) external view {
        _requireRelayer(relayer);
    }

    function _requireRelayer(address relayer) internal view override {
        if (relayer == _foundingRelayer) return;
        Key memory k = _keys[_keyId(relayer)];
        Member storage m = _memberOf[_memberAt[k.owner]];
        require(k.purpose == KeyPurpose.RELAY && _countsNow(k, m), RelayerNotActive(relayer));
        require(m.status == MemberStatus.ACTIVE, RelayerNotActive(relayer));
    }

    /// @dev Whether the key is or was a council seat's.
    function _isSeatKey(address key) internal view virtual returns (bool whether);

    /// @dev The record of a member, whatever its status.
    function _known(bytes32 member) internal view returns (Member storage m) {
        m = _memberOf[member];
        require(m.number != 0, MemberUnknown(member));
    }

    function _isMember(bytes32 member) internal view returns (bool whether) {
        return _memberOf[member].number != 0;
    }

    function _keyOwner(bytes32 key) internal view returns (uint256 number) {
        return _keys[key].owner;
    }

    /// @dev Refuses a list of new keys that could not all be registered; says whether one is a numbering key.
    function _checkKeys(bytes32 member, bytes32[] calldata keys, bytes32[] calldata purposes)
        internal
        view
        returns (bool numbered)
    {
        require(keys.length == purposes.length, ActMalformed());
        for (uint256 i = 0; i < keys.length; i++) {
            if (uint256(purposes[i]) == KeyPurpose.NUMBERING) {
                require(!numbered, NumberingKeyFixed(member));
                numbered = true;
            }
            _checkKey(keys[i], uint256(purposes[i]));
            for (uint256 j = 0; j < i; j++) {
                require(keys[j] != keys[i], KeyInUse(keys[i]));
            }
        }
    }

    function _checkKey(bytes32 key, uint256 purpose) internal view {
        require(purpose != 0 && purpose <= KeyPurpose.LAST, PurposeUnknown(purpose));
        bool isAddress = uint256(key) <= type(uint160).max;
        require(key != 0 && (purpose == KeyPurpose.NUMBERING || isAddress), KeyMalformed(key));
        bool seat = isAddress && _isSeatKey(address(uint160(uint256(key))));
        require(_keys[key].owner == 0 && !seat, KeyInUse(key));
    }

    /// @dev The new member's record, whose keys are registered next.
    function _enrol(bytes32 member, uint256 roles, bytes32 profile, bytes32 accepted) internal {
        uint24 number = ++_members;
        _memberAt[number] = member;
        _memberOf[member] = Member(number, uint16(roles), uint8(MemberStatus.ACTIVE), 1, 0, 0, profile, accepted);
    }

    /// @dev Register keys that `_checkKeys` let pass, valid from now on.
    function _register(Member storage m, bytes32[] calldata keys, bytes32[] calldata purposes) internal {
        for (uint256 i = 0; i < keys.length; i++) {
            _register(m, keys[i], uint256(purposes[i]), block.timestamp, 0);
        }
    }

    function _register(Member storage m, bytes32 key, uint256 purpose, uint256 validFrom, uint256 validUntil) internal {
        _keys[key] = Key(m.number, uint8(purpose), uint48(validFrom), uint48(validUntil), 0, m.epoch);
    }

    function _revoke(bytes32 member, uint256 number, bytes32 id) internal {
        Key storage key = _keys[id];
        require(key.owner == number && key.revokedAt == 0, KeyNotValid(member, id));
        require(key.purpose != KeyPurpose.NUMBERING, NumberingKeyFixed(member));
        key.revokedAt = uint48(block.timestamp);
    }

    /// @dev From now on no key of the member counts that is registered, but its numbering keys.
    function _endKeys(Member storage m) internal {
        _recoveredAt[m.number][m.epoch] = block.timestamp;
        m.epoch++;
    }

    function _keyId(address key) internal pure returns (bytes32 id) {
        return bytes32(uint256(uint160(key)));
    }

    function _countsNow(Key memory key, Member storage m) private view returns (bool counts) {
        return key.epoch == m.epoch && key.revokedAt == 0 && key.validFrom <= block.timestamp
            && (key.validUntil == 0 || block.timestamp < key.validUntil);
    }
}
